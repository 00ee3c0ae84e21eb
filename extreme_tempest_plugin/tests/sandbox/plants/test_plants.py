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
"""Each plant shows its bug when it is on, and never when it is off.

Needs a sandbox that is up. Those that take little time are always run; with
``EXTREME_PLANTS=all`` all of them are::

    export EXTREME_PLANTS=all
    export OS_TEST_PATH=./extreme_tempest_plugin/tests/sandbox/plants
    tempest extreme sandbox exec --chdir $PWD -- stestr run --serial
"""

import collections
import json
import os
import pathlib
import subprocess

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import plants
from extreme_tempest_plugin.tests.sandbox.plants import proofs
from extreme_tempest_plugin.tests.sandbox.plants import site as site_module

#: Attempts in which a plant must show, and in which nothing may show without.
#: A race that shows in one of two attempts now and then hides for a while.
ATTEMPTS = {
    'b01': (2, 1),
    'b02': (20, 5),
    'b05': (40, 5),
    'b09': (4, 2),
    'b12': (12, 4),
    'b24': (3, 3),
}
QUICK = ('b05', 'b12', 'b24')
#: Bugs of the released code, and the attempts in which they must show.
LIVE = {'b05i': 60, 'b07': 2, 'b16': 40}
#: No further attempt begins after so many seconds.
LONGEST = 180

WRONG = """\
title: expects another nova
reference: this test
units: [nova-scheduler]
rewrites:
  - module: nova.scheduler.manager
    old: this is not in it
    new: ''
"""


class _OnSandbox(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.site = site_module.Site()

    def call(self, *argv, code=0):
        """Run a command that must end with this code, or any for None."""
        done = subprocess.run(
            [
                *('tempest', 'extreme', 'sandbox', *argv),
                *('--name', self.site.name),
                *('--state-dir', str(self.site.state_dir)),
            ],
            capture_output=True,
            text=True,
            timeout=600,
        )
        if code is not None:
            self.assertEqual(code, done.returncode, done.stderr)
        return done

    def off_in_the_end(self, *names):
        """Whatever the test comes to; they may be off by then."""
        self.addCleanup(self.call, 'plant', 'off', *names, code=None)

    def planted(self):
        status = json.loads(self.call('status', '-f', 'json').stdout)
        return status['plants']

    def seen(self, name, most):
        proof = getattr(proofs, name)
        return site_module.seen(proof, self.site, most, LONGEST)


class TestPlants(_OnSandbox):
    def test_symptoms(self):
        every = os.environ.get('EXTREME_PLANTS') == 'all'
        names = tuple(ATTEMPTS) if every else QUICK
        self.assertEqual([], self.planted())
        for name in names:
            self.assert_not_seen(name, ATTEMPTS[name][1])
        self.off_in_the_end(*names)
        self.call('plant', 'on', *names)
        self.assert_carried(names)
        # Once more changes nothing.
        before = self.planted()
        self.call('plant', 'on', *names)
        self.assertEqual(before, self.planted())
        for name in names:
            self.assertTrue(self.seen(name, ATTEMPTS[name][0]), name)
        self.call('plant', 'off', *names)
        self.assertEqual([], self.planted())
        for name in names:
            self.assert_not_seen(name, 1)

    def assert_not_seen(self, name, most):
        what = self.seen(name, most)
        self.assertFalse(what, f'{name} without its plant: {what}')

    def assert_carried(self, names):
        """By each unit that a plant names, on each host that has it."""
        known = plants.known()
        carried = collections.defaultdict(set)
        for row in self.planted():
            self.assertTrue(row['wanted'], row)
            self.assertTrue(row['processes'], row)
            carried[row['plant']].add(row['unit'])
        self.assertEqual(
            {name: set(known[name].units) for name in names}, carried
        )

    def test_a_plant_that_does_not_fit_fails_loudly(self):
        directory = self.useFixture(fixtures.TempDir()).path
        pathlib.Path(directory, 'misfit.yaml').write_text(WRONG)
        self.off_in_the_end('misfit')
        done = self.call(
            *('plant', 'on', 'misfit', '--plants-dir', directory), code=1
        )
        (error,) = (
            line for line in done.stderr.splitlines() if 'error:' in line
        )
        self.assertIn('nova-scheduler on ', error)
        self.assertIn('nova.scheduler.manager: the text to replace is', error)
        status = json.loads(self.call('status', '-f', 'json').stdout)
        self.assertIn('nova-scheduler', status['hosts'][0]['failed'])
        (row,) = {str(row['processes']) for row in status['plants']}
        self.assertEqual('[]', row)
        # Its directory is not needed any more.
        self.call('plant', 'off', 'misfit')
        status = json.loads(self.call('status', '-f', 'json').stdout)
        self.assertEqual(('up', []), (status['state'], status['plants']))
        self.assertEqual([], status['hosts'][0]['failed'])


class TestLive(_OnSandbox):
    """The released code has these bugs: nothing is planted."""

    def test_symptoms(self):
        self.assertEqual([], self.planted())
        for name, most in LIVE.items():
            self.assertTrue(self.seen(name, most), name)
