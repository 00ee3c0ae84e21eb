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
"""Security groups, their rules, and trunks: what a storm does with neutron."""

import random
import typing

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import plain

_THERE = frozenset({looking.PRESENT})

#: Ports of the rules that users ask for on a group that they share: few, so
#: that equal ones are asked for at the same time. Neutron allows one of them.
_SHARED_PORTS = (7001, 7002, 7003)

#: Ports of the rules on one's own groups: no two are equal.
_OWN_PORTS = range(10_000, 60_000)


class _SecurityGroup(plain.Plain):
    service = 'neutron'
    kind = 'security_group'
    wrapper = 'security_group'
    registers = frozenset({'name'})


class CreateSecurityGroup(_SecurityGroup, plain.Create):
    """A security group with the rules that neutron gives each."""

    name = 'security_group.create'
    requires = frozenset({'extension:security-group'})


class RenameSecurityGroup(_SecurityGroup, plain.Rename):
    """Another name of a security group."""

    name = 'security_group.rename'


class DeleteSecurityGroup(_SecurityGroup, plain.Delete):
    """The end of a security group that nothing uses."""

    name = 'security_group.delete'


class _Rule(plain.Plain):
    service = 'neutron'
    kind = 'security_group_rule'
    wrapper = 'security_group_rule'


class CreateRule(_Rule, plain.Create):
    """A rule that lets TCP in; on a shared group others want the same one."""

    name = 'security_group_rule.create'
    partners = {'group': model.Need(kind='security_group', states=_THERE)}

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        if chosen.partners['group'].shared:
            port = rng.choice(_SHARED_PORTS)
        else:
            _, number = plain.sequence(fresh)
            port = _OWN_PORTS[number % len(_OWN_PORTS)]
        return {'name': fresh, 'port': port}

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'description': call.args['name'],
            'security_group_id': call.partners['group'].id,
            'direction': 'ingress',
            'ethertype': 'IPv4',
            'protocol': 'tcp',
            'port_range_min': call.args['port'],
            'port_range_max': call.args['port'],
        }


class DeleteRule(_Rule, plain.Delete):
    """The end of a rule."""

    name = 'security_group_rule.delete'


class _Trunk(plain.Plain):
    service = 'neutron'
    kind = 'trunk'
    wrapper = 'trunk'
    registers = frozenset({'name'})
    requires = frozenset({'extension:trunk'})

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        """A port is the parent or a subport of one trunk at most."""
        return not around.holders(partner.key)


class CreateTrunk(_Trunk, plain.Create):
    """A trunk with its parent port."""

    name = 'trunk.create'
    partners = {'parent': model.Need(kind='port', states=_THERE)}

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'name': call.args['name'],
            'port_id': call.partners['parent'].id,
        }

    def attributes(self, call: model.Call) -> model.Arguments:
        return {
            **super().attributes(call),
            'parent': call.partners['parent'].key,
        }


class RenameTrunk(_Trunk, plain.Rename):
    """Another name of a trunk."""

    name = 'trunk.rename'


class _Subport(_Trunk):
    effect = model.Effect.CHANGES
    states = _THERE
    conflicts = frozenset({400, 404, 409})
    verb: typing.ClassVar[str]
    there: typing.ClassVar[bool]

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        subport = {'port_id': call.partners['port'].id, **_tagged(call)}
        return cloud.service('neutron').put(
            f'{self.path(cloud, call.id)}/{self.verb}',
            {'sub_ports': [subport]},
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        shown = self.show(cloud, call.id)
        if shown is None:
            return self.sight(shown, {})
        port = {'port_id': call.partners['port'].id, **_tagged(call)}
        there = any(plain.same(port, one) for one in shown['sub_ports'])
        reached = there is self.there
        which = 'a' if there else 'no'
        return model.Sight(
            state=looking.PRESENT,
            reached=reached,
            error='' if reached else f'it has {which} subport {port}',
        )


def _tagged(call: model.Call) -> plain.Fields:
    if 'vlan' not in call.args:
        return {}
    return {
        'segmentation_type': 'vlan',
        'segmentation_id': call.args['vlan'],
    }


class AddSubport(_Subport):
    """A trunk gets a subport with a VLAN that no other one has."""

    name = 'trunk.add_subport'
    partners = {'port': model.Need(kind='port', states=_THERE)}
    links = model.Links.ADDS
    verb = 'add_subports'
    there = True

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        assert chosen.resource is not None
        taken = set(chosen.resource.attributes.values())
        return {'vlan': next(i for i in range(1, 4095) if i not in taken)}

    def attributes(self, call: model.Call) -> model.Arguments:
        return {_vlan(call.partners['port']): call.args['vlan']}


class RemoveSubport(_Subport):
    """A trunk loses a subport."""

    name = 'trunk.remove_subport'
    partners = {'port': model.Need(kind='port', states=_THERE, linked=True)}
    links = model.Links.REMOVES
    verb = 'remove_subports'
    there = False

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        assert resource is not None
        return partner.key != resource.attributes.get('parent')

    def attributes(self, call: model.Call) -> model.Arguments:
        return {_vlan(call.partners['port']): None}


def _vlan(port: model.Resource) -> str:
    return f'vlan of {port.key}'


class DeleteTrunk(_Trunk, plain.Delete):
    """The end of a trunk, which leaves its ports."""

    name = 'trunk.delete'


ACTIONS: tuple[model.Action, ...] = (
    CreateSecurityGroup(),
    RenameSecurityGroup(),
    DeleteSecurityGroup(),
    CreateRule(),
    DeleteRule(),
    CreateTrunk(),
    RenameTrunk(),
    AddSubport(),
    RemoveSubport(),
    DeleteTrunk(),
)
