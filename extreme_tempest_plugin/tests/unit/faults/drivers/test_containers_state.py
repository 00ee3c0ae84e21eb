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
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults.drivers import containers_state

Proof = catalogue.Proof
HOST = ssh.Host(address='10.0.0.1', user='stack')
TARGET = configuration.Target(
    name='nova-api',
    hosts=(HOST,),
    port=8774,
    part=runtimes.Container(container='nova_api'),
)
# As docker has it, and one start later as podman does.
FIRST = '"2026-11-30T05:54:09.501451738Z"'
LATER = '"2026-11-30T06:54:10.5+01:00"'


def state(
    status: str = 'running',
    pid: int = 11,
    started: str = FIRST,
    freezer: str = 'THAWED',
    processes: int = 2,
    port: str = 'open',
    answer: str = 'yes',
    more: str = '',
    target: configuration.Target = TARGET,
) -> containers_state.ContainerState:
    text = f"""\
Id=0123456789abcdef
Name=/nova_api
Status={status}
Pid={pid}
StartedAt={started}
RestartCount=0
Policy=always
Freezer={freezer}
{more}
Port={port}
Answer={answer}
"""
    text += 'Process=11\n' * processes
    return containers_state.parse(text, '10.0.0.1', target)


WHOLE = state()
EXITED = state('exited', 0, processes=0, freezer='', port='closed', answer='')
PAUSED = state('paused', freezer='FROZEN', answer='no')
NO_PORT = configuration.Target(name='x', hosts=(HOST,), part=TARGET.part)


class TestContainerState(testtools.TestCase):
    def test_whole(self) -> None:
        self.assertTrue(evidence.whole([WHOLE]))
        self.assertFalse(evidence.moving([WHOLE]))
        self.assertEqual('', evidence.forbidden([WHOLE]))
        for proof in (
            Proof.REPLACED, Proof.KILLED, Proof.GONE, Proof.FROZEN,
        ):  # fmt: skip
            self.assertFalse(WHOLE.shows(proof, WHOLE), proof)
        self.assertIn('nova_api running, process 11', str(WHOLE))
        self.assertIn('port 8774 answers', str(WHOLE))
        self.assertIn('restart policy always', WHOLE.was)

    def test_not_whole(self) -> None:
        for one in (
            EXITED,
            PAUSED,
            state(port='closed'),
            state('restarting'),
            state(freezer='FROZEN'),
            state(more='Stopping=yes'),
            containers_state.parse('Status=absent\nPort=open\n', 'h', TARGET),
        ):
            self.assertFalse(one.whole, one)

    def test_moving(self) -> None:
        for one in (
            state('restarting'),
            state('stopping'),
            state('removing', 0),
            state(more='Stopping=yes'),
            state('exited', 0, more='Unit=activating'),
        ):
            self.assertTrue(one.moving, one)
        for one in (EXITED, PAUSED, state(more='Unit=failed')):
            self.assertFalse(one.moving, one)

    def test_replaced_is_another_process_and_a_later_start(self) -> None:
        again = state(pid=12, started=LATER)
        self.assertTrue(again.shows(Proof.REPLACED, WHOLE))
        self.assertTrue(again.shows(Proof.KILLED, WHOLE))
        self.assertNotEqual(WHOLE.start, again.start)
        for one in (
            EXITED,
            state(pid=12),
            state(started=LATER),
            state(pid=12, started='"2026-11-30T05:54:09Z"'),
            state(pid=12, started='"0001-01-01T00:00:00Z"'),
        ):
            self.assertFalse(one.shows(Proof.REPLACED, WHOLE), one)

    def test_gone(self) -> None:
        self.assertTrue(EXITED.shows(Proof.GONE, WHOLE))
        self.assertTrue(EXITED.shows(Proof.KILLED, WHOLE))
        absent = containers_state.parse(
            'Status=absent\nPort=closed\n', '10.0.0.1', TARGET
        )
        self.assertTrue(absent.shows(Proof.GONE, WHOLE))
        for one in (
            PAUSED,
            state('exited', 0, processes=0),
            state('exited', 0, port='closed'),
            state('exited', 11, processes=0, port='closed'),
        ):
            self.assertFalse(one.shows(Proof.GONE, WHOLE), one)

    def test_one_that_starts_again_is_not_gone(self) -> None:
        one = state('restarting', 0, processes=0, port='closed')
        self.assertTrue(one.shows(Proof.KILLED, WHOLE))
        self.assertFalse(one.shows(Proof.GONE, WHOLE))

    def test_frozen(self) -> None:
        self.assertTrue(PAUSED.shows(Proof.FROZEN, WHOLE))
        self.assertIn('accepts and is silent', str(PAUSED))
        silent = state('paused', freezer='', answer='no')
        self.assertTrue(silent.shows(Proof.FROZEN, WHOLE))
        for one in (
            state(freezer='FROZEN', answer='no'),
            state('paused', freezer='FROZEN'),
            state('paused', freezer='THAWED', answer='no'),
            state('paused', freezer='FROZEN', port='closed', answer=''),
            state('paused', 12, freezer='FROZEN', answer='no'),
        ):
            self.assertFalse(one.shows(Proof.FROZEN, WHOLE), one)

    def test_frozen_without_a_port_that_answered(self) -> None:
        for before, target in (
            (state(answer='no'), TARGET),
            (state(target=NO_PORT, answer=''), NO_PORT),
        ):
            frozen = state(
                'paused', freezer='FROZEN', answer='no', target=target
            )
            self.assertTrue(frozen.shows(Proof.FROZEN, before))
            unknown = state('paused', freezer='', answer='no', target=target)
            self.assertFalse(unknown.shows(Proof.FROZEN, before))

    def test_our_own_session(self) -> None:
        ours = state(more='Ours=yes')
        self.assertIn('own session', evidence.forbidden([WHOLE, ours]))

    def test_no_answer(self) -> None:
        for text in ('', 'Status=running\n', 'Status=running\nPid=x\n'):
            self.assertRaises(
                ssh.UnreachableError, containers_state.parse, text, 'h', TARGET
            )
