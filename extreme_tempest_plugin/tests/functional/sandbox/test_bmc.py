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
"""The process of the BMCs with a real client, on loopback."""

import concurrent.futures
import socket
import time

import testtools
from pyghmi import exceptions
from pyghmi.ipmi import command

from extreme_tempest_plugin.sandbox import bmc
from extreme_tempest_plugin.tests.functional.sandbox.bmcs import Bmcs
from extreme_tempest_plugin.tests.functional.sandbox.bmcs import WAIT_S

ADDRESSES = {'h1': '127.0.9.1', 'h2': '127.0.9.2'}
PASSWORD = '0123456789abcdef0123'


class TestBmc(testtools.TestCase):
    def setUp(self):
        super().setUp()
        # Free on both addresses, as far as one can know.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(('127.0.9.1', 0))
            self.port = probe.getsockname()[1]
        served = self.useFixture(Bmcs(ADDRESSES, PASSWORD, self.port))
        self.hosts = served.hosts
        self.process = served.process

    def client(self, name, password=PASSWORD):
        return command.Command(
            bmc=ADDRESSES[name],
            userid=bmc.USER.encode(),
            password=password.encode(),
            port=self.port,
        )

    def wait_for(self, name, orders):
        end = time.monotonic() + WAIT_S
        while self.hosts[name].orders != orders:
            self.assertLess(time.monotonic(), end, self.hosts[name].orders)
            time.sleep(0.01)

    def test_two_bmcs_and_one_client_at_once(self):
        # As os-faults does: pyghmi's client has one socket for both.
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for state in ('off', 'on'):
                done = list(
                    pool.map(
                        lambda name, to=state: self.client(name).set_power(
                            to, wait=WAIT_S
                        ),
                        ADDRESSES,
                    )
                )
                self.assertEqual([{'powerstate': state}] * 2, done)
        self.client('h2').set_power('reset')
        self.wait_for('h2', ['off', 'on', 'reset'])
        self.wait_for('h1', ['off', 'on'])

    def test_answers_at_once_and_acts_later(self):
        host = self.hosts['h1']
        host.go.clear()
        self.client('h1').set_power('off')
        self.assertEqual([], host.orders)
        self.assertEqual({'powerstate': 'on'}, self.client('h1').get_power())
        # The other one is not kept waiting.
        self.client('h2').set_power('off', wait=WAIT_S)
        host.go.set()
        self.wait_for('h1', ['off'])

    def test_what_is_off_cannot_be_reset_or_cycled(self):
        host = self.hosts['h1']
        host.power = 'off'
        for directive in (2, 3):
            answer = self.client('h1').raw_command(
                netfn=0, command=2, data=[directive]
            )
            self.assertEqual(0xD5, answer['code'])
        self.assertEqual([], host.orders)

    def test_every_order(self):
        for directive, orders in (
            (2, ['off', 'on']),
            (3, ['reset']),
            (0, ['off']),
            (1, ['on']),
            (5, ['soft']),
        ):
            self.hosts['h1'].orders.clear()
            answer = self.client('h1').raw_command(
                netfn=0, command=2, data=[directive]
            )
            self.assertEqual(0, answer['code'])
            self.wait_for('h1', orders)

    def test_a_wrong_password(self):
        self.assertRaises(
            exceptions.IpmiException, self.client, 'h1', 'f' * 20
        )
        self.assertEqual({'powerstate': 'on'}, self.client('h1').get_power())

    def test_rubbish_ends_nothing(self):
        known = self.client('h1')
        header = b'\x06\x00\xff\x07'
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect((ADDRESSES['h1'], self.port))
            for packet in (
                b'',
                b'x' * 64,
                header,
                # Requests for a session that are cut off.
                *(
                    header + bytes((6, 0x10)) + bytes(length)
                    for length in range(12, 30)
                ),
                # Further packets of a session that was never made.
                header + bytes((6, 0x12)) + bytes(40),
                header + bytes((6, 0xC0)) + b'\x01' * 40,
            ):
                asking.send(packet)
        self.assertEqual({'powerstate': 'on'}, known.get_power())
        self.assertEqual({'powerstate': 'on'}, self.client('h1').get_power())

    def test_there_without_a_session(self):
        original = bmc.PORT
        self.addCleanup(setattr, bmc, 'PORT', original)
        bmc.PORT = self.port
        self.assertEqual('', bmc.asked(ADDRESSES['h1'], WAIT_S))
        self.process.kill()
        self.process.wait()
        self.assertIn('refused', bmc.asked(ADDRESSES['h1'], WAIT_S))
