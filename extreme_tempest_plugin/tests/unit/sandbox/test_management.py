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
"""Which hosts an operator can reach; without a network."""

import pathlib
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.health import management

SHAPE = topology.named('single')


class TestManagement(testtools.TestCase):
    def setUp(self):
        super().setUp()
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.layout = layout.Layout('dev', run_root=top)
        self.layout.run_dir.mkdir()
        self.silent = {}
        self.patch('namespace.call', lambda path, function: function())
        self.patch('_ssh', self.ask)
        self.patch('bmc.asked', self.ask)
        self.patch('time.sleep', mock.Mock())

    def patch(self, name, new):
        where = 'extreme_tempest_plugin.sandbox.health.management.' + name
        self.useFixture(fixtures.MockPatch(where, new))

    def ask(self, address, timeout=0):
        return self.silent.get(address, '')

    def missing(self):
        return management.missing(self.layout, SHAPE)

    def test_all_answer(self):
        self.assertEqual({}, self.missing())

    def test_a_host_and_its_bmc_are_told_apart(self):
        self.silent['10.88.0.22'] = 'timed out'
        self.assertEqual({'SSH on cmp2': 'timed out'}, self.missing())
        self.silent = {'10.88.0.122': 'refused'}
        self.assertEqual({'BMC of cmp2': 'refused'}, self.missing())

    def test_the_switch_answers_too_and_has_no_bmc(self):
        asked = []
        self.patch('bmc.asked', lambda address, _: asked.append(address))
        self.silent['10.88.0.2'] = 'timed out'
        self.assertEqual({'SSH on sw': 'timed out'}, self.missing())
        self.assertEqual(len(SHAPE.nodes), len(asked))

    def test_no_network_at_all(self):
        def broken(path, function):
            raise FileNotFoundError('no namespace')

        self.patch('namespace.call', broken)
        self.assertEqual(
            {'management network': 'no namespace'}, self.missing()
        )

    def test_waiting_ends_with_the_reason_and_the_log(self):
        self.silent['10.88.0.121'] = 'refused'
        self.layout.bmc_log.write_text('address in use\n')
        error = self.assertRaises(
            errors.StepFailed, management.wait, self.layout, SHAPE, -1
        )
        self.assertIn('BMC of cmp1', str(error))
        self.assertIn('refused', str(error))
        self.assertIn('address in use', error.journal)
