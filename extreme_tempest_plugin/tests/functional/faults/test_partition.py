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
"""nftables in network namespaces, through a real sshd."""

import dataclasses
import os
import shutil
import sys
import time

import msgspec
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import partition
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import wait
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
CUT, LOSSY = catalogue.Proof.CUT, catalogue.Proof.LOSSY
_TIMEOUT = 20.0
_PORT = 7002
_HANG = 'while kill -0 $PPID 2>/dev/null; do sleep 0.2; done'
PEERS = (namespaces.PEER, namespaces.PEER6)
# Nothing that is executable is called nft, for this session alone: the
# mounts of "ip netns exec" are its own.
_WITHOUT_NFT = (
    "sh -c 'mount --bind /dev/null {nft}; eval \"$SSH_ORIGINAL_COMMAND\"'"
)


class _InNamespaces(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if why := namespaces.usable():
            self.skipTest(why)
        self.assertIsNotNone(_nft(), 'install nftables: this test needs nft')
        self.net = self.useFixture(namespaces.Namespaces())
        self.engine = partition.Partitioner(_TIMEOUT)

    def _target(
        self,
        direction: str = 'both',
        force: str = '',
        peers: tuple[str, ...] = PEERS,
    ) -> configuration.Target:
        server = self.useFixture(sshd.Sshd(force or self.net.enter))
        target = configuration.Target(
            # Its own, as others may test on this machine.
            name=f'host-peer-{os.getpid()}',
            hosts=(server.host,),
            part=self._part(peers, direction),
        )
        self.addCleanup(namespaces.disarm, dead_man.tag(target))
        return target

    def _part(self, peers: tuple[str, ...], direction: str) -> parts.Partition:
        return parts.Partition(
            peers=peers, direction=direction, port=self.net.port
        )

    def _look(self, target: configuration.Target) -> partition.CutState:
        (state,) = self.engine.observe(target)
        return state

    def _rules(self) -> str:
        return self.net.on_host('nft', 'list', 'ruleset').stdout

    def _until_undone(self, target: configuration.Target) -> None:
        """By the timer, which ends after that."""
        wait.until(lambda: not self._rules())
        wait.until(lambda: not namespaces.naming(dead_man.tag(target)))
        self._assert_whole(target)

    def _assert_whole(self, target: configuration.Target) -> None:
        state = self._look(target)
        self.assertTrue(state.whole, state)
        self.assertFalse(state.timer)
        self.assertEqual([], namespaces.naming(dead_man.tag(target)))
        self.assertEqual('', self._rules())
        for peer in PEERS:
            self.assertTrue(self.net.reaches(peer))


class TestPartition(_InNamespaces):
    def test_cut_and_join(self) -> None:
        target = self._target()
        self._assert_whole(target)
        before = self._look(target)
        self.assertEqual('', before.forbidden)
        self.assertFalse(before.shows(CUT, before))

        self.engine.call(Verb.CUT, target, 600)
        for peer in PEERS:
            self.assertFalse(self.net.reaches(peer))
        cut = self._look(target)
        self.assertTrue(cut.shows(CUT, before), cut)
        self.assertFalse(cut.whole)
        self.assertTrue(cut.timer)
        self.assertEqual(1, len(namespaces.naming(dead_man.tag(target))))
        self.assertGreater(cut.packets, 0)
        self.assertEqual(4, self._rules().count(' drop'))

        # A second time is the same, not twice of it.
        self.engine.call(Verb.CUT, target, 600)
        self.assertEqual(4, self._rules().count(' drop'))
        self.engine.call(Verb.JOIN, target)
        self._assert_whole(target)
        # Heals what is whole as well.
        self.engine.call(Verb.JOIN, target)
        self._assert_whole(target)

    def test_one_way(self) -> None:
        for direction, arrives in (
            ('in', (True, False)),
            ('out', (False, True)),
        ):
            target = self._target(direction)
            before = self._look(target)
            self.engine.call(Verb.CUT, target, 600)
            there = _sends(self.net.host, self.net.peer, namespaces.PEER)
            back = _sends(self.net.peer, self.net.host, namespaces.HOST)
            self.assertEqual(arrives, (there, back), direction)
            cut = self._look(target)
            self.assertTrue(cut.shows(CUT, before), cut)
            both = parts.Partition(peers=PEERS)
            other = dataclasses.replace(cut, part=both)
            self.assertFalse(other.shows(CUT, before))
            self.engine.call(Verb.JOIN, target)
            self._assert_whole(target)

    def test_some_ports_alone(self) -> None:
        target = self._target()
        assert isinstance(target.part, parts.Partition)
        for more, arrives in (((), True), ((_PORT,), False)):
            part = msgspec.structs.replace(
                target.part, ports=(self.net.port, *more)
            )
            only = msgspec.structs.replace(target, part=part)
            before = self._look(only)
            self.assertEqual('', before.forbidden)
            self.engine.call(Verb.CUT, only, 600)
            cut = self._look(only)
            self.assertTrue(cut.shows(CUT, before), cut)
            self.assertFalse(cut.whole)
            # Of all packets it is none, nor of other ports.
            for other in ((), (self.net.port, 9)):
                wanted = msgspec.structs.replace(part, ports=other)
                state = dataclasses.replace(cut, part=wanted)
                self.assertFalse(state.shows(CUT, before), other)
            for peer in PEERS:
                self.assertFalse(self.net.reaches(peer))
            there = _sends(self.net.host, self.net.peer, namespaces.PEER)
            back = _sends(self.net.peer, self.net.host, namespaces.HOST)
            self.assertEqual((arrives, arrives), (there, back), more)
            self.engine.call(Verb.JOIN, only)
            self._assert_whole(only)

    def test_timer_undoes_it(self) -> None:
        target = self._target()
        self.engine.call(Verb.CUT, target, 8)
        self.assertIn(' drop', self._rules())
        self._until_undone(target)

    def test_timer_of_an_earlier_cut_does_not_undo_a_later(self) -> None:
        target = self._target()
        self.engine.call(Verb.CUT, target, 3)
        self.engine.call(Verb.JOIN, target)
        self.engine.call(Verb.CUT, target, 600)
        time.sleep(4)
        self.assertFalse(self.net.reaches(namespaces.PEER))
        self.engine.call(Verb.JOIN, target)
        self._assert_whole(target)

    def test_without_a_timer_nothing_is_cut(self) -> None:
        target = self._target()
        self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.CUT, target
        )
        self._assert_whole(target)

    def test_where_we_come_from_is_never_cut(self) -> None:
        target = self._target(peers=(namespaces.PEER, '127.0.0.1'))
        self.assertIn('127.0.0.1 is where we', self._look(target).forbidden)
        error = self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.CUT, target, 600
        )
        self.assertIn('where we come from', str(error))
        self.assertEqual('', self._rules())
        self.assertFalse(self._look(target).timer)

    def test_unknown_where_we_come_from(self) -> None:
        force = f'unset SSH_CONNECTION; {self.net.enter}'
        target = self._target(force=force)
        self.assertIn('not known', self._look(target).forbidden)
        self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.CUT, target, 600
        )
        self.assertEqual('', self._rules())

    def test_host_without_nft(self) -> None:
        hidden = _WITHOUT_NFT.format(nft=_nft())
        target = self._target(
            force=f'exec ip netns exec {self.net.host} {hidden}'
        )
        error = self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.CUT, target, 600
        )
        self.assertIn('nft is not installed', str(error))
        error = self.assertRaises(
            ssh.UnreachableError, self.engine.observe, target
        )
        self.assertIn('nft is not installed', str(error))

    def test_shell_in_a_value(self) -> None:
        target = self._target(peers=('198.51.100.2; id',))
        self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.CUT, target, 600
        )

    def test_silent_host_is_given_up(self) -> None:
        target = self._target(force=_HANG)
        engine = partition.Partitioner(1.0)
        for call in (
            lambda: engine.call(Verb.CUT, target, 600),
            lambda: engine.call(Verb.JOIN, target),
            lambda: engine.observe(target),
        ):
            began = time.monotonic()
            self.assertRaises(ssh.UnreachableError, call)
            self.assertLess(time.monotonic() - began, 1 + 15)


