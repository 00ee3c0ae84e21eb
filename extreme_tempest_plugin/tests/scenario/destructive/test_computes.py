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
class ComputeCutOffTest(base.DestructiveTest):
    """A compute is cut off from the controllers, both ways and one way."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('compute_cut_off.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('d11d35a4-0c72-4b62-b3fe-5c6f09afc01a')
    def test_compute_cut_off(self):
        self.run_campaign()


@decorators.serial
class ComputeOffTest(base.DestructiveTest):
    """A compute loses its power and comes back."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('compute_off.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('012a3a55-c5f9-47e2-abfe-1e884c2e000a')
    def test_compute_off(self):
        self.run_campaign()
