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
import argparse
import contextlib
import dataclasses
import io
import json
import pathlib
import shutil
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin import campaign
from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import access
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import run
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.tests.unit import configuration
from extreme_tempest_plugin.tests.unit.faults import fakes
from extreme_tempest_plugin.tests.unit.faults import forbidden
from extreme_tempest_plugin.tests.unit.faults import world

KILL = 'service.kill nova-api at=10 recovery=60'
PORTS = 'switch.port_down ctl1-ports at=100 hold=20 recovery=90'
OFF = 'node.off ctl2 at=300 hold=null'


def touched(*args, **more):
    raise AssertionError(f'touched: {args} {more}')


class TestDryRun(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.here = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.world = world.World(self.here)
        self.settings = configuration.settings(
            destructive=self.world.destructive, runs_dir=self.here / 'runs'
        )
        self.observer = world.Observer()
        for place, name, new in (
            (base, 'read_settings', lambda cloud: self.settings),
            (engines, 'observer', lambda kind, target: self.observer),
            (shutil, 'which', lambda name, path: name),
            (os_faults, '_bundled', lambda playbook: True),
            (engines, 'engine', touched),
            (access, 'grant', touched),
            (campaign, 'run', touched),
        ):
            made = mock.patch.object(place, name, new)
            made.start()
            self.addCleanup(made.stop)

    def run_it(self, *faults, words=(), **keys):
        path = self.here / 'plan.yaml'
        path.write_text(forbidden.text(*faults, **keys))
        command = run.Run(None, argparse.Namespace())
        args = command.get_parser('run').parse_args(
            [str(path), '--dry-run', *words]
        )
        before = {*self.here.rglob('*')}
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertEqual(0, command.act(args))
        self.assertEqual(before, {*self.here.rglob('*')})
        return said.getvalue()

    def test_what_to_what_where_when_and_what_undoes_it(self):
        self.assertEqual(
            """\
p: 900 s; clusters: galera, rabbitmq, ovn

at 10 s: service.kill of nova-api
  does       kill of nova-api on 203.0.113.1, 203.0.113.2, 203.0.113.3
  on         203.0.113.1, 203.0.113.2, 203.0.113.3
  by         shell over SSH, as root
  proof      killed
  undone by  itself, or else start, at 10 s
  or else    `tempest extreme heal`
  whole      at 70 s
  takes away no host as a whole

at 100 s: switch.port_down of ctl1-ports
  does       ports-down of swp1 of 203.0.113.99
  command    ip link set dev swp1 down
  on         203.0.113.99
  by         shell over SSH, as root
  proof      down
  undone by  ports-up, at 120 s
  or else    a timer on the target, 110 s after the injection
  whole      at 190 s
  takes away 203.0.113.1

at 300 s: node.off of ctl2
  does       poweroff of 203.0.113.2 by its BMC 198.51.100.1
  on         203.0.113.2
  by         os-faults, by IPMI
  proof      off
  undone by  poweron, when the storm is over
  or else    `tempest extreme heal`
  whole      after that
  takes away 203.0.113.2

nothing was touched
""",
            # As they are due, whatever the order in the plan.
            self.run_it(OFF, KILL, PORTS),
        )
        self.assertEqual(
            ['ctl1-ports', 'ctl2', 'nova-api'], sorted(self.observer.asked)
        )

    def test_all_commands_of_the_operator(self):
        self.assertIn(
            """
  command    alarm on
  command    alarm off
  command    alarm show
""",
            self.run_it('host.command alarm hold=20 recovery=90'),
        )

    def test_by_redfish_and_netmiko(self):
        bmc = {'address': 'bmc2', 'username': 'root', 'password': 'geheim'}
        args = {'fqdn_to_bmc': {'ctl2': bmc}}
        self.world.configure(
            switches={'rack': world.netmiko()},
            power_managements=[{'driver': 'redfish', 'args': args}],
        )
        self.settings = dataclasses.replace(
            self.settings,
            destructive=dataclasses.replace(
                self.world.destructive, targets=('ctl1-net', 'ctl2')
            ),
        )
        said = self.run_it(PORTS.replace('ctl1-ports', 'ctl1-net'), OFF)
        for line in (
            '  command    interface Gi1/0/1; shutdown',
            '  command    interface Gi1/0/2; shutdown',
            '  by         netmiko, over SSH',
            '  does       poweroff of 203.0.113.2 by its BMC bmc2',
            '  by         sushy, by Redfish',
        ):
            self.assertIn(f'{line}\n', said)
        # No timer, for either.
        self.assertEqual(2, said.count('or else    `tempest extreme heal`'))
        self.assertNotIn('geheim', said)

    def test_a_quorum_that_is_lost(self):
        said = self.run_it('service.freeze mysql', beyond_quorum=True)
        self.assertIn(
            '  quorum     leaves 0 of 3 members of the cluster galera, which '
            'needs 2\n',
            said,
        )

    def test_json(self):
        said = json.loads(self.run_it(PORTS, words=('-f', 'json')))
        self.assertEqual(['galera', 'rabbitmq', 'ovn'], said['clusters'])
        (step,) = said['faults']
        self.assertEqual('switch.port_down', step['fault'])
        self.assertEqual(['ip link set dev swp1 down'], step['commands'])
        self.assertEqual(['203.0.113.99'], step['hosts'])
        self.assertEqual(
            (100, 120, 190, 110),
            (step['at'], step['heal_at'], step['whole_by'], step['dead_man']),
        )
        # Nothing that is secret.
        self.assertNotIn('geheim', json.dumps(said))

    def test_nothing_to_break(self):
        self.assertIn('nothing would be broken', self.run_it())

    def test_refusals_are_those_of_the_run(self):
        refused = self.assertRaises(
            errors.RefusedError, lambda: self.run_it('service.kill mysql')
        )
        self.assertIn('beyond_quorum', str(refused))
        self.observer.state = {'active': 'failed'}
        refused = self.assertRaises(
            errors.RefusedError, lambda: self.run_it(KILL)
        )
        self.assertIn('not in its steady state', str(refused))
        self.observer.state = {}
        journal.Journal(self.settings.destructive.state_dir).add(fakes.entry())
        refused = self.assertRaises(
            errors.RefusedError, lambda: self.run_it(KILL)
        )
        self.assertIn('tempest extreme heal', str(refused))
