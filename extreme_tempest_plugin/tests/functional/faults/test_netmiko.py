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
"""Ports of a switch without a shell: netmiko, SSH and links are real."""

import collections.abc
import threading
import time

import paramiko
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults.drivers import ports
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.functional.faults import cisco
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import switch as switch_
from extreme_tempest_plugin.tests.functional.faults import test_power
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
DOWN = catalogue.Proof.DOWN


class TestNetmiko(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        if why := namespaces.usable():
            self.skipTest(why)
        self.switch = self.useFixture(cisco.Switch())
        self.engine = ports.PortSwitch(20.0)
        self.target = self.switch.target()

    def _look(
        self, target: configuration.Target | None = None
    ) -> ports.PortsState:
        (state,) = self.engine.observe(target or self.target)
        return state

    def test_down_and_up(self) -> None:
        before = self._look()
        self.assertTrue(before.whole, before)
        self.assertFalse(before.shows(DOWN, before))
        # The second time is the same.
        for _ in range(2):
            self.engine.call(Verb.PORTS_DOWN, self.target, 600)
            self.assertEqual('down', self.switch.link('h1-eth0'))
        self.assertEqual('up', self.switch.link('h2-eth0'))
        down = self._look()
        self.assertTrue(down.shows(DOWN, before), down)
        self.assertFalse(down.whole)
        self.assertEqual((switch_.HOSTS['h1'],), down.silent)
        self.engine.call(Verb.PORTS_UP, self.target)
        whole = self._look()
        self.assertTrue(whole.whole, whole)

    def test_port_that_the_switch_has_not(self) -> None:
        target = self.switch.target('h1-eth0', 'h9-eth0')
        self.assertIn('h9-eth0 not shown', str(self._look(target)))
        error = self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.PORTS_DOWN, target, 600
        )
        self.assertIn('interface h9-eth0', str(error))
        half = self._look(target)
        self.assertFalse(half.shows(DOWN, half), half)
        self.assertEqual('up', self.switch.link('h2-eth0'))

    def test_port_that_is_refused_keeps_no_other_down(self) -> None:
        self.engine.call(Verb.PORTS_DOWN, self.target, 600)
        target = self.switch.target('h9-eth0', 'h1-eth0', 'h8-eth0')
        error = self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.PORTS_UP, target
        )
        for name in ('h9-eth0', 'h8-eth0'):
            self.assertIn(f'interface {name}', str(error))
        self.assertEqual('up', self.switch.link('h1-eth0'))

    def _calls(self) -> tuple[collections.abc.Callable[[], object], ...]:
        return (
            lambda: self.engine.call(Verb.PORTS_DOWN, self.target, 600),
            lambda: self.engine.observe(self.target),
        )

    def test_who_is_not_trusted(self) -> None:
        down, look = self._calls()
        self.switch.configure('falsch-0123456789')
        said = str(self.assertRaises(errors.HarnessError, down))
        self.assertIn('Authentication', said)
        self.assertNotIn('falsch', said)
        # Another switch at its address.
        self.switch.configure()
        self.switch.server.know(paramiko.ECDSAKey.generate())
        error = self.assertRaises(errors.HarnessError, down)
        self.assertIn('does not match', str(error))
        self.switch.server.known_hosts.unlink()
        error = self.assertRaises(errors.HarnessError, look)
        self.assertIn('not found in known_hosts', str(error))
        self.assertEqual('up', self.switch.link('h1-eth0'))

    def test_nobody_sees_the_password(self) -> None:
        works = threading.Thread(
            target=self.engine.call, args=[Verb.PORTS_DOWN, self.target, 600]
        )
        works.start()
        seen = 0
        while works.is_alive():
            for pid in namespaces.children('netmiko_child'):
                seen += 1
                known = test_power.known_of(pid)
                for secret in (cisco.PASSWORD, cisco.ENABLE):
                    self.assertNotIn(secret.encode(), known)
        self.assertGreater(seen, 0)
        self.assertEqual('down', self.switch.link('h1-eth0'))

    def test_switch_that_says_nothing_is_given_up(self) -> None:
        self.switch.server.deaf.set()
        self.engine = ports.PortSwitch(3.0)
        for call in self._calls():
            began = time.monotonic()
            error = self.assertRaises(errors.HarnessError, call)
            self.assertIn('no answer within 3 s', str(error))
            self.assertLess(time.monotonic() - began, 3 + 5)
        self.assertEqual([], namespaces.children('netmiko_child'))