class TestLoss(_InNamespaces):
    """With 40 %, so that a look without any loss is as good as impossible."""

    def _part(self, peers: tuple[str, ...], direction: str) -> links.Loss:
        return links.Loss(
            peers=peers, direction=direction, port=self.net.port, percent=40
        )

    def test_lose_and_join(self) -> None:
        target = self._target()
        self._assert_whole(target)
        before = self._look(target)
        self.assertEqual('', before.forbidden)
        self.assertFalse(before.shows(LOSSY, before))

        self.engine.call(Verb.LOSE, target, 600)
        self.assertEqual(4, self._rules().count('mod 100 < 40'))
        state = self._until_shown(target, before)
        self.assertFalse(state.whole)
        self.assertTrue(state.timer)
        self.assertIn('drops 40 % of what comes from', str(state))
        # What the driver does not see: datagrams, one way.
        arrived = _arriving(self.net.host, self.net.peer, namespaces.PEER)
        self.assertGreater(arrived, 400)
        self.assertLess(arrived, 800)

        self.engine.call(Verb.LOSE, target, 600)
        self.assertEqual(4, self._rules().count('mod 100 < 40'))
        self.engine.call(Verb.JOIN, target)
        self._assert_whole(target)
        arrived = _arriving(self.net.host, self.net.peer, namespaces.PEER)
        self.assertEqual(1000, arrived)

    def test_one_way(self) -> None:
        target = self._target('in')
        before = self._look(target)
        self.engine.call(Verb.LOSE, target, 600)
        self._until_shown(target, before)
        there = _arriving(self.net.host, self.net.peer, namespaces.PEER)
        back = _arriving(self.net.peer, self.net.host, namespaces.HOST)
        self.assertEqual(1000, there)
        self.assertLess(back, 800)
        self.engine.call(Verb.JOIN, target)
        self._assert_whole(target)

    def test_no_packets_are_no_proof(self) -> None:
        # Rules that see nothing: the peers are looked for where no packet
        # of theirs can come from.
        target = self._target()
        self.engine.call(Verb.LOSE, target, 600)
        rules = self._rules().replace('198.51.100.2', '198.51.100.9')
        self.net.on_host('nft', 'flush', 'ruleset')
        self.net.on_host('nft', '--', rules)
        state = self._look(target)
        self.assertFalse(state.shows(LOSSY, state), state)
        self.engine.call(Verb.JOIN, target)
        self._assert_whole(target)

    def test_timer_undoes_it(self) -> None:
        target = self._target()
        self.engine.call(Verb.LOSE, target, 8)
        self.assertIn(' drop', self._rules())
        self._until_undone(target)

    def test_where_we_come_from_is_never_lossy(self) -> None:
        target = self._target(peers=(namespaces.PEER, '127.0.0.1'))
        self.assertIn('127.0.0.1 is where we', self._look(target).forbidden)
        error = self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.LOSE, target, 600
        )
        self.assertIn('where we come from', str(error))
        self.assertEqual('', self._rules())

    def _until_shown(
        self, target: configuration.Target, before: partition.CutState
    ) -> partition.CutState:
        end = time.monotonic() + 30
        while True:
            state = self._look(target)
            if state.shows(LOSSY, before):
                return state
            self.assertLess(time.monotonic(), end, state)


