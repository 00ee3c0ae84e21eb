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
"""A BMC answers at once and acts later, in order."""

import threading

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox.bmc import buttons

WAIT_S = 10


class Supervisor:
    """Carries out an order when the test lets it."""

    def __init__(self):
        self.power = 'on'
        self.orders = []
        self.go = threading.Semaphore(0)
        self.done = threading.Semaphore(0)

    def give(self, order, timeout):
        if order == 'status':
            return self.power
        if not self.go.acquire(timeout=WAIT_S):
            raise AssertionError('the test forgot an order')
        self.orders.append(order)
        if order == 'explode':
            self.done.release()
            raise errors.SandboxError('no')
        self.power = {'on': 'on', 'off': 'off'}.get(order, self.power)
        self.done.release()
        return self.power


class TestButtons(testtools.TestCase):
    def setUp(self):
        super().setUp()
        pause = 'extreme_tempest_plugin.sandbox.bmc.buttons.PAUSE_S'
        self.useFixture(fixtures.MockPatch(pause, 0))
        self.host = Supervisor()
        self.buttons = buttons.Buttons('cmp1', self.host.give)

    def let(self):
        self.host.go.release()
        self.assertTrue(self.host.done.acquire(timeout=WAIT_S))

    def wait_for(self, state):
        end = threading.Event()
        for _ in range(1000):
            if self.buttons.state == state:
                return
            end.wait(0.001)
        self.fail(f'never {state}')

    def test_state_is_what_the_supervisor_says(self):
        self.assertEqual('on', self.buttons.state)
        self.host.power = 'off'
        self.assertEqual('off', self.buttons.state)
        self.host.power = 'gone'
        self.assertEqual('off', self.buttons.state)

    def test_an_order_does_not_wait_and_state_is_the_one_before(self):
        self.assertEqual('on', self.buttons.state)
        self.buttons.press('off')
        self.assertEqual([], self.host.orders)
        self.assertEqual('on', self.buttons.state)
        self.let()
        self.wait_for('off')

    def test_a_cycle_shows_the_host_off_in_between(self):
        self.buttons.press('off', 'pause', 'on')
        self.let()
        self.wait_for('off')
        self.let()
        self.wait_for('on')
        self.assertEqual(['off', 'on'], self.host.orders)

    def test_an_order_that_fails_is_not_the_end(self):
        self.buttons.press('explode', 'off')
        self.let()
        self.let()
        self.wait_for('off')
