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
class ControllerOffTest(base.DestructiveTest):
    """A controller loses its power; the others take over."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('controller_off.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('b4770105-0966-4bdf-8e39-06cb0bb6876d')
    def test_controller_off(self):
        self.run_campaign()


@decorators.serial
class ControllerResetTest(base.DestructiveTest):
    """A controller is reset; the others take over."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('controller_reset.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('3078f8ee-52ed-4bf2-99e1-a35d9d8a8c33')
    def test_controller_reset(self):
        self.run_campaign()


@decorators.serial
class ControllerShutdownTest(base.DestructiveTest):
    """A controller is shut down in good order."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('controller_shutdown.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('f32ec745-4c2f-4a69-a9dd-6aadad03cb54')
    def test_controller_shutdown(self):
        self.run_campaign()


@decorators.serial
class AddressMovesTest(base.DestructiveTest):
    """Whoever has the address of the endpoints loses it."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('address_moves.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('9b25dec1-c136-4e21-9088-e18deec64bb2')
    def test_address_moves(self):
        self.run_campaign()


@decorators.serial
class BalancersKilledTest(base.DestructiveTest):
    """HAProxy and keepalived are killed everywhere."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('balancers_killed.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('c69bb70c-e866-4f74-9d2f-61e1cf268029')
    def test_balancers_killed(self):
        self.run_campaign()


@decorators.serial
class WholeCloudOffTest(base.DestructiveTest):
    """All hosts lose their power, and the cloud comes back by itself."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('whole_cloud_off.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('40795558-f72a-4f9f-a69e-7166b8720422')
    def test_whole_cloud_off(self):
        self.run_campaign()
