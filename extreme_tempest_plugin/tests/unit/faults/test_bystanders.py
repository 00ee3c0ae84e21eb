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
import pathlib
import tempfile
from unittest import mock

import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bystanders
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.tests.unit.faults import world

C1, C2, C3, CMP1 = (
    world.ADDRESSES[name] for name in (*world.CONTROLLERS, 'cmp1')
)


class TestBystanders(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.world = world.World(pathlib.Path(directory.name))
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.states: dict[tuple[str, str], str] = {}
        self.silent: set[str] = set()
        #: does not answer the next time.
        self.hiccup = ''
        self.others = bystanders.Bystanders(
            self.world.read().targets.values(), self._look
        )

    def _look(self, host: ssh.Host, units: tuple[str, ...]) -> tuple[str, ...]:
        self.asked.append((host.address, units))
        if host.address == self.hiccup:
            self.hiccup = ''
            return ()
        if host.address in self.silent:
            return ()
        return tuple(
            self.states.get((host.address, unit), 'active') for unit in units
        )

    def test_every_service_on_each_of_its_hosts_once(self) -> None:
        self.others.remember()
        control = ('rabbitmq-server', 'mariadb', 'nova-api')
        self.assertEqual(
            [
                (C1, control),
                (C2, control),
                (CMP1, ('nova-compute',)),
                (C3, control),
            ],
            sorted(self.asked),
        )
        self.assertEqual((), self.others.lost())

    def test_what_is_not_there_any_more(self) -> None:
        self.states[C3, 'nova-api'] = 'inactive'
        self.others.remember()
        self.states[C3, 'nova-api'] = 'failed'
        self.states[C1, 'mariadb'] = 'activating'
        self.silent.add(CMP1)
        self.assertEqual(
            (f'mariadb of {C1}', f'nova-compute of {CMP1}'),
            self.others.lost(),
        )

    def test_hosts_that_do_not_say_what_is_there(self) -> None:
        self.silent.add(C3)
        self.assertEqual((C3,), self.others.remember())
        # Once more, and the others only once.
        self.assertEqual(
            [C1, C2, C3, C3, CMP1],
            sorted([host for host, _ in self.asked], key=self._rank),
        )
        self.silent.clear()
        self.assertEqual((), self.others.lost())
        self.assertEqual((), self.others.remember())

    def test_a_host_that_says_it_at_the_second_time(self) -> None:
        self.hiccup = C3
        self.assertEqual((), self.others.remember())
        self.states[C3, 'mariadb'] = 'failed'
        self.assertEqual((f'mariadb of {C3}',), self.others.lost())

    def test_a_host_whose_containers_alone_do_not_say(self) -> None:
        self.world.configure(
            containers={'db': world.container('db', 'ctl1')},
            services={'sshd': world.service('sshd', 'ctl1')},
            clusters={},
        )
        others = bystanders.Bystanders(
            self.world.read().targets.values(),
            self._look,
            lambda host, wanted: (),
        )
        self.assertEqual((C1,), others.remember())
        self.states[C1, 'sshd'] = 'failed'
        self.assertEqual((f'sshd of {C1}',), others.lost())

    @staticmethod
    def _rank(address: str) -> int:
        return (C1, C2, C3, CMP1).index(address)

    def test_containers(self) -> None:
        self.world.configure(
            containers={
                'api': world.container('nova_api', 'ctl1', runtime='podman'),
                'db': world.container('mariadb', 'ctl1', 'ctl2'),
            },
            services={'sshd': world.service('sshd', 'ctl1')},
            clusters={},
        )
        asked = []
        states = {'nova_api': 'running', 'mariadb': 'running'}

        def look_inside(
            host: ssh.Host, wanted: bystanders.Containers
        ) -> tuple[str, ...]:
            asked.append((host.address, wanted))
            return tuple(states[one.container] for one in wanted)

        others = bystanders.Bystanders(
            self.world.read().targets.values(), self._look, look_inside
        )
        others.remember()
        api = runtimes.Container(container='nova_api', runtime='podman')
        db = runtimes.Container(container='mariadb')
        self.assertEqual([(C1, (api, db)), (C2, (db,))], sorted(asked))
        self.assertEqual([(C1, ('sshd',))], self.asked)
        self.assertEqual((), others.lost())
        states['mariadb'] = 'paused'
        self.assertEqual(
            (f'mariadb of {C1}', f'mariadb of {C2}'), others.lost()
        )

    def test_nothing_is_remembered_and_nobody_asked(self) -> None:
        self.assertEqual((), self.others.lost())
        self.assertEqual([], self.asked)
        empty = bystanders.Bystanders(())
        empty.remember()
        self.assertEqual((), empty.lost())
        self.assertEqual((), empty.remember())


class TestOverSsh(testtools.TestCase):
    def _ask(self, **given: object) -> tuple[str, ...]:
        with mock.patch.object(ssh, 'run', **given) as run:
            said = bystanders.over_ssh(ssh.Host(address=C1), ('a', 'b'))
        (call,) = run.call_args_list
        self.assertEqual(
            ('systemctl', 'is-active', '--', 'a', 'b'), call.args[1]
        )
        return said

    def test_the_state_of_each(self) -> None:
        answer = ssh.Result(3, 'active\nfailed\n', '')
        self.assertEqual(('active', 'failed'), self._ask(return_value=answer))

    def test_a_host_that_does_not_say(self) -> None:
        for answer in (ssh.Result(1, 'active\n', ''), ssh.Result(1, '', 'x')):
            self.assertEqual((), self._ask(return_value=answer))
        self.assertEqual((), self._ask(side_effect=ssh.UnreachableError('x')))
