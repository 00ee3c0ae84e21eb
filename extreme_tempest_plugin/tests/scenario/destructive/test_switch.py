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
class SwitchBounceTest(base.DestructiveTest):
    """All ports of the switch go down and come back."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('switch_bounce.yaml')

    @decorators.attr(type='destructive')
    @decorators.idempotent_id('b29ae619-5bd5-4ece-b47b-4694f05db713')
    def test_switch_bounce(self):
        self.run_campaign()


@decorators.serial
class SwitchPortTest(base.DestructiveTest):
    """The ports of a controller are down, and flap."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('switch_port.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('a17d5f84-48c2-4258-8c27-294a0d063bdb')
    def test_switch_port(self):
        self.run_campaign()


@decorators.serial
class ControllerCutOffTest(base.DestructiveTest):
    """A controller is cut off from the others."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('controller_cut_off.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('6dfc6477-8680-41e9-bd67-5860ad3874fc')
    def test_controller_cut_off(self):
        self.run_campaign()