def _nft() -> str | None:
    return shutil.which('nft', path='/usr/sbin:/sbin:/usr/bin:/bin')


_COUNT = """
import socket, sys
one = socket.socket(type=socket.SOCK_DGRAM)
# SO_RCVBUFFORCE: all of them wait there if need be.
one.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
one.bind(('', 7003))
one.settimeout(20)
print('ready', flush=True)
count = 0
while (data := one.recv(9)) == b'x':
    count += 1
print(count)
"""
# The end is said until it is heard. A busy kernel queues no more than 1000.
_SEND_MANY = """
import socket, sys, time
one = socket.socket(type=socket.SOCK_DGRAM)
for number, data in enumerate([b'x'] * 1000 + [b'end'] * 100):
    if number % 100 == 0:
        time.sleep(0.02)
    try:
        one.sendto(data, (sys.argv[1], 7003))
    except PermissionError:
        pass  # dropped on its way out
"""


def _arriving(sender: str, receiver: str, address: str) -> int:
    """How many of 1000 datagrams arrive."""
    counts = namespaces.start(receiver, sys.executable, '-c', _COUNT)
    assert counts.stdout is not None
    counts.stdout.readline()
    sends = namespaces.start(sender, sys.executable, '-c', _SEND_MANY, address)
    sends.communicate(timeout=30)
    assert not sends.returncode
    said, _ = counts.communicate(timeout=30)
    return int(said)


_RECEIVE = f"""
import socket, sys
one = socket.socket(type=socket.SOCK_DGRAM)
one.bind(('', {_PORT}))
print('ready', flush=True)
# What was sent by then waits in the buffer.
sys.stdin.read()
one.settimeout(0.5)
one.recv(1)
"""
_SEND = f"""
import socket, sys
one = socket.socket(type=socket.SOCK_DGRAM)
for _ in range(3):
    try:
        one.sendto(b'x', (sys.argv[1], {_PORT}))
    except PermissionError:
        pass  # dropped on its way out
"""


def _sends(sender: str, receiver: str, address: str) -> bool:
    """Whether a datagram from one namespace arrives in the other."""
    waits = namespaces.start(receiver, sys.executable, '-c', _RECEIVE)
    assert waits.stdout is not None
    waits.stdout.readline()
    sends = namespaces.start(sender, sys.executable, '-c', _SEND, address)
    sends.communicate(timeout=30)
    assert not sends.returncode
    # Closes its stdin.
    waits.communicate(timeout=30)
    return not waits.returncode
