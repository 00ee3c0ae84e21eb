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
import collections.abc
import dataclasses
import json
import os
import pathlib
import tempfile
from unittest import mock

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.faults import fakes
from extreme_tempest_plugin.tests.unit.faults import test_reading

RESTART = model.Fault(fault='service.restart', target='rabbitmq')


class TestGuard(testtools.TestCase):
    """Each case changes one thing of a world in which the guard permits."""

    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.key = self.directory / 'key'
        self.key.touch(0o600)
        self.config = self.directory / 'os-faults.json'
        self._configure(
            test_reading.changed(
                'node_discover/args/0/auth/private_key_file', str(self.key)
            )
        )
        self.settings = settings.Destructive(
            allowed=True,
            targets=('rabbitmq', 'ghost', 'app'),
            os_faults_config=str(self.config),
            call_timeout=60,
            state_dir=self.directory / 'state',
        )
        self.service = fakes.Service()
        self.observer = fakes.Observer(self.service)

    def _configure(self, data: object) -> None:
        self.config.write_text(json.dumps(data))

    def _check(
        self,
        *faults: model.Fault,
        bounds: model.Bounds = model.NARROWEST,
        **changes: object,
    ) -> tuple[object, ...]:
        return guard.check(
            faults or (RESTART,),
            dataclasses.replace(self.settings, **changes),
            bounds,
            observer=self.observer,
            preflight=lambda kinds: None,
        )

    def _refused(
        self,
        *faults: model.Fault,
        kind: type[Exception] = errors.RefusedError,
        **changes: object,
    ) -> str:
        error = self.assertRaises(kind, self._check, *faults, **changes)
        text = str(error)
        self.assertNotIn('\n', text)
        return text

    def test_permitted(self) -> None:
        (target,) = self._check()
        self.assertEqual('rabbitmq-server', target.unit)

    def test_no_fault_needs_nothing(self) -> None:
        self.assertEqual(
            (),
            guard.check((), dataclasses.replace(self.settings, allowed=False)),
        )

    def test_options_refuse_before_anything_is_touched(self) -> None:
        rabbit = 'rabbitmq'
        cases: list[tuple[dict[str, object], str]] = [
            ({'allowed': False}, '[destructive] allowed'),
            ({'targets': ()}, '[destructive] targets'),
            ({'targets': (f'{rabbit}-server',)}, '[destructive] targets'),
            ({'os_faults_config': ''}, '[destructive] os_faults_config'),
        ]
        self.observer.errors = [AssertionError('touched')]
        for changes, option in cases:
            self.assertIn(option, self._refused(**changes))
        self.assertFalse((self.directory / 'state').exists())

    def test_unknown_kind(self) -> None:
        bad = model.Fault(fault='service.explode', target='rabbitmq')
        self.assertIn('known:', self._refused(bad, kind=errors.PlanError))

    def test_one_of_several_refuses_all(self) -> None:
        other = model.Fault(fault='service.restart', target='mariadb')
        self.assertIn('mariadb', self._refused(RESTART, other))

    def test_not_in_the_file(self) -> None:
        ghost = model.Fault(fault='service.restart', target='ghost')
        text = self._refused(ghost)
        self.assertIn('os_faults_config', text)
        self.assertIn('it has: rabbitmq', text)

    def test_driver_that_cannot_be_proven(self) -> None:
        self._configure(
            test_reading.changed(
                'services/app', {'driver': 'process', 'args': {'grep': 'a'}}
            )
        )
        app = model.Fault(fault='service.restart', target='app')
        self.assertIn('process', self._refused(app))

    def test_kind_that_is_none_of_the_target(self) -> None:
        self._configure(test_reading.cut(name='app'))
        for kind, name, known in (
            ('service.freeze', 'app', 'no such service; it has: rabbitmq'),
            (
                'network.partition',
                'rabbitmq',
                'no such partition; it has: app',
            ),
        ):
            fault = model.Fault(fault=kind, target=name)
            self.assertIn(known, self._refused(fault))

    def test_peer_that_is_this_machine(self) -> None:
        cut = model.Fault(fault='network.partition', target='app')
        with mock.patch.object(guard.socket, 'socket') as made:
            probe = made.return_value.__enter__.return_value
            # The source of a way to an address of our own is itself.
            probe.getsockname.return_value = ('10.0.0.2', 40000)
            probe.getpeername.return_value = ('10.0.0.2', 9)
            self._configure(test_reading.cut(name='app'))
            text = self._refused(cut)
        self.assertIn('10.0.0.2 is an address of this machine', text)
        self.assertFalse((self.directory / 'state').exists())

    def _ours(self, address: str) -> object:
        """As if that were an address of this machine."""
        made = mock.patch.object(guard.socket, 'socket')
        probe = made.start().return_value.__enter__.return_value
        self.addCleanup(made.stop)
        probe.getsockname.return_value = (address, 40000)
        probe.connect.side_effect = lambda peer: setattr(
            probe.getpeername, 'return_value', peer
        )
        return probe

    def test_host_that_is_this_machine_is_never_away(self) -> None:
        self._ours('10.0.0.1')
        for data, kind, target in (
            (test_reading.power(), 'node.off', 'ctl1'),
            (test_reading.power(), 'node.reset', 'ctl1'),
            (test_reading.power(), 'node.shutdown', 'ctl1'),
            (test_reading.switch(), 'switch.port_down', 'ctl1-net'),
        ):
            self._configure(data)
            fault = model.Fault(fault=kind, target=target, hold=0)
            text = self._refused(fault, targets=(target,))
            self.assertIn('10.0.0.1 is an address of this machine', text)

    def test_what_the_network_hangs_on(self) -> None:
        unit = 'services/rabbitmq/args/service_name'
        for name, lasting in (
            ('NetworkManager.service', True),
            ('systemd-networkd', True),
            ('networking', True),
            ('ufw', True),
            ('ovs-vswitchd', False),
            ('networking-agent', False),
        ):
            data = test_reading.changed(unit, name)
            text = json.dumps(data).replace('/k/key', str(self.key))
            self._configure(json.loads(text))
            for kind in ('restart', 'kill', 'terminate', 'freeze'):
                one = model.Fault(fault=f'service.{kind}', target='rabbitmq')
                if lasting and kind in ('terminate', 'freeze'):
                    self.assertIn('nobody could heal', self._refused(one))
                else:
                    self._check(one)

    def test_power_is_of_hosts_with_a_bmc(self) -> None:
        for data, kind, target, reason in (
            (test_reading.GOOD, 'node.off', 'ctl1', 'has no BMC'),
            (test_reading.power(), 'node.off', 'ghost', 'has: ctl1'),
            (test_reading.power(), 'node.off', 'rabbitmq', 'has: ctl1'),
            (test_reading.power(), 'service.kill', 'ctl1', 'service;'),
            (test_reading.GOOD, 'switch.port_down', 'ctl1', 'no BMC'),
            (
                test_reading.power(),
                'switch.port_down',
                'ctl1',
                'no such ports; it has: none',
            ),
            (
                test_reading.switch(),
                'switch.port_down',
                'rabbitmq',
                'no such ports; it has: ctl1-net',
            ),
        ):
            self._configure(data)
            fault = model.Fault(fault=kind, target=target, hold=0)
            text = self._refused(fault, targets=('ctl1', 'ghost', 'rabbitmq'))
            self.assertIn(reason, text)

    def test_fault_of_a_host_that_another_takes_away(self) -> None:
        data = {
            **test_reading.power(),
            'switches': test_reading.switch()['switches'],
            'disks': test_reading.fill()['disks'],
        }
        text = json.dumps(data).replace('/k/key', str(self.key))
        self._configure(json.loads(text))
        names = ('ctl1', 'ctl1-net', 'rabbitmq', 'var')

        def fault(kind: str, target: str, at: float) -> model.Fault:
            return model.Fault(
                fault=kind, target=target, at=at, hold=0, recovery=60
            )

        for one, other in (
            (('node.off', 'ctl1', 0), ('service.restart', 'rabbitmq', 59)),
            (('service.restart', 'rabbitmq', 0), ('node.off', 'ctl1', 59)),
            (('disk.full', 'var', 0), ('node.reset', 'ctl1', 30)),
            (('switch.port_down', 'ctl1-net', 0), ('disk.full', 'var', 1)),
            (('switch.port_down', 'ctl1-net', 9), ('node.off', 'ctl1', 0)),
        ):
            text = self._refused(
                fault(*one),
                fault(*other),
                targets=names,
                bounds=model.Bounds(overlap=True),
            )
            self.assertIn('10.0.0.1 away meanwhile', text)
            # The one is proven whole before the other begins.
            self._check(fault(*one), fault(*other), targets=names)
            late = (*other[:2], one[2] + 60)
            self._check(
                fault(*one),
                fault(*late),
                targets=names,
                bounds=model.Bounds(overlap=True),
            )
        held = model.Fault(fault='node.off', target='ctl1', hold=None)
        text = self._refused(
            held,
            fault('service.restart', 'rabbitmq', 900),
            targets=names,
            bounds=model.Bounds(overlap=True),
        )
        self.assertIn('node.off of ctl1 takes 10.0.0.1 away', text)

    def test_fault_of_a_host_that_is_reached_through_another(self) -> None:
        data = test_reading.power()
        nodes = data['node_discover']['args']
        auth = {**nodes[0]['auth'], 'jump': {'host': nodes[0]['ip']}}
        nodes.append({'ip': '10.0.0.77', 'fqdn': 'far', 'auth': auth})
        data['services']['far'] = {
            **data['services']['rabbitmq'],
            'hosts': ['10.0.0.77'],
        }
        text = json.dumps(data).replace('/k/key', str(self.key))
        self._configure(json.loads(text))
        text = self._refused(
            model.Fault(fault='node.off', target='ctl1', hold=50),
            model.Fault(fault='service.freeze', target='far', at=20),
            targets=('ctl1', 'far'),
            bounds=model.Bounds(overlap=True),
        )
        self.assertIn('10.0.0.1 away meanwhile', text)

    def test_what_the_host_forbids(self) -> None:
        with mock.patch.object(
            evidence.UnitState, 'forbidden', 'nobody could heal it'
        ):
            self.assertIn('nobody could heal it', self._refused())

    def test_pattern_with_shell(self) -> None:
        self._configure(
            test_reading.changed('services/rabbitmq/args/grep', "x'; id; '")
        )
        self.assertIn('grep', self._refused(kind=errors.UsageError))

    def test_no_such_file(self) -> None:
        self.assertIn(
            'os_faults_config',
            self._refused(
                kind=errors.UsageError, os_faults_config='/nonexistent'
            ),
        )

    def test_key(self) -> None:
        self.key.chmod(0o640)
        self.assertIn('chmod 600', self._refused())
        self.key.chmod(0o600)
        with mock.patch.object(os, 'access', return_value=False):
            self.assertIn('not readable', self._refused())
        self.key.unlink()
        self.assertIn('No such file', self._refused())
        self.key.mkdir()
        self.assertIn('not a file', self._refused())

    def test_ansible_missing(self) -> None:
        def missing(kinds: object) -> None:
            raise errors.UsageError('install the extra `faults`')

        self.assertRaises(
            errors.UsageError,
            guard.check,
            (RESTART,),
            self.settings,
            observer=self.observer,
            preflight=missing,
        )

    def test_another_fault_is_active(self) -> None:
        log = journal.Journal(self.settings.state_dir)
        path = log.add(fakes.entry())
        self.assertIn('tempest extreme heal', self._refused())
        path.write_text('{')
        self.assertIn(str(path), self._refused())
        log.remove(path)
        self._check()

    def test_fault_that_this_process_left_unhealed(self) -> None:
        log = journal.Journal(self.settings.state_dir)
        log.add(
            fakes.entry(
                owner=liveness.this_process(),
                target=msgspec.structs.replace(fakes.TARGET, name='another'),
            )
        )
        self.assertIn('tempest extreme heal', self._refused())

    def test_journal_cannot_be_written(self) -> None:
        self.assertIn(
            '[destructive] state_dir',
            self._refused(
                kind=errors.UsageError, state_dir=self.key / 'below a file'
            ),
        )

    def test_not_in_its_steady_state(self) -> None:
        changes: list[collections.abc.Callable[[], None]] = [
            self.service.stop,
            lambda: setattr(self.service, 'active', 'failed'),
            lambda: setattr(self.service, 'active', 'activating'),
            lambda: setattr(self.service, 'port_open', False),
        ]
        for change in changes:
            self.service.start()
            change()
            self.assertIn('steady state', self._refused())

    def test_cannot_be_seen(self) -> None:
        self.observer.errors = [ssh.UnreachableError('10.0.0.1: no answer')]
        self.assertIn('10.0.0.1: no answer', self._refused())
