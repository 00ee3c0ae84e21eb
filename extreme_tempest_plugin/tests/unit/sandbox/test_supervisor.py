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
"""The power states of one machine, without a container."""

import os
import pathlib
import threading
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.hosts import board
from extreme_tempest_plugin.sandbox.hosts import machine
from extreme_tempest_plugin.sandbox.hosts import supervisor


class BoardTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.spec = board.Specification(
            name='dev',
            state_root=str(self.top),
            run_root=str(self.top),
            topology='single',
            host='cmp1',
            lower=('/golden', '/root'),
            binds=(('/run/x/data', '/var/lib/data'),),
        )
        self.done = []
        self.patch('network.power_on', self.did('network on'))
        self.patch('network.power_off', self.did('network off'))
        self.patch('Group', mock.MagicMock())
        self.popen = self.patch('subprocess.Popen', self.start)
        self.board = board.Board(self.spec)
        self.board.group.kill.side_effect = lambda: self.done.append('kill')

    def patch(self, name, new):
        where = 'extreme_tempest_plugin.sandbox.hosts.board.' + name
        return self.useFixture(fixtures.MockPatch(where, new)).mock

    def did(self, what):
        return lambda *args: self.done.append(what)

    def start(self, *args, **kwargs):
        self.done.append('start')
        container = mock.Mock()
        container.wait.return_value = self.code
        return container

    code = 0


class TestBoard(BoardTest):
    def test_specification_survives_json(self):
        text = self.spec.to_json()
        self.assertEqual(self.spec, board.Specification.from_json(text))

    def test_on_twice_starts_once(self):
        self.board.on()
        self.board.on()
        self.assertEqual(['network on', 'start'], self.done)
        self.assertEqual('on', self.board.power)

    def test_off_silences_it_first(self):
        self.board.on()
        self.done.clear()
        self.board.off()
        self.assertEqual(['network off', 'kill'], self.done)
        self.assertEqual('off', self.board.power)

    def test_soft_asks_the_container(self):
        self.board.soft()
        self.board.on()
        container = self.board.container
        self.board.soft()
        container.send_signal.assert_called_once()
        self.assertEqual('on', self.board.power)

    def test_a_reboot_starts_it_again_with_a_cold_network(self):
        self.code = board.REBOOT
        self.board.on()
        self.done.clear()
        self.board.ended()
        self.assertEqual(
            ['network off', 'kill', 'network on', 'start'], self.done
        )
        self.assertEqual('on', self.board.power)

    def test_a_shutdown_leaves_it_off_and_silent(self):
        self.board.on()
        self.done.clear()
        self.board.ended()
        self.assertEqual(['network off', 'kill'], self.done)
        self.assertEqual('off', self.board.power)

    def test_reset_is_off_and_on_and_nothing_without_power(self):
        self.board.reset()
        self.assertEqual([], self.done)
        self.board.on()
        self.done.clear()
        self.board.reset()
        self.assertEqual(
            ['network off', 'kill', 'network on', 'start'], self.done
        )
        self.assertEqual('on', self.board.power)

    def test_the_container_uses_the_names_of_the_layout(self):
        command = self.board.command()
        self.assertIn('--machine=dev-cmp1', command)
        self.assertIn('--network-namespace-path=/run/netns/dev-cmp1', command)
        self.assertIn(f'--directory={self.top}/dev/hosts/cmp1/root', command)

    def test_what_is_shared_is_bound(self):
        self.assertIn('--bind=/run/x/data:/var/lib/data', self.board.command())

    def test_the_disk_is_an_overlay_of_its_own_layer(self):
        run = self.patch('shell.run', mock.Mock())
        self.board.mount(self.spec.lower)
        options = run.call_args.args[0][5]
        self.assertIn('lowerdir=/golden:/root,', options)
        self.assertIn(f'upperdir={self.top}/dev/hosts/cmp1/upper', options)


class TestOrders(BoardTest):
    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.MockPatch(
                # Readable never: the container does not end by itself.
                'os.pidfd_open',
                lambda pid: os.eventfd(0),
            )
        )
        made = layout.Layout('dev', self.top, self.top)
        made.run_dir.mkdir()
        (host,) = (
            h for h in topology.named('single').hosts if h.name == 'cmp1'
        )
        self.machine = machine.Machine(made, host)
        self.server = supervisor.Server(self.board, made.socket('cmp1'))

    def serve(self):
        thread = threading.Thread(target=self.server.serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 5)
        self.addCleanup(self.machine.power, 'quit')

    def test_orders_over_the_socket(self):
        self.serve()
        self.assertEqual('off', self.machine.power('status'))
        self.assertEqual('on', self.machine.power('on'))
        self.assertEqual('on', self.machine.power('reset'))
        self.assertEqual('off', self.machine.power('off'))

    def test_an_unknown_order_is_refused_and_ends_nothing(self):
        self.serve()
        self.assertRaises(errors.SandboxError, self.machine.power, 'explode')
        self.assertEqual('off', self.machine.power('status'))

    def test_an_order_that_fails_is_reported(self):
        self.board.group.create.side_effect = OSError('no cgroup')
        self.serve()
        error = self.assertRaises(
            errors.SandboxError, self.machine.power, 'on'
        )
        self.assertIn('no cgroup', str(error))

    def test_no_supervisor(self):
        self.server.listener.close()
        self.assertEqual('gone', self.machine.power('status'))
