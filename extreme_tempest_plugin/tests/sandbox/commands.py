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
"""Commands against the sandbox, with a configuration of their own.

Needs a sandbox that is up, see ``test_failures``.
"""

import configparser
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import testtools


class SandboxTest(testtools.TestCase):
    """Runs commands as their user does.

    :ivar directory: with tempest.conf, where the commands run.
    :ivar runs: where they keep what they saw.
    """

    def setUp(self):
        super().setUp()
        given = os.environ.get('TEMPEST_CONFIG_DIR')
        if not given or not os.environ.get('OS_FAULTS_CONFIG'):
            self.fail('not in a sandbox: use `tempest extreme sandbox exec`')
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        self.runs = self.directory / 'runs'
        self.config = configparser.ConfigParser(interpolation=None)
        self.config.read(pathlib.Path(given) / 'tempest.conf')
        self.configure('stress', runs_dir=str(self.runs))
        journal = str(self.directory / 'journal')
        self.configure('destructive', state_dir=journal)
        self.env = dict(os.environ, TEMPEST_CONFIG_DIR=str(self.directory))
        (self.directory / '.stestr.conf').write_text(
            (pathlib.Path(given).parent / '.stestr.conf').read_text()
        )

    def configure(self, section, **options):
        """Set options in tempest.conf."""
        self.config[section].update(options)
        with (self.directory / 'tempest.conf').open('w') as file:
            self.config.write(file)

    def call(self, *argv):
        return subprocess.run(
            argv,
            cwd=self.directory,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )

    def begin(self, *argv):
        run = subprocess.Popen(
            argv,
            cwd=self.directory,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def verdict(self):
        (run,) = self.runs.iterdir()
        return run, json.loads((run / 'verdict.json').read_text())

    def wait_for_event(self, actor, text, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for part in self.runs.glob(f'*/parts/{actor}.jsonl'):
                if text in part.read_text():
                    return
            time.sleep(0.2)
        self.fail(f'no event {text} within {seconds} s')
