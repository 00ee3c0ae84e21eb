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
"""Lists, which must have all that was made and nothing that was deleted.

What a list shows is a set, see ``checkers.sets``: of all key pairs, or of the
rules of one security group.
"""

import typing

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking

#: Name of the set among what is seen, before the kind of its elements.
ALL = 'all '

#: Nova shows so many at most in one answer: with as many, some may lack.
MOST = 1000


class _List(model.Action):
    """One request for all of a kind.

    :cvar of: kind of the elements.
    """

    effect = model.Effect.READS
    of: typing.ClassVar[str]

    def path(self, call: model.Call) -> str:
        """Where the list is."""
        raise NotImplementedError

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service(self.service).get(self.path(call))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        shown = listing.read(kinds.BY_NAME[self.of], answer)
        # What others have made is no concern of ours.
        ids = sorted(
            one.id for one in shown if one.name.startswith(listing.PREFIX)
        )
        return model.Sight(
            state=looking.PRESENT,
            reached=True,
            final=True,
            seen={ALL + self.of: ' '.join(ids)} if len(shown) < MOST else {},
        )


class ListKeypairs(_List):
    """The list has all key pairs that were made."""

    name = 'keypair.list'
    service = 'nova'
    kind = of = 'keypair'

    def path(self, call: model.Call) -> str:
        return 'os-keypairs'


class ListRules(_List):
    """The list has all rules of the security group that were made."""

    name = 'security_group.list_rules'
    service = 'neutron'
    kind = 'security_group'
    of = 'security_group_rule'
    states = frozenset({looking.PRESENT})

    def path(self, call: model.Call) -> str:
        return f'v2.0/security-group-rules?security_group_id={call.id}'


ACTIONS: tuple[model.Action, ...] = (ListKeypairs(), ListRules())
