#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.
"""Actions on what a service shows as one JSON object.

Most of OpenStack is so: it is created with some fields, changed field by
field, and deleted. What was asked for must then be what is shown.
"""

import abc
import collections.abc
import random
import typing

import msgspec

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking

Fields = dict[str, typing.Any]


class Plain(model.Action):
    """An action on something that is shown as a JSON object.

    :cvar wrapper: key that the object is wrapped in; empty if it is not.
    :cvar stateful: its state is the one that the service shows; otherwise it
        is there or not.
    :cvar good: states in which it is as it should be.
    :cvar moving: states in which the service has something in hand with it.
    :cvar registers: arguments that are attributes, too: what is written to
        them last must be what is seen of them from then on.
    """

    wrapper: typing.ClassVar[str] = ''
    stateful: typing.ClassVar[bool] = False
    good: typing.ClassVar[frozenset[str]] = frozenset({looking.PRESENT})
    moving: typing.ClassVar[frozenset[str]] = frozenset()
    registers: typing.ClassVar[frozenset[str]] = frozenset()

    def attributes(self, call: model.Call) -> model.Arguments:
        return {
            name: value
            for name, value in call.args.items()
            if name in self.registers
        }

    def path(self, cloud: ports.Cloud, id_: str) -> str:
        """Where the service has it."""
        return kinds.BY_NAME[self.kind].path(cloud, id_)

    def show(self, cloud: ports.Cloud, id_: str) -> Fields | None:
        """Its fields, None if the service says that there is none (404)."""
        service = cloud.service(self.service)
        answer = looking.find(service, self.path(cloud, id_))
        return self.unwrap(answer) if answer else None

    def wrap(self, fields: Fields) -> Fields:
        """The body of a request."""
        return {self.wrapper: fields} if self.wrapper else fields

    def unwrap(self, answer: ports.Answer) -> Fields:
        """The fields in an answer."""
        if self.wrapper:
            return answer.read(dict[str, Fields]).get(self.wrapper, {})
        return answer.read(Fields)

    def value(self, shown: Fields, register: str) -> str | None:
        """What is shown of an attribute."""
        return text(shown.get(register))

    def sight(
        self,
        shown: Fields | None,
        wanted: Fields,
        seen: collections.abc.Set[str] = frozenset(),
    ) -> model.Sight:
        """What is shown against what was asked for.

        :param seen: the registers that the call has written.
        """
        if shown is None:
            return model.Sight(
                state=looking.MISSING, error=f'404: no such {self.kind}'
            )
        state = looking.PRESENT
        if self.stateful:
            state = str(shown.get(kinds.BY_NAME[self.kind].state))
        wrong = [
            key for key in wanted if not same(wanted[key], shown.get(key))
        ]
        return model.Sight(
            state=state,
            reached=not wrong and state in self.good,
            resting=state not in self.moving,
            error='; '.join(
                f'{key} is {shown.get(key)!r}, not {wanted[key]!r}'
                for key in wrong
            ),
            seen={
                key: self.value(shown, key) for key in self.registers & seen
            },
        )


def same(wanted: object, shown: object) -> bool:
    """Whether it is what was asked for, and perhaps more than that."""
    if isinstance(wanted, dict) and isinstance(shown, dict):
        return all(same(wanted[key], shown.get(key)) for key in wanted)
    if isinstance(wanted, list) and isinstance(shown, list):
        return len(wanted) == len(shown) and all(
            any(same(one, other) for other in shown) for one in wanted
        )
    return wanted == shown


def text(value: object) -> str | None:
    """A value as an attribute that was seen."""
    return None if value is None else str(value)


class Create(Plain):
    """Creates it, and sees it with the fields that were asked for.

    :cvar becomes: more fields that are shown once it is made.
    """

    effect = model.Effect.CREATES
    becomes: typing.ClassVar[Fields] = {}

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> Fields:
        """The fields to ask for, which are shown afterwards."""
        return {'name': call.args['name']}

    def hidden(self, cloud: ports.Cloud, call: model.Call) -> Fields:
        """More fields to ask for: secrets, which are not shown."""
        return {}

    def collection(self, cloud: ports.Cloud, call: model.Call) -> str:
        """Where it is created."""
        return self.path(cloud, '').removesuffix('/')

    def id_of(self, made: Fields) -> str:
        """Its id, from what the service answers."""
        return '/'.join(
            text(made.get(field)) or ''
            for field in kinds.BY_NAME[self.kind].id.split('/')
        )

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        wanted = self.wanted(cloud, call)
        answer = cloud.service(self.service).post(
            self.collection(cloud, call),
            self.wrap({**wanted, **self.hidden(cloud, call)}),
        )
        made = self.id_of(self.unwrap(answer))
        if not made.strip('/'):
            raise looking.malformed(answer, f'no id of a {self.kind}')
        return answer.creating(made)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self.sight(
            self.show(cloud, answer.made),
            {**self.wanted(cloud, call), **self.becomes},
            call.args.keys(),
        )


class Update(Plain):
    """Changes fields, and sees them changed."""

    effect = model.Effect.CHANGES
    states = frozenset({looking.PRESENT})
    method: typing.ClassVar[str] = 'PUT'

    @abc.abstractmethod
    def changes(self, cloud: ports.Cloud, call: model.Call) -> Fields:
        """The fields to ask for, which are shown afterwards."""

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service(self.service).send(
            self.method,
            self.path(cloud, call.id),
            self.wrap(self.changes(cloud, call)),
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self.sight(
            self.show(cloud, call.id),
            self.changes(cloud, call),
            call.args.keys(),
        )


class Rename(Update):
    """Another name, which must be the one that is shown."""

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> Fields:
        return {'name': call.args['name']}


class Delete(Plain):
    """The end of it."""

    effect = model.Effect.CONSUMES
    states = frozenset({looking.PRESENT})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service(self.service).delete(self.path(cloud, call.id))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        shown = self.show(cloud, call.id)
        if shown is None:
            return model.Sight(state=looking.DELETED, reached=True)
        sight = self.sight(shown, {})
        return msgspec.structs.replace(
            sight, reached=False, error=f'the {self.kind} is still there'
        )


def sequence(fresh: str) -> tuple[int, int]:
    """User and number of the operation that a fresh name was made for.

    Two operations of one user never have the same number, so what is made of
    it does not collide with what else is the user's own.

    :param fresh: xt-<run>-<user>-<number>, see ``user.User``.
    """
    *_, user, number = fresh.split('-')
    return int(user) if user.isdigit() else 0, int(number)
