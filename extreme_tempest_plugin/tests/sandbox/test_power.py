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
"""Power and switch, over the network as an operator uses them.

Run in ``sandbox exec``. What is broken is one compute, but for the test of
all ports.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import testtools
import yaml
from pyghmi.ipmi import command

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.tests.sandbox import os_faults_power

SWITCH = '10.88.0.2'
HOST = 'cmp2'
OTHER = 'cmp1'
COMPUTE = 'nova-compute'
BOOT_S = 60.0
# Of one probe: well above the round trip, well below a retry of TCP.
ANSWER_S = 1.0
# Of ICMP: type 8, code 0, checksum, identifier, number.
ECHO_REQUEST = bytes((8, 0, 0xF7, 0xFD, 0, 1, 0, 1))


class _OnSandbox(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        path = os.environ.get('OS_FAULTS_CONFIG')
        if not path:
            self.fail('run this in `tempest extreme sandbox exec --`')
        config = yaml.safe_load(pathlib.Path(path).read_text())
        self.nodes = {n['fqdn']: n for n in config['node_discover']['args']}
        (power,) = config['power_managements']
        self.bmcs = power['args']['mac_to_bmc']
        self.addCleanup(self.whole)

    def whole(self) -> None:
        self.switch('up', 'all')
        for name in self.nodes:
            self.bmc(name).set_power('on', wait=30)
        for name in self.nodes:
            self.wait_for_ssh(name)

    # -- what an operator does ---------------------------------------------

    def bmc(self, name: str) -> command.Command:
        found = self.bmcs[self.nodes[name]['mac']]
        return command.Command(
            bmc=found['address'],
            userid=found['username'].encode(),
            password=found['password'].encode(),
        )

    def power(self, name: str = HOST) -> str:
        return self.bmc(name).get_power()['powerstate']

    def address(self, name: str) -> str:
        return SWITCH if name == 'sw' else self.nodes[name]['ip']

    def run_on(
        self, name: str, *argv: str, as_root: bool = True
    ) -> ssh.Result:
        auth = next(iter(self.nodes.values()))['auth']
        host = ssh.Host(
            address=self.address(name),
            user=auth['username'],
            key_file=auth['private_key_file'],
        )
        return ssh.run(host, argv, as_root=as_root)

    def switch(self, *words: str) -> str:
        done = self.run_on('sw', 'switchport', *words)
        self.assertEqual(0, done.status, done.stderr)
        return done.stdout

    def ports(self, name: str = HOST) -> set[tuple[str, str]]:
        """Administrative state and link of the ports of a host."""
        lines = self.switch('show', name).splitlines()[1:]
        return {(admin, link) for *_, admin, link in map(str.split, lines)}

    # -- what can be seen of a host ----------------------------------------

    def tcp(self, name: str) -> str:
        """``answers``, ``refused`` or ``silent``: what port 22 does."""
        try:
            with socket.create_connection((self.address(name), 22), ANSWER_S):
                return 'answers'
        except ConnectionRefusedError:
            return 'refused'
        except OSError:
            return 'silent'

    def pings(self, name: str) -> bool:
        with socket.socket(
            socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP
        ) as asking:
            asking.settimeout(ANSWER_S)
            try:
                asking.connect((self.address(name), 0))
                asking.send(ECHO_REQUEST)
                # Behind the header of IP: the type, 0 is an echo reply.
                return asking.recv(512)[20] == 0
            except OSError:
                return False

    def arp(self, name: str) -> bool:
        """Whether it told who has its address when it was asked last."""
        words = ['ip', '-json', 'neigh', 'show', 'to', self.address(name)]
        found = json.loads(subprocess.check_output(words))
        return any('lladdr' in entry for entry in found)

    def seen(self, name: str) -> tuple[str, bool, bool]:
        """What TCP, ICMP and, asked anew, ARP say of it."""
        words = ['ip', 'neigh', 'flush', 'to', self.address(name)]
        subprocess.run(words, check=True)
        return self.tcp(name), self.pings(name), self.arp(name)

    def assert_silent(self, name: str = HOST) -> None:
        self.assertEqual(('silent', False, False), self.seen(name), name)

    def assert_answers(self, name: str = HOST) -> None:
        self.assertEqual(('answers', True, True), self.seen(name), name)

    def wait_for_ssh(self, name: str = HOST) -> None:
        end = time.monotonic() + BOOT_S
        while self.tcp(name) != 'answers':
            if time.monotonic() > end:
                self.fail(f'{name} has not booted within {BOOT_S} s')
            time.sleep(0.1)

    def boot(self) -> str:
        """Differs from boot to boot."""
        # Refused while the host starts or stops.
        for _ in range(50):
            done = self.run_on(
                HOST, 'systemctl', 'show', '--property=UserspaceTimestamp'
            )
            if done.status == 0:
                return done.stdout
            time.sleep(0.2)
        self.fail(done.stderr)

    def stopped_cleanly(self) -> bool:
        """Whether systemd had stopped nova-compute before this boot."""
        journal = self.run_on(
            *(HOST, 'journalctl', '--boot=-1', f'--unit={COMPUTE}'),
            '--output=cat',
        )
        self.assertEqual(0, journal.status, journal.stderr)
        return journal.stdout.rstrip().splitlines()[-1].startswith('Stopped')


class TestPower(_OnSandbox):
    def test_off_is_silent_and_on_is_a_cold_boot(self) -> None:
        self.assert_answers()
        before = self.boot()
        rule = ('INPUT', '-p', 'tcp', '--dport', '9', '-j', 'DROP')
        self.assertEqual(0, self.run_on(HOST, 'iptables', '-A', *rule).status)
        self.bmc(HOST).set_power('off')
        self.wait_for_power('off')
        self.assert_silent()
        self.assertEqual({('up', 'down')}, self.ports())
        self.bmc(HOST).set_power('on')
        self.wait_for_power('on')
        self.wait_for_ssh()
        self.assert_answers()
        self.assertEqual({('up', 'up')}, self.ports())
        self.assertNotEqual(before, self.boot())
        self.assertFalse(self.stopped_cleanly())
        # What was only in the memory of the host is gone.
        self.assertNotEqual(
            0, self.run_on(HOST, 'iptables', '-C', *rule).status
        )

    def test_reset_and_cycle(self) -> None:
        before = self.boot()
        self.bmc(HOST).set_power('reset')
        self.assertEqual('on', self.power())
        after = self.next_boot(before)
        self.assertFalse(self.stopped_cleanly())
        self.wait_for_compute()
        # Chassis control, power cycle: off for a second in between, which
        # is too short to be seen for certain.
        answer = self.bmc(HOST).raw_command(netfn=0, command=2, data=[2])
        self.assertEqual(0, answer['code'])
        self.next_boot(after)
        self.assertFalse(self.stopped_cleanly())

    def test_soft_shutdown_is_orderly(self) -> None:
        self.bmc(HOST).set_power('shutdown')
        self.wait_for_power('off')
        self.assert_silent()
        reset = self.bmc(HOST).raw_command(netfn=0, command=2, data=[3])
        self.assertEqual(0xD5, reset['code'])
        self.assertEqual('off', self.power())
        self.bmc(HOST).set_power('on')
        self.wait_for_ssh()
        self.assertTrue(self.stopped_cleanly())

    def test_os_faults(self) -> None:
        self.os_faults('poweroff', HOST, OTHER)
        for name in (HOST, OTHER):
            self.assertEqual('off', self.power(name))
            self.assert_silent(name)
        self.os_faults('poweron', HOST, OTHER)
        self.wait_for_ssh()
        before = self.boot()
        self.os_faults('reset', HOST)
        self.next_boot(before)
        self.os_faults('shutdown', HOST)
        self.assertEqual('off', self.power())

    def os_faults(self, verb: str, *names: str) -> None:
        done = subprocess.run(
            [sys.executable, os_faults_power.__file__, verb, *names],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(0, done.returncode, done.stderr)

    def wait_for_power(self, state: str) -> None:
        end = time.monotonic() + BOOT_S
        while self.power() != state:
            self.assertLess(time.monotonic(), end, f'never {state}')
            time.sleep(0.1)

    def wait_for_compute(self) -> None:
        """Until nova-compute runs: its journal shows how it was ended."""
        end = time.monotonic() + BOOT_S
        while self.run_on(HOST, 'systemctl', 'is-active', COMPUTE).status:
            self.assertLess(time.monotonic(), end, f'no {COMPUTE}')
            time.sleep(0.2)

    def next_boot(self, before: str) -> str:
        end = time.monotonic() + BOOT_S
        while time.monotonic() < end:
            try:
                after = self.boot()
            except ssh.UnreachableError:
                continue
            if after != before:
                return after
            time.sleep(0.1)
        self.fail('it has not booted')


class TestSwitch(_OnSandbox):
    def test_ports_and_power_are_independent(self) -> None:
        self.switch('down', HOST)
        self.assert_silent()
        self.assertEqual({('down', 'down')}, self.ports())
        self.assertEqual('on', self.power())
        # A power cycle does not change what the operator of the switch set.
        self.bmc(HOST).set_power('off', wait=30)
        self.assertEqual({('down', 'down')}, self.ports())
        self.bmc(HOST).set_power('on', wait=30)
        self.assert_silent()
        self.assertEqual({('down', 'down')}, self.ports())
        # And a port that is enabled does not wake a host.
        self.bmc(HOST).set_power('off', wait=30)
        self.switch('up', HOST)
        self.assertEqual({('up', 'down')}, self.ports())
        self.assert_silent()
        self.assertEqual('off', self.power())
        self.bmc(HOST).set_power('on', wait=30)
        self.wait_for_ssh()
        self.assert_answers()

    def test_one_network_of_a_host(self) -> None:
        self.switch('down', HOST, 'tunnel')
        self.assertEqual({('up', 'up'), ('down', 'down')}, self.ports())
        self.assert_answers()
        self.switch('down', HOST, 'management')
        self.assert_silent()

    def test_all_ports_down_and_up(self) -> None:
        for _ in range(2):
            self.switch('down', 'all')
            for name in self.nodes:
                self.assertEqual({('down', 'down')}, self.ports(name))
                self.assertEqual('silent', self.tcp(name))
                # Neither the switch nor the BMCs are cut off.
                self.assertEqual('on', self.power(name))
        for _ in range(2):
            self.switch('up', 'all')
        for name in self.nodes:
            self.assertEqual({('up', 'up')}, self.ports(name))
            self.assert_answers(name)

    def test_mistakes_change_nothing(self) -> None:
        before = self.switch('show')
        for words, said in (
            (('down', 'cmp9'), "no host 'cmp9'"),
            (('down', 'tester'), "no host 'tester'"),
            (('down', HOST, 'storage'), "no port 'storage'"),
            (('down',), "say which host"),
        ):
            done = self.run_on('sw', 'switchport', *words)
            self.assertEqual(2, done.status, words)
            self.assertIn(said, done.stderr.splitlines()[-1])
        done = self.run_on('sw', 'switchport', 'down', HOST, as_root=False)
        self.assertEqual(2, done.status)
        self.assertIn('use sudo', done.stderr)
        self.assertEqual(before, self.switch('show'))
