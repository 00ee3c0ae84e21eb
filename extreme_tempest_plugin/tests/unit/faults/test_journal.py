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
import os
import pathlib
import tempfile
import typing
from unittest import mock

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import clocks
from extreme_tempest_plugin.faults import commands
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import netmiko_switches
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults import switches
from extreme_tempest_plugin.tests.unit.faults import fakes

HOST = ssh.Host(address='10.0.0.2')
#: One of each.
PARTS = (
    parts.Partition(peers=('10.0.0.2',)),
    parts.Disk(path='/var'),
    clocks.Clock(step_s=-60),
    links.Loss(peers=('10.0.0.2',), percent=20),
    links.Delay(peers=('10.0.0.2',), delay_ms=200),
    parts.Foreign(driver='acme', args=(('name', 'x'),)),
    commands.Commands(
        inject=('i',), heal=('h',), status=('s',), says_broken='b'
    ),
    runtimes.Container(container='nova_api', runtime='podman'),
    bmcs.Power(file='/f', fqdn='ctl1', bmc='10.0.1.1', units=('a',)),
    switches.Ports(
        names=('p1',), down=('d',), up=('u',), status=('s',), behind=(HOST,)
    ),
    netmiko_switches.NetmikoPorts(
        names=('p1',),
        down=('d PORT',),
        up=('u PORT',),
        status=('s',),
        device_type='cisco_ios',
        file='/f',
        switch='sw',
        no_timer=True,
    ),
)


