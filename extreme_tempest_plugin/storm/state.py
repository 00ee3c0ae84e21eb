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
"""What a user knows of the cloud, and so what it may do.

Rule 1: everything that decides what a user may act on lives here.
Rule 2: this file is pure. Outcomes come in as values, and a new state goes
out.

A user's own resource is in one state. A resource that nobody knows the state
of (its operation ended with ``info``, or never came to rest) is never acted
on again, but still counts against the limits: it may exist. The ledger has
it for the clean-up.

A shared resource is acted on by everybody at the same time, and may be in any
state that the plan's actions lead to.
"""

import collections.abc
import dataclasses

from extreme_tempest_plugin.storm import model

#: How services say that a quota is used up: nova, neutron and glance 403
#: and 409, cinder and nova's rate limits 413, and 429.
QUOTA = frozenset({403, 409, 413, 429})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one user knows.

    :param limits: kind of resource to the number that it may have.
    :param resources: by key, in the order of their creation.
    :param over_quota: the quota is not heeded: a create may be refused.
    """

    limits: collections.abc.Mapping[str, int]
    resources: collections.abc.Mapping[str, model.Resource] = (
        dataclasses.field(default_factory=dict)
    )
    over_quota: bool = False

    def room(self, kind: str) -> int:
        """How many more resources of ``kind`` it may create."""
        held = sum(
            resource.kind == kind and not resource.shared
            for resource in self.resources.values()
        )
        return self.limits.get(kind, 0) - held

    def usable(
        self, kind: str, states: frozenset[str]
    ) -> tuple[model.Resource, ...]:
        """Resources at rest that may be in one of ``states``."""
        return tuple(
            resource
            for resource in self.resources.values()
            if resource.kind == kind
            and not resource.busy
            and resource.id
            and resource.may_be(states)
        )

    def holders(self, key: str) -> tuple[model.Resource, ...]:
        """The resources that hold on to this one."""
        return tuple(
            other for other in self.resources.values() if key in other.links
        )

    def held(self, resource: model.Resource) -> tuple[model.Resource, ...]:
        """The resources that this one holds on to, in order."""
        return tuple(
            other
            for key, other in self.resources.items()
            if key in resource.links
        )

    def candidates(self, action: model.Action) -> tuple[model.Resource, ...]:
        """The resources that an action may act on now."""
        return tuple(
            resource
            for resource in self.usable(action.kind, action.states)
            if action.suits(resource, self.holders(resource.key))
            # What everybody uses is not taken away from them.
            and not (
                action.effect is model.Effect.CONSUMES
                and (resource.shared or self.holders(resource.key))
            )
            and all(
                self.partners(action, role, resource)
                for role in action.partners
            )
        )

    def partners(
        self,
        action: model.Action,
        role: str,
        resource: model.Resource | None,
    ) -> tuple[model.Resource, ...]:
        """The resources that may be a partner of ``resource``."""
        need = action.partners[role]
        links = resource.links if resource else frozenset()
        return tuple(
            one
            for one in self.usable(need.kind, need.states)
            if one is not resource
            and need.linked in (None, one.key in links)
            and action.fits(role, one, resource, self)
        )

    def may_create(self, action: model.Action) -> bool:
        """Whether the precondition of an action that creates holds."""
        return self.room(action.kind) > 0 and all(
            self.partners(action, role, None) for role in action.partners
        )

    def allowed(
        self, action: model.Action, chosen: model.Chosen
    ) -> frozenset[int]:
        """4xx statuses that the contract of the API allows for a call."""
        quota = (
            QUOTA
            if self.over_quota and action.effect is model.Effect.CREATES
            else frozenset()
        )
        taken = [*chosen.partners.values()]
        if chosen.resource is not None:
            taken.append(chosen.resource)
        shared = any(resource.shared for resource in taken)
        conflicts = action.conflicts if shared else frozenset()
        return quota | conflicts | action.eventual

    def invoked(self, call: model.Call) -> 'State':
        """The state once a call is about to be sent."""
        if call.action.effect is model.Effect.READS:
            return self
        taken = [*call.partners.values()]
        if call.resource is not None:
            taken.append(call.resource)
        after = self._put(
            *(
                dataclasses.replace(one, busy=call.op)
                for one in taken
                if not one.shared
            )
        )
        if call.resource is not None:
            return after
        return after._put(
            model.Resource(
                key=call.op,
                kind=call.action.kind,
                name=str(call.args.get('name', '')),
                busy=call.op,
                # Linked at once: a partner must not be deleted meanwhile.
                links=frozenset(one.key for one in call.partners.values()),
            )
        )

    def ended(
        self,
        call: model.Call,
        outcome: model.Outcome,
        status: int = 0,
        made: str = '',
    ) -> 'State':
        """The state once a call has ended.

        After ``ok`` the resource stays busy until the call has settled.

        :param made: id of what was created.
        """
        if call.action.effect is model.Effect.READS:
            return self
        resource = self._of(call)
        if outcome is model.Outcome.OK:
            return self._put(
                dataclasses.replace(resource, id=made or resource.id)
            )
        if outcome is model.Outcome.FAIL and call.resource is None:
            return self._freed(call)._drop(resource)
        # What is not found is not there as it should be: leave it alone.
        lost = outcome is model.Outcome.INFO or status == 404
        links = resource.links
        if (
            call.action.links is model.Links.ADDS
            and outcome is model.Outcome.INFO
        ):
            # It may have happened, so they may be held.
            links |= {one.key for one in call.partners.values()}
        state = (
            model.UNKNOWN if lost and not resource.shared else resource.state
        )
        return self._freed(call)._put(
            dataclasses.replace(resource, state=state, busy='', links=links)
        )

    def settled(self, call: model.Call, sight: model.Sight) -> 'State':
        """The state once a call has come to rest, or never will."""
        if call.action.effect is model.Effect.READS:
            return self
        resource = self._of(call)
        if sight.reached and call.action.effect is model.Effect.CONSUMES:
            return self._freed(call)._drop(resource)
        known = sight.reached or sight.final
        links = resource.links
        others = {one.key for one in call.partners.values()}
        if call.action.links is model.Links.ADDS:
            links |= others
        elif call.action.links is model.Links.REMOVES and sight.reached:
            links -= others
        attributes = resource.attributes
        if sight.reached:
            attributes = {**attributes, **call.action.attributes(call)}
        return self._freed(call)._put(
            dataclasses.replace(
                resource,
                state=sight.state if known else model.UNKNOWN,
                busy='',
                links=links,
                attributes=attributes,
            )
        )

    def _of(self, call: model.Call) -> model.Resource:
        key = call.resource.key if call.resource else call.op
        return self.resources[key]

    def _freed(self, call: model.Call) -> 'State':
        """The partners of a call that has ended are at rest again."""
        busy = [
            self.resources[one.key]
            for one in call.partners.values()
            if one.key in self.resources
        ]
        return self._put(
            *(
                dataclasses.replace(one, busy='')
                for one in busy
                if one.busy == call.op
            )
        )

    def _put(self, *resources: model.Resource) -> 'State':
        return dataclasses.replace(
            self,
            resources={
                **self.resources,
                **{resource.key: resource for resource in resources},
            },
        )

    def _drop(self, resource: model.Resource) -> 'State':
        return dataclasses.replace(
            self,
            resources={
                key: other
                for key, other in self.resources.items()
                if key != resource.key
            },
        )


def closure(
    actions: collections.abc.Iterable[model.Action], kind: str, at_first: str
) -> frozenset[str]:
    """The states at rest that a shared resource may be in.

    :param actions: of the plan.
    :param at_first: its state when the storm begins.
    """
    acting = [
        action
        for action in actions
        if action.kind == kind and action.effect is model.Effect.CHANGES
    ]
    possible = frozenset({at_first})
    while True:
        reached = possible.union(
            *(one.leads_to for one in acting if one.states & possible)
        )
        if reached == possible:
            return possible
        possible = reached
