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
from unittest import mock

import msgspec
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import disk
from extreme_tempest_plugin.faults.drivers import remote

FULL = catalogue.Proof.FULL
MIB = 1 << 20
TARGET = configuration.Target(
    name='ctl1-var',
    hosts=(ssh.Host(address='10.0.0.1', user='stack'),),
    part=parts.Disk(path='/var', leave_mb=100),
)


def state(left: int, more: str = '', mounted: bool = True) -> disk.DiskState:
    text = ('Mounted=yes\n' if mounted else '') + more
    return disk.parse(f'{text}Left={left * MIB}\n', TARGET)


WHOLE = state(500)
OURS = 'File=ours\nTimer=yes\n'


class TestDiskState(testtools.TestCase):
    def test_whole(self) -> None:
        self.assertTrue(evidence.whole([WHOLE]))
        self.assertFalse(WHOLE.shows(FULL, WHOLE))
        self.assertEqual('10.0.0.1: /var: 500 MiB left', str(WHOLE))

    def test_full(self) -> None:
        for left in (0, 100, 100 + disk.SLACK_MB):
            full = state(left, OURS)
            self.assertTrue(full.shows(FULL, WHOLE))
            self.assertFalse(full.whole)
            self.assertIn('the timer is armed', str(full))

    def test_room_that_is_left_is_no_proof(self) -> None:
        self.assertFalse(state(101 + disk.SLACK_MB, OURS).shows(FULL, WHOLE))

    def test_full_of_what_is_not_ours_is_no_proof(self) -> None:
        for more in ('', 'File=other\n'):
            self.assertFalse(state(50, more).shows(FULL, WHOLE))

    def test_whatever_is_left_is_not_whole(self) -> None:
        for more in ('File=ours\n', 'File=other\n', 'Timer=yes\n'):
            self.assertFalse(state(500, more).whole, more)
        self.assertFalse(state(50).whole)
        away = state(500, mounted=False)
        self.assertFalse(away.whole)
        self.assertIn('no mount point', str(away))

    def test_no_answer(self) -> None:
        for text in ('', 'Left=\n', 'Left=much\n'):
            self.assertRaises(ssh.UnreachableError, disk.parse, text, TARGET)


class TestFiller(testtools.TestCase):
    def _called(self, verb: catalogue.Verb, seconds: float) -> object:
        with mock.patch.object(remote, 'run', return_value='') as run:
            disk.Filler(60).call(verb, TARGET, seconds)
        return run.call_args.args[2:]

    def test_what_the_host_is_told(self) -> None:
        tag = dead_man.tag(TARGET)
        self.assertEqual(
            (tag, '/var', '31', str(100 * MIB)),
            self._called(catalogue.Verb.FILL, 30.5),
        )
        self.assertEqual((tag, '/var'), self._called(catalogue.Verb.FREE, 0.0))

    def test_no_timer_no_file(self) -> None:
        self.assertRaises(
            remote.RemoteError, self._called, catalogue.Verb.FILL, 0.0
        )

    def test_tag_is_of_the_target_alone(self) -> None:
        other = msgspec.structs.replace(TARGET, part=parts.Disk(path='/srv'))
        self.assertEqual(dead_man.tag(TARGET), dead_man.tag(other))