class TestJournal(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.state_dir = pathlib.Path(directory.name, 'state')
        self.log = journal.Journal(self.state_dir)
        self.us = liveness.this_process()

    def test_what_is_added_is_held_until_removed(self) -> None:
        entry = fakes.entry(owner=self.us)
        path = self.log.add(entry)
        (held,) = journal.Journal(self.state_dir).held()
        self.assertEqual(entry, held.entry)
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        self.log.remove(path)
        self.log.remove(path)
        self.assertEqual((), self.log.held())

    def test_no_directory_holds_nothing_and_is_not_made(self) -> None:
        self.assertEqual((), self.log.held())
        self.assertFalse(self.state_dir.exists())

    def test_found_again_from_every_directory(self) -> None:
        for path in ('state', './state', '', '~nobody-of-this-name/state'):
            error = self.assertRaises(
                errors.UsageError, journal.Journal, pathlib.Path(path)
            )
            self.assertIn('[destructive] state_dir', str(error))
            self.assertIn('is relative', str(error))
        with mock.patch.dict(os.environ, HOME='/home/of-us'):
            log = journal.Journal(pathlib.Path('~/state'))
        self.assertEqual(
            pathlib.Path('/home/of-us/state/faults'), log.directory
        )

    def test_oldest_first(self) -> None:
        for number in (3, 1, 2):
            target = _named(f't{number}')
            self.log.add(
                fakes.entry(
                    f'fault-{number}',
                    owner=self.us,
                    utc_ns=number,
                    target=target,
                )
            )
        faults = [held.entry.fault for held in self.log.held()]
        self.assertEqual(['fault-1', 'fault-2', 'fault-3'], faults)

    def test_torn_file_is_said(self) -> None:
        path = self.log.add(fakes.entry(owner=self.us))
        path.write_bytes(path.read_bytes()[:50])
        (held,) = self.log.held()
        self.assertIsNone(held.entry)
        self.assertIn('torn', held.trouble)
        error = self.assertRaises(
            errors.RefusedError,
            self.log.add,
            fakes.entry(owner=self.us, utc_ns=2),
        )
        self.assertIn(str(path), str(error))

    def test_unfinished_is_no_entry(self) -> None:
        self.log.prepare()
        (self.log.directory / '1-fault-1.json.new').write_bytes(b'{')
        self.assertEqual((), self.log.held())
        self.assertEqual(1, len(self.log.unfinished()))

    def test_seen_to_be_writable_and_nothing_made(self) -> None:
        self.log.check()
        self.assertFalse(self.state_dir.exists())
        self.log.prepare()
        before = sorted(self.state_dir.rglob('*'))
        self.log.check()
        self.assertEqual(before, sorted(self.state_dir.rglob('*')))
        with mock.patch.object(os, 'access', return_value=False):
            error = self.assertRaises(errors.UsageError, self.log.check)
        self.assertIn('[destructive] state_dir', str(error))

    def test_unwritable_names_the_option(self) -> None:
        self.state_dir.parent.joinpath('state').write_text('a file')
        for act in (
            self.log.prepare,
            self.log.check,
            lambda: self.log.add(fakes.entry(owner=self.us)),
        ):
            error = self.assertRaises(errors.UsageError, act)
            self.assertIn('[destructive] state_dir', str(error))
            self.assertNotIn('\n', str(error))

    def test_unreadable_is_not_empty(self) -> None:
        self.log.add(fakes.entry(owner=self.us))
        with mock.patch.object(
            os, 'listdir', side_effect=PermissionError(13, 'not yours')
        ):
            for act in (self.log.held, self.log.unfinished):
                error = self.assertRaises(errors.UsageError, act)
                self.assertIn('not yours; set [destructive]', str(error))

    def test_prepare_leaves_nothing(self) -> None:
        self.log.prepare()
        self.assertEqual([], list(self.log.directory.iterdir()))

    def test_every_part_of_a_target_is_kept(self) -> None:
        for number, part in enumerate(PARTS, start=1):
            target = msgspec.structs.replace(fakes.TARGET, part=part)
            path = self.log.add(fakes.entry(target=target, utc_ns=number))
            (held,) = self.log.held()
            self.assertEqual('', held.trouble)
            assert held.entry is not None
            self.assertEqual(target, held.entry.target)
            self.log.remove(path)
        self.assertEqual(
            {*typing.get_args(configuration.Part)}, {*map(type, PARTS)}
        )

    def test_entry_of_a_version_that_knew_no_parts(self) -> None:
        self.log.prepare()
        for key in ('disk', 'partition'):
            old = msgspec.to_builtins(fakes.entry())
            del old['target']['part']
            old['target'][key] = None
            path = self.log.directory / '1-fault-1.json'
            path.write_bytes(msgspec.json.encode(old))
            (held,) = self.log.held()
            self.assertIsNone(held.entry)
            self.assertIn('is torn or of another version', held.trouble)


class TestActive(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.us = liveness.this_process()

    def _refuse(self, entry: journal.Entry, target: str = '') -> str:
        held = journal.Held(pathlib.Path('x'), entry)
        error = self.assertRaises(
            errors.RefusedError,
            journal.refuse_active,
            [held],
            self.us,
            target,
        )
        return str(error)

    def test_of_a_dead_run(self) -> None:
        self.assertIn('tempest extreme heal', self._refuse(fakes.entry()))

    def test_of_a_living_run(self) -> None:
        parent = liveness.Owner(
            pid=os.getppid(),
            boot=self.us.boot,
            started=liveness.started(os.getppid()),
        )
        self.assertIn('is alive', self._refuse(fakes.entry(owner=parent)))

    def test_of_our_own_run(self) -> None:
        ours = fakes.entry(owner=self.us)
        held = journal.Held(pathlib.Path('x'), ours)
        journal.refuse_active([held], self.us, 'mariadb')
        self.assertIn('active', self._refuse(ours, 'rabbitmq'))

    def test_alive(self) -> None:
        self.assertTrue(liveness.alive(self.us))
        pid, boot, started = self.us.pid, self.us.boot, self.us.started
        for dead in (
            liveness.Owner(pid=pid, boot='another', started=started),
            liveness.Owner(pid=pid, boot=boot, started=started - 1),
            liveness.Owner(pid=2**22 + 1, boot=boot, started=started),
        ):
            self.assertFalse(liveness.alive(dead))


def _named(name: str) -> configuration.Target:
    return msgspec.structs.replace(fakes.TARGET, name=name)
