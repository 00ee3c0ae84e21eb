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
import pathlib

from tempest.lib import decorators

from extreme_tempest_plugin.tests.scenario import base


class StormServersTest(base.CampaignTest):
    """Users make, rename, reboot and delete servers of their own."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('storm_servers.yaml')

    @decorators.attr(type='storm')
    @decorators.idempotent_id('5d1c4df0-64c6-4a5f-9d57-3b9e1f0f6c01')
    def test_storm_on_own_servers(self):
        self.run_campaign()
