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
"""What destructive scenarios share: they are skipped until allowed."""

from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.tests.scenario import base


class DestructiveTest(base.CampaignTest):
    """A campaign that breaks something.

    :cvar clustered: it has a meaning only where others take over.
    """

    clustered = False

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        wanted = cls.settings.destructive
        if not wanted.allowed:
            raise cls.skipException(
                'breaks the cloud on purpose: set [destructive] allowed'
            )
        if not wanted.os_faults_config:
            raise cls.skipException('set [destructive] os_faults_config')
        chaos = cls.plan.chaos.faults if cls.plan.chaos else ()
        missing = {fault.target for fault in (*cls.plan.faults, *chaos)} - set(
            wanted.targets
        )
        if missing:
            raise cls.skipException(
                'add to [destructive] targets: ' + ', '.join(sorted(missing))
            )
        offered = reading.read(wanted.os_faults_config)
        if cls.clustered and not offered.clusters:
            raise cls.skipException(
                'nobody would take over: the os-faults configuration declares '
                'no clusters'
            )
