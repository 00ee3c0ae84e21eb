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
"""A cloud of canned answers, and the looks of the catalogue against it."""

import collections.abc
import dataclasses
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import lists
from extreme_tempest_plugin.tests.unit.cloud import fakes

#: Service and path to a body, an answer with headers, or what is raised;
#: None for 404. Of ``tcp:`` and an address: why nothing answers there; nobody
#: looks without it.
Bodies = collections.abc.Mapping[str, object]


class Service(ports.Service):
    def __init__(self, name: str, cloud: 'Cloud') -> None:
        self._name = name
        self._cloud = cloud

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: str = '',
        headers: object = None,
    ) -> ports.Answer:
        self._cloud.sent.append((method, f'{self._name}:{path}', body))
        found = self._cloud.bodies.get(f'{self._name}:{path}')
        if found is None:
            raise fakes.refusal(404)
        if isinstance(found, ports.Answer):
            return found
        if isinstance(found, Exception):
            raise found
        return ports.Answer(
            status=200,
            request_id='req-1',
            body=found
            if isinstance(found, bytes)
            else msgspec.json.encode(found),
        )


class Cloud:
    project = 'project-1'
    user = 'user-1'
    boot = ports.Boot(
        image='image-1',
        flavor='flavor-1',
        flavor_alt='flavor-2',
        public_network='public',
    )

    def __init__(self, bodies: Bodies) -> None:
        self.bodies = bodies
        self.sent: list[tuple[str, str, object]] = []

    @property
    def login(self) -> dict[str, object]:
        return {'auth': {}}

    def service(self, name: str) -> Service:
        return Service(name, self)

    def attempt(self, address: str) -> ports.Attempt | None:
        said = self.bodies.get(f'tcp:{address}')
        if said is None:
            return None
        if isinstance(said, Exception):
            raise said
        return ports.Attempt(at=f'{address}:22', error=str(said))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """What a cloud shows when an action is done, and when it is not.

    :param done: what it shows then.
    :param lies: each changes that so that the action is not done.
    :param answer: body of the acknowledgement; without one, that of an
        action that reads is what the cloud shows.
    :param state: of the resource.
    :param id: of the resource.
    """

    action: str
    done: Bodies
    lies: tuple[Bodies, ...]
    args: model.Arguments = dataclasses.field(default_factory=dict)
    attributes: model.Arguments = dataclasses.field(default_factory=dict)
    answer: bytes = b''
    state: str = model.UNKNOWN
    id: str = 'a'

    def call(self) -> model.Call:
        """Each partner has the id of its role."""
        action = actions.catalogue()[self.action]
        return model.Call(
            op='0-1',
            action=action,
            resource=None
            if action.effect is model.Effect.CREATES
            else model.Resource(
                key='0-0',
                kind=action.kind,
                id=self.id,
                name='old',
                state=self.state,
                attributes=self.attributes,
            ),
            partners={
                role: model.Resource(
                    key=role, kind=need.kind, id=role, name=role
                )
                for role, need in action.partners.items()
            },
            args=self.args,
            choice={},
        )

    def look(self, lie: Bodies | None = None) -> model.Sight:
        call = self.call()
        creates = call.action.effect is model.Effect.CREATES
        cloud = Cloud({**self.done, **(lie or {})})
        if call.action.effect is model.Effect.READS and not self.answer:
            return call.action.look(
                cloud, call, call.action.invoke(cloud, call)
            )
        return call.action.look(
            cloud,
            call,
            ports.Answer(
                status=202,
                request_id='req-1',
                body=self.answer,
                made=self.id if creates else '',
            ),
        )


class Looks:
    """A mixin: all actions of some kinds of resources."""

    kinds: typing.ClassVar[frozenset[str]]
    cases: typing.ClassVar[tuple[Case, ...]]

    def test_done(self) -> None:
        for case in self.cases:
            sight = case.look()
            self.assertTrue(sight.reached, f'{case.action}: {sight}')
            self.assertTrue(sight.resting, f'{case.action}: {sight}')
            self.assertEqual('', sight.error, case.action)

    def test_a_lie_is_seen(self) -> None:
        for case in self.cases:
            self.assertTrue(case.lies, case.action)
            for lie in case.lies:
                sight = case.look(lie)
                self.assertFalse(sight.reached, f'{case.action}: {lie}')

    def test_every_action_is_looked_at(self) -> None:
        self.assertEqual(
            sorted(
                action.name
                for action in actions.own()
                if action.name.partition('.')[0] in self.kinds
                # What a list shows is for a checker, see ``test_lists``.
                and action not in lists.ACTIONS
            ),
            sorted({case.action for case in self.cases}),
        )
