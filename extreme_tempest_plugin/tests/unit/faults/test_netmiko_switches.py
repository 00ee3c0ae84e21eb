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
"""Switches without a shell, as a configuration has them."""

import functools
import json
import pathlib
from typing import Any

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import netmiko_switches
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.tests.unit.faults import world

ACCOUNT = {'username': 'admin', 'password': 'geheim'}


class TestNetmikoSwitches(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        there = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.world = world.World(there)

    def _ports(self, **changes: Any) -> netmiko_switches.NetmikoPorts:
        self.world.configure(switches={'rack.1': world.netmiko(**changes)})
        part = self.world.read().targets['ctl1-net'].part
        assert isinstance(part, netmiko_switches.NetmikoPorts)
        return part

    def test_lines_of_each_port(self) -> None:
        ports = self._ports(says_up='Connected')
        self.assertEqual(
            ('interface Gi1/0/1; shutdown', 'interface Gi1/0/2; shutdown'),
            ports.commands(),
        )
        self.assertEqual(
            (
                ('interface Gi1/0/1', 'no shutdown'),
                ('interface Gi1/0/2', 'no shutdown'),
            ),
            ports.each(ports.up),
        )
        self.assertEqual(
            (
                ('show interfaces status | include Gi1/0/1',),
                ('show interfaces status | include Gi1/0/2',),
            ),
            ports.each(ports.status),
        )
        self.assertEqual('connected', ports.says_up)
        self.assertEqual((world.ADDRESSES['ctl1'],), ports.away(()))
        target = self.world.read().targets['ctl1-net']
        self.assertEqual(catalogue.Subject.PORTS, target.subject)
        self.assertEqual('admin', target.hosts[0].user)

    def test_what_is_refused(self) -> None:
        down, flap = (
            catalogue.KINDS[f'switch.{name}'] for name in ('port_down', 'flap')
        )
        ports = self._ports()
        self.assertEqual('', ports.refuses(down))
        self.assertIn('use switch.port_down', ports.refuses(flap))
        # By default.
        self.assertIn(
            'no_timer: true', self._ports(no_timer=False).refuses(down)
        )
        self.assertFalse(ports.timer)

    def test_each_mistake_is_refused_in_one_line(self) -> None:
        for changes, key, reason in (
            ({'netmiko': 'cisco_ios_telnet'}, '.netmiko', 'refused'),
            ({'netmiko': 'cisco ios'}, '.netmiko', 'refused'),
            ({'netmiko': 'autodetect'}, '.netmiko', 'refused'),
            ({'auth': {'username': 'admin'}}, '.auth', 'needs a username'),
            ({'auth': {'password': 'geheim'}}, '.auth', 'needs a username'),
            (
                {'auth': {**ACCOUNT, 'jump': {'host': 'j'}}},
                '.auth.jump',
                'not supported',
            ),
            ({'verify': ''}, '.verify', 'is empty'),
            ({'verify': None}, 'verify', 'Expected `bool | str`'),
            ({'up': ['interface PORT', 'shutdown']}, '.up', 'same as'),
            ({'down': ['shutdown']}, '.down', 'one word PORT'),
            ({'down': []}, '.down', 'one word PORT'),
            ({'down': ['x PORT', 'y PORT']}, '.down', 'one word PORT'),
            ({'status': ['PORT show']}, '.status', 'one word PORT'),
            *(
                ({'status': [line]}, '.status', 'refused')
                for line in (
                    '',
                    'show x; reload',
                    'show x > flash:x',
                    'show `id`',
                    'show\nreload',
                    'show\rreload',
                    '$x',
                    '!x',
                )
            ),
            ({'status': ['show x | bash']}, '.status', 'something else'),
        ):
            error = self.assertRaises(
                errors.UsageError, functools.partial(self._ports, **changes)
            )
            text = str(error)
            self.assertIn(f'{self.world.path}: switches.rack.1', text)
            self.assertIn(key, text)
            self.assertIn(reason, text)
            self.assertNotIn('\n', text)
            self.assertNotIn('geheim', text)

    def test_secrets_are_read_when_they_are_needed(self) -> None:
        ports = self._ports()
        read = reading.read(str(self.world.path))
        self.assertNotIn('geheim', repr(read) + json.dumps(str(ports)))
        switch = netmiko_switches.credentials(ports)
        self.assertEqual(
            ('geheim', True), (switch.auth.password, switch.verify)
        )
        self._ports(auth={**ACCOUNT, 'password': 'neu'})
        switch = netmiko_switches.credentials(ports)
        self.assertEqual('neu', switch.auth.password)
        self.world.configure()
        error = self.assertRaises(
            errors.UsageError, netmiko_switches.credentials, ports
        )
        self.assertIn('switches.rack.1: is there no longer', str(error))
