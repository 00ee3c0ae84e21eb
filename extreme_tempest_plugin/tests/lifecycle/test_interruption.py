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
"""An ``up`` that ends early, at any step, leaves nothing behind."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import testtools

from extreme_tempest_plugin.sandbox import layout as layout_module
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.image import build
from extreme_tempest_plugin.sandbox.image import golden
from extreme_tempest_plugin.sandbox.image.store import Store
from extreme_tempest_plugin.tests.lifecycle import leftovers

TEMPEST = str(pathlib.Path(sys.executable).with_name('tempest'))
NAME = 'halfway'
SHAPE = topology.named('single')
STEP_TIMEOUT = 240

BUILD = ('Building the image',)
INITIALISE = (
    'Starting the hosts for the first time',
    'Initialising databases',
)
START = ('Starting the hosts', 'Starting OpenStack')


class InterruptionTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.layout = layout_module.make(NAME, layout_module.STATE_ROOT)
        self.default = Store(layout_module.CACHE_ROOT)
        root_key = build.key()
        if not self.default.look_up('root', root_key):
            self.fail('the default cache has no image: bring a sandbox up')
        self.entries = {
            'root': root_key,
            'golden-single': golden.key(root_key, SHAPE),
        }
        self.before = leftovers.before()
        self.addCleanup(self.sandbox, 'down')

    def sandbox(self, order, *arguments):
        return subprocess.run(
            [TEMPEST, 'extreme', 'sandbox', order, '--name', NAME, *arguments],
            capture_output=True,
            text=True,
            timeout=300,
        )

    def cache(self, *kinds):
        """A cache of its own that has some entries of the default one."""
        # Beside the default cache: links do not cross file systems.
        cache = pathlib.Path(
            tempfile.mkdtemp(
                prefix='test-', dir=layout_module.CACHE_ROOT.parent
            )
        )
        self.addCleanup(shutil.rmtree, cache, ignore_errors=True)
        for kind in kinds:
            source = self.default.path(kind, self.entries[kind])
            subprocess.run(
                ['cp', '--archive', '--link', source, cache], check=True
            )
        return cache

    def interrupt(self, cache, step, number):
        """Bring it up and send a signal a moment after a step has begun.

        :returns: the exit code, and the namespaces that were there
        """
        process = subprocess.Popen(
            [
                *(TEMPEST, 'extreme', 'sandbox', 'up', '--name', NAME),
                *('--cache-dir', str(cache)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background job would ignore it.
            preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.default_int_handler
            ),
        )
        watchdog = threading.Timer(STEP_TIMEOUT, process.kill)
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        seen = []
        for line in process.stderr:
            seen.append(line)
            if line.rstrip().endswith(step) or f'{step} (' in line:
                break
        else:
            self.fail(f'no step {step!r} in: {"".join(seen)}')
        # A busy machine may take a while to begin with it; the watchdog does
        # not wait for ever.
        group = Group(self.layout.cgroup)
        while not group.exists():
            if process.poll() is not None:
                said = ''.join(seen) + process.stderr.read()
                self.fail(f'{step!r} began nothing: {said}')
            time.sleep(0.05)
        time.sleep(0.5)
        spaces = leftovers.own_namespaces(self.layout)
        os.kill(process.pid, number)
        self.said = ''.join(seen) + process.stderr.read()
        watchdog.cancel()
        return process.wait(), spaces

    def check_nothing_is_left(self, spaces):
        # A host's PID 1 ends when every command that was sent into the host
        # has been collected. Their parent died, so that is up to PID 1 of
        # this machine; a small one does it every second or two.
        end = time.monotonic() + 15
        while left := leftovers.find(self.layout, self.before, spaces):
            if time.monotonic() > end:
                self.fail(f'left behind: {left}')
            time.sleep(0.5)

    def check(self, cache, steps):
        for step in steps:
            code, spaces = self.interrupt(cache, step, signal.SIGKILL)
            self.assertEqual(-signal.SIGKILL, code)
            # It can fail: a killed process cleans nothing up.
            self.assertTrue(Group(self.layout.cgroup).exists(), step)
            down = self.sandbox('down')
            self.assertEqual(0, down.returncode, down.stderr)
            self.check_nothing_is_left(spaces)
            code, spaces = self.interrupt(cache, step, signal.SIGINT)
            self.assertEqual(130, code, self.said)
            self.check_nothing_is_left(spaces)


class TestInterruption(InterruptionTest):
    def test_while_the_image_is_built(self):
        cache = self.cache()
        self.check(cache, BUILD)
        # The half of an image goes with the next build, at the latest.
        self.assertEqual([], list(cache.glob('root-*')))

    def test_while_the_hosts_are_initialised(self):
        cache = self.cache('root')
        self.check(cache, INITIALISE)
        self.assertEqual([], list(cache.glob('golden-*')))

    def test_while_it_starts_from_the_cache(self):
        self.check(self.cache('root', 'golden-single'), START)


class TestDamage(InterruptionTest):
    def test_a_written_file_in_the_cache_is_noticed(self):
        cache = self.cache('root', 'golden-single')
        (entry,) = cache.glob('golden-*')
        host = entry / golden.HOSTS / 'ctl1/etc/hostname'
        text = host.read_text()
        # Not through the link, which the default cache has, too.
        host.unlink()
        host.write_text(text[::-1])
        step = 'Preparing the hosts'
        _, spaces = self.interrupt(cache, step, signal.SIGINT)
        self.check_nothing_is_left(spaces)
