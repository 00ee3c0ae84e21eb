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
import dataclasses
from unittest import mock

import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import partition
from extreme_tempest_plugin.faults.drivers import remote

CUT = catalogue.Proof.CUT
TARGET = configuration.Target(
    name='ctl1-ctl2',
    hosts=(ssh.Host(address='10.0.0.1', user='stack'),),
    partition=parts.Partition(peers=('10.0.0.2', '10.0.0.3')),
)
WHOLE = """\
Client=10.0.0.9
Reached=10.0.0.3
Reached=10.0.0.2
"""
IN = """\
Rule=ip saddr { 10.0.0.2, 10.0.0.3 } counter packets 5 bytes 9 drop
"""
OUT = """\
Rule=ip daddr { 10.0.0.2, 10.0.0.3 } counter packets 7 bytes 9 drop
"""
MISSED = """\
Table=yes
Timer=yes
Client=10.0.0.9
Missed=10.0.0.2
Missed=10.0.0.3
"""


def state(
    text: str, target: configuration.Target = TARGET
) -> partition.CutState:
    return partition.parse(text, target)


class TestCutState(testtools.TestCase):
    def test_whole(self) -> None:
        seen = state(WHOLE)
        self.assertTrue(evidence.whole([seen]))
        self.assertFalse(seen.shows(CUT, seen))
        self.assertEqual('', seen.forbidden)
        self.assertEqual('10.0.0.1: reaches 10.0.0.2, 10.0.0.3', str(seen))

    def test_cut(self) -> None:
        cut = state(IN + OUT + MISSED)
        self.assertTrue(cut.shows(CUT, state(WHOLE)))
        self.assertFalse(cut.whole)
        self.assertEqual(12, cut.packets)
        self.assertIn('the timer is armed', str(cut))
        self.assertIn('does not reach 10.0.0.2, 10.0.0.3', str(cut))

    def test_missing_rule_is_no_proof(self) -> None:
        for text in (IN, OUT, ''):
            self.assertFalse(state(text + MISSED).shows(CUT, state(WHOLE)))
        one = OUT.replace('{ 10.0.0.2, 10.0.0.3 }', '10.0.0.2')
        self.assertFalse(state(IN + one + MISSED).shows(CUT, state(WHOLE)))

    def test_one_way_wants_one_rule(self) -> None:
        for direction, text in (('in', IN), ('out', OUT)):
            assert TARGET.partition is not None
            target = dataclasses.replace(
                TARGET,
                partition=dataclasses.replace(
                    TARGET.partition, direction=direction
                ),
            )
            cut = state(text + MISSED, target)
            self.assertTrue(cut.shows(CUT, cut))

    def test_peer_that_is_reached_is_no_proof(self) -> None:
        text = IN + OUT + MISSED + 'Reached=10.0.0.2\n'
        self.assertFalse(state(text).shows(CUT, state(WHOLE)))

    def test_whatever_is_left_is_not_whole(self) -> None:
        for line in ('Table=yes', 'Timer=yes', 'Missed=10.0.0.2'):
            self.assertFalse(state(f'{WHOLE}{line}\n').whole, line)

    def test_where_we_come_from(self) -> None:
        peer = state(WHOLE.replace('.9', '.2'))
        self.assertIn('10.0.0.2 is where we come from', peer.forbidden)
        unknown = state(WHOLE.replace('10.0.0.9', ''))
        self.assertIn('not known', unknown.forbidden)


class TestPartitioner(testtools.TestCase):
    def _called(
        self, verb: catalogue.Verb, peers: tuple[str, ...], seconds: float
    ) -> tuple[str, ...]:
        target = dataclasses.replace(
            TARGET, partition=parts.Partition(peers=peers)
        )
        with mock.patch.object(remote, 'run', return_value='') as run:
            partition.Partitioner(60).call(verb, target, seconds)
        return tuple(run.call_args.args[2:])

    def test_what_the_host_is_told(self) -> None:
        self.assertEqual(
            (
                dead_man.tag(TARGET), '31',
                '10.0.0.2,10.0.0.3', '2001:db8::1', 'both',
            ),
            self._called(
                catalogue.Verb.CUT,
                ('10.0.0.2', '2001:db8::1', '10.0.0.3'),
                30.2,
            ),
        )  # fmt: skip

    def test_no_timer_no_cut(self) -> None:
        self.assertRaises(
            remote.RemoteError,
            self._called,
            catalogue.Verb.CUT,
            ('10.0.0.2',),
            0.0,
        )

    def test_heal_needs_the_target_alone(self) -> None:
        self.assertEqual(
            (dead_man.tag(TARGET),),
            self._called(catalogue.Verb.JOIN, ('10.0.0.2',), 0.0),
        )

    def test_tag_is_of_the_target_and_safe(self) -> None:
        another = dataclasses.replace(TARGET, name='x; id')
        self.assertNotEqual(dead_man.tag(TARGET), dead_man.tag(another))
        for target in (TARGET, another):
            self.assertRegex(dead_man.tag(target), r'\A[a-z0-9_]+\Z')

    def test_command_of_the_timer_survives_systemd(self) -> None:
        # systemd replaces $ and % in commands; ours are set by the shell.
        (line, more) = (
            one
            for one in partition._COMMON.splitlines()
            if one.startswith('undo=')
        )
        told = (line + more).replace('$tag', '').replace('$undo', '')
        self.assertNotIn('$', told)
        self.assertNotIn('%', told)
