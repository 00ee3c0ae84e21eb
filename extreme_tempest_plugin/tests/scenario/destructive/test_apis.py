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

from extreme_tempest_plugin.tests.scenario.destructive import base


@decorators.serial
class ApisKilledTest(base.DestructiveTest):
    """Each API is killed under a storm; systemd starts it again."""

    services = ('nova', 'neutron', 'glance', 'cinder')
    plan_file = pathlib.Path(__file__).with_name('apis_killed.yaml')

    @decorators.attr(type='destructive')
    @decorators.idempotent_id('63947a55-0e8e-4946-a318-67a6f25bb47f')
    def test_apis_killed(self):
        self.run_campaign()
