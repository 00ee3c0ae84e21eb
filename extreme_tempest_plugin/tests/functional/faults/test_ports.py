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
"""Ports of a switch, on a bridge of its own, over a real sshd."""

import time

import msgspec
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import switches
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import ports
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import switch as switch_
from extreme_tempest_plugin.tests.functional.faults import wait
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
DOWN, FLAPPED = catalogue.Proof.DOWN, catalogue.Proof.FLAPPED
_HANG = 'while kill -0 $PPID 2>/dev/null; do sleep 0.2; done'


class TestPorts(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        if why := namespaces.usable():
            self.skipTest(why)
        self.switch = self.useFixture(switch_.Switch())
        self.engine = ports.PortSwitch(20.0)
        self.target = self.switch.target()
        self.addCleanup(namespaces.disarm, dead_man.tag(self.target))

    def _timers(self) -> list[int]:
        return namespaces.naming(dead_man.tag(self.target))

    def _look(
        self, target: configuration.Target | None = None
    ) -> ports.PortsState:
        (state,) = self.engine.observe(target or self.target)
        return state

    def _assert_whole(self) -> None:
        state = self._look()
        self.assertTrue(state.whole, state)
        self.assertEqual([], self._timers())
        for host in switch_.HOSTS:
            self.assertEqual('up', self.switch.link(f'{host}-eth0'))

    def test_down_and_up(self) -> None:
        self._assert_whole()
        before = self._look()
        self.assertEqual('', before.forbidden)
        self.assertFalse(before.shows(DOWN, before))
        # The second time is the same.
        for _ in range(2):
            self.engine.call(Verb.PORTS_DOWN, self.target, 600)
            self.assertEqual('down', self.switch.link('h1-eth0'))
            self.assertEqual('up', self.switch.link('h2-eth0'))
            down = self._look()
            self.assertTrue(down.shows(DOWN, before), down)
            self.assertFalse(down.whole)
            self.assertEqual(1, len(self._timers()))
            self.assertEqual((switch_.HOSTS['h1'],), down.silent)
        for _ in range(2):
            self.engine.call(Verb.PORTS_UP, self.target)
            self._assert_whole()

    def test_several_ports(self) -> None:
        target = self.switch.target('h1-eth0', 'h2-eth0')
        assert isinstance(target.part, switches.Ports)
        # Asked once for all ports.
        program = target.part.status[0]
        target = msgspec.structs.replace(
            target,
            part=msgspec.structs.replace(
                target.part, status=(program, 'show')
            ),
        )
        before = self._look(target)
        self.assertTrue(before.whole, before)
        self.engine.call(Verb.PORTS_DOWN, target, 600)
        for host in switch_.HOSTS:
            self.assertEqual('down', self.switch.link(f'{host}-eth0'))
        self.assertTrue(self._look(target).shows(DOWN, before))
        self.engine.call(Verb.PORTS_UP, target)
        self._assert_whole()

    def test_commands_of_a_plain_linux(self) -> None:
        target = self.switch.target()
        assert isinstance(target.part, switches.Ports)
        link = ('ip', 'link', 'set', 'dev', 'PORT')
        plain = msgspec.structs.replace(
            target,
            part=msgspec.structs.replace(
                target.part,
                down=(*link, 'down'),
                up=(*link, 'up'),
                status=('ip', '-br', 'link', 'show', 'dev', 'PORT'),
            ),
        )
        before = self._look(plain)
        self.assertTrue(before.whole, before)
        self.engine.call(Verb.PORTS_DOWN, plain, 600)
        down = self._look(plain)
        self.assertTrue(down.shows(DOWN, before), down)
        self.engine.call(Verb.PORTS_UP, plain)
        self._assert_whole()

    def test_one_of_two_is_no_proof(self) -> None:
        both = self.switch.target('h1-eth0', 'h2-eth0')
        before = self._look(both)
        self.engine.call(Verb.PORTS_DOWN, self.target, 600)
        one = self._look(both)
        self.assertFalse(one.shows(DOWN, before), one)
        self.assertFalse(one.whole)

    def test_host_that_answers_all_the_same_is_no_proof(self) -> None:
        target = self.switch.target('h1-eth0', behind='h2')
        before = self._look(target)
        self.engine.call(Verb.PORTS_DOWN, target, 600)
        down = self._look(target)
        self.assertIn('h1-eth0 down', str(down))
        self.assertFalse(down.shows(DOWN, before), down)

    def test_host_that_is_off_is_no_port_that_is_down(self) -> None:
        before = self._look()
        self.switch.unplug('h1')
        off = self._look()
        self.assertEqual((('h1-eth0', 'half up'),), off.ports)
        self.assertFalse(off.shows(DOWN, before))
        self.assertFalse(off.whole)

    def test_port_that_the_switch_has_not(self) -> None:
        target = self.switch.target('h1-eth0', 'h9-eth0')
        self.assertIn('h9-eth0 not shown', str(self._look(target)))
        error = self.assertRaises(
            remote.RemoteError,
            self.engine.call,
            Verb.PORTS_DOWN,
            target,
            600,
        )
        self.assertIn('down all h9-eth0', str(error))
        # What went down with it is up again; the timer knows of the other
        # and waits for it no longer than it has to.
        self.assertEqual('up', self.switch.link('h1-eth0'))

    def test_flap(self) -> None:
        before = self._look()
        self.engine.call(Verb.PORTS_FLAP, self.target, 600)
        seen = self._look()
        self.assertTrue(seen.shows(FLAPPED, before), seen)
        self.assertFalse(seen.whole)
        self.assertEqual('up', self.switch.link('h2-eth0'))
        # A second time is the same, not twice of it.
        self.engine.call(Verb.PORTS_FLAP, self.target, 600)
        self.assertEqual(2, len(self._timers()))
        self.engine.call(Verb.PORTS_UP, self.target)
        self._assert_whole()
        time.sleep(5)
        self._assert_whole()

    def test_flapping_ends_by_itself(self) -> None:
        self.engine.call(Verb.PORTS_FLAP, self.target, 12)
        wait.until(lambda: self.switch.link('h1-eth0') == 'down')
        wait.until(lambda: not self._timers())
        self._assert_whole()

    def test_timer_undoes_it(self) -> None:
        self.engine.call(Verb.PORTS_DOWN, self.target, 8)
        self.assertEqual('down', self.switch.link('h1-eth0'))
        wait.until(lambda: self.switch.link('h1-eth0') == 'up')
        wait.until(lambda: not self._timers())
        self._assert_whole()

    def test_timer_of_an_earlier_one_does_not_undo_a_later(self) -> None:
        self.engine.call(Verb.PORTS_DOWN, self.target, 3)
        self.engine.call(Verb.PORTS_UP, self.target)
        self.engine.call(Verb.PORTS_DOWN, self.target, 600)
        time.sleep(4)
        self.assertEqual('down', self.switch.link('h1-eth0'))

    def test_without_a_timer_nothing_goes_down(self) -> None:
        for verb in (Verb.PORTS_DOWN, Verb.PORTS_FLAP):
            self.assertRaises(
                remote.RemoteError, self.engine.call, verb, self.target
            )
        self._assert_whole()

    def test_shell_in_a_value(self) -> None:
        assert isinstance(self.target.part, switches.Ports)
        for names in (('h1-eth0;id',), ('h1-eth0 $(id)',)):
            target = msgspec.structs.replace(
                self.target,
                part=msgspec.structs.replace(self.target.part, names=names),
            )
            self.assertRaises(
                remote.RemoteError,
                self.engine.call,
                Verb.PORTS_DOWN,
                target,
                600,
            )

    def test_silent_switch_is_given_up(self) -> None:
        silent = self.useFixture(sshd.Sshd(_HANG)).host
        target = msgspec.structs.replace(self.target, hosts=(silent,))
        engine = ports.PortSwitch(1.0)
        for call in (
            lambda: engine.call(Verb.PORTS_DOWN, target, 600),
            lambda: engine.call(Verb.PORTS_UP, target),
            lambda: engine.observe(target),
        ):
            began = time.monotonic()
            self.assertRaises(ssh.UnreachableError, call)
            self.assertLess(time.monotonic() - began, 1 + 15)
