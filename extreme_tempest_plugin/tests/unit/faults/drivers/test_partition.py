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
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import partition
from extreme_tempest_plugin.faults.drivers import partition_shell
from extreme_tempest_plugin.faults.drivers import remote

CUT, LOSSY = catalogue.Proof.CUT, catalogue.Proof.LOSSY
TARGET = configuration.Target(
    name='ctl1-ctl2',
    hosts=(ssh.Host(address='10.0.0.1', user='stack'),),
    part=parts.Partition(peers=('10.0.0.2', '10.0.0.3')),
)
WHOLE = """\
Client=10.0.0.9
Reached=10.0.0.3
Reached=10.0.0.2
"""
IN = """\
Rule=ip saddr 10.0.0.2 counter packets 5 bytes 9 drop
Rule=ip saddr 10.0.0.3 counter packets 0 bytes 0 drop
"""
OUT = """\
Rule=ip daddr 10.0.0.2 counter packets 7 bytes 9 drop
Rule=ip daddr 10.0.0.3 counter packets 0 bytes 0 drop
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
        one = OUT.replace('10.0.0.3', '10.0.0.2')
        self.assertFalse(state(IN + one + MISSED).shows(CUT, state(WHOLE)))

    def test_one_way_wants_one_rule(self) -> None:
        for direction, text in (('in', IN), ('out', OUT)):
            assert isinstance(TARGET.part, parts.Partition)
            target = msgspec.structs.replace(
                TARGET,
                part=msgspec.structs.replace(TARGET.part, direction=direction),
            )
            cut = state(text + MISSED, target)
            self.assertTrue(cut.shows(CUT, cut))

    def test_cut_at_ports(self) -> None:
        assert isinstance(TARGET.part, parts.Partition)
        part = msgspec.structs.replace(
            TARGET.part, ports=(4369, 25672), port=25672
        )
        target = msgspec.structs.replace(TARGET, part=part)

        def at(ports: str, ends: str = 'sd') -> str:
            return ''.join(
                f'Rule=ip {way}addr {peer} meta l4proto {{ tcp, udp }} th '
                f'{end}port {ports} counter packets 2 bytes 9 drop\n'
                for way in 'sd'
                for end in ends
                for peer in ('10.0.0.2', '10.0.0.3')
            )

        cut = state(at('{ 4369, 25672 }') + MISSED, target)
        self.assertTrue(cut.shows(CUT, cut), cut)
        self.assertEqual(16, cut.packets)
        self.assertIn('goes to 10.0.0.2, 10.0.0.3 at ports 4369', str(cut))
        self.assertIn('10.0.0.3 at ports 4369, 25672', str(target))
        for text in (
            IN + OUT,
            at('25672'),
            at('{ 4369, 25673 }'),
            at('{ 4369, 25672 }', 'd'),
            at('{ 4369, 25672 }', 's'),
        ):
            other = state(text + MISSED, target)
            self.assertFalse(other.shows(CUT, cut), text)
        # Nor is it a partition of all packets.
        self.assertFalse(state(at('{ 4369, 25672 }') + MISSED).shows(CUT, cut))

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

    def test_host_that_does_not_take_the_rules(self) -> None:
        refusing = state(f'{WHOLE}Refused=yes\n')
        self.assertTrue(refusing.whole)
        self.assertIn('has not what it takes', refusing.forbidden)


LINK = msgspec.structs.replace(
    TARGET, part=links.Loss(peers=('10.0.0.2', '2001:db8::3'), percent=20)
)


def loses(
    way: str, seen: int, dropped: int, percent: int = 20, six: int = 9
) -> str:
    """Rules of one way, with their packets; each peer has them.

    :param six: packets of the peer that is known by IPv6.
    """
    return ''.join(
        f'Rule={family} {way}addr {peer} counter packets {packets} bytes 1 '
        f'numgen random mod 100 < {percent} counter packets {dropped} bytes '
        '1 drop\n'
        for family, peer, packets in (
            ('ip', '10.0.0.2', seen),
            ('ip6', '2001:db8::3', six),
        )
    )


class TestLossy(testtools.TestCase):
    def _shows(self, *rules: str, direction: str = 'both') -> bool:
        assert isinstance(LINK.part, links.Loss)
        part = msgspec.structs.replace(LINK.part, direction=direction)
        target = msgspec.structs.replace(LINK, part=part)
        there = 'Table=yes\nTimer=yes\nClient=10.0.0.9\nReached=10.0.0.2\n'
        seen = state(there + ''.join(rules), target)
        self.assertFalse(seen.whole)
        return seen.shows(LOSSY, state(WHOLE, target))

    def test_some_are_dropped(self) -> None:
        self.assertTrue(self._shows(loses('s', 30, 6), loses('d', 40, 1)))
        self.assertTrue(self._shows(loses('s', 30, 6), direction='in'))

    def test_no_packet_is_no_proof(self) -> None:
        enough = loses('s', 30, 6)
        for other in (
            '',
            loses('d', 30, 0),
            # None of one of the peers.
            loses('d', 30, 6, six=0),
            loses('d', 0, 0, six=0),
        ):
            self.assertFalse(self._shows(enough, other), other)

    def test_all_are_dropped_is_no_loss(self) -> None:
        for other in (
            loses('d', 5, 7),
            'Rule=ip daddr 10.0.0.2 counter packets 3 bytes 9 drop\n',
        ):
            self.assertFalse(self._shows(loses('s', 30, 6), other), other)

    def test_another_share_is_no_proof(self) -> None:
        self.assertFalse(
            self._shows(loses('s', 30, 6), loses('d', 30, 6, percent=2))
        )

    def test_how_it_reads(self) -> None:
        seen = state(f'Table=yes\n{loses("s", 30, 6)}', LINK)
        self.assertEqual(
            '10.0.0.1: drops 20 % of what comes from 10.0.0.2, 2001:db8::3; '
            '12 of 39 packets dropped',
            str(seen),
        )
        self.assertEqual(
            '20 % between 10.0.0.1 and 10.0.0.2, 2001:db8::3', str(LINK)
        )

    def test_what_the_host_is_told(self) -> None:
        with mock.patch.object(remote, 'run', return_value='') as run:
            partition.Partitioner(60).call(catalogue.Verb.LOSE, LINK, 30)
            partition.Partitioner(60).observe(LINK)
        tag = dead_man.tag(LINK)
        rules = ('both', '20', 'all', '10.0.0.2', '2001:db8::3')
        self.assertEqual(
            [(tag, '30', *rules), (tag, '22', '5', *rules)],
            [call.args[2:] for call in run.call_args_list],
        )
        self.assertRaises(
            remote.RemoteError,
            partition.Partitioner(60).call,
            catalogue.Verb.LOSE,
            LINK,
        )


class TestPartitioner(testtools.TestCase):
    def _called(
        self,
        verb: catalogue.Verb,
        peers: tuple[str, ...],
        seconds: float,
        ports: tuple[int, ...] = (),
    ) -> tuple[str, ...]:
        target = msgspec.structs.replace(
            TARGET, part=parts.Partition(peers=peers, ports=ports)
        )
        with mock.patch.object(remote, 'run', return_value='') as run:
            partition.Partitioner(60).call(verb, target, seconds)
        return tuple(run.call_args.args[2:])

    def test_what_the_host_is_told(self) -> None:
        self.assertEqual(
            (
                dead_man.tag(TARGET), '31', 'both', '100', 'all',
                '10.0.0.2', '2001:db8::1', '10.0.0.3',
            ),
            self._called(
                catalogue.Verb.CUT,
                ('10.0.0.2', '2001:db8::1', '10.0.0.3'),
                30.2,
            ),
        )  # fmt: skip
        told = self._called(
            catalogue.Verb.CUT, ('10.0.0.2',), 30, (4369, 25672)
        )
        self.assertEqual('4369,25672', told[4])

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
        another = msgspec.structs.replace(TARGET, name='x; id')
        self.assertNotEqual(dead_man.tag(TARGET), dead_man.tag(another))
        for target in (TARGET, another):
            self.assertRegex(dead_man.tag(target), r'\A[a-z0-9_]+\Z')

    def test_command_of_the_timer_survives_systemd(self) -> None:
        # systemd replaces $ and % in commands; ours are set by the shell.
        (line, more) = (
            one
            for one in partition_shell.COMMON.splitlines()
            if one.startswith('undo=')
        )
        told = (line + more).replace('$tag', '').replace('$undo', '')
        self.assertNotIn('$', told)
        self.assertNotIn('%', told)
