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
"""The commands as a user types them, on the cloud of the stub.

The cloud and its user come from clouds.yaml.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import fixtures
import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.tests.functional.storm import stub

CLOUDS = """
clouds:
  stub:
    auth:
      auth_url: {url}
      username: storm
      password: not-to-be-seen
      project_name: storm
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
"""

CONF = """
[DEFAULT]
log_dir = {here}
[compute]
image_ref = image-1
flavor_ref = flavor-1
[stress]
runs_dir = {here}/runs
[destructive]
state_dir = {here}/journal
"""

IN_TWO = """
name: in-two
duration: {duration}
seed: 3
storm:
  users: 4
  processes: 2
  think_time: [0.1, 0.3]
  actions: {{keypair.create: 2, keypair.delete: 1}}
"""

SECRET = 'not-to-be-seen'


class CommandTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.here = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.stub = stub.Stub()
        self.stub.__enter__()
        self.addCleanup(self.stub.__exit__)
        self._cloud(self.stub.url)
        conf = CONF.format(here=self.here)
        (self.here / 'tempest.conf').write_text(conf)
        # Somebody else's.
        self.stub.keypairs.add('precious')

    def _cloud(self, url: str) -> None:
        (self.here / 'clouds.yaml').write_text(CLOUDS.format(url=url))

    def _environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        return {
            **kept,
            'TEMPEST_CONFIG_DIR': str(self.here),
            'OS_CLIENT_CONFIG_FILE': str(self.here / 'clouds.yaml'),
            'OS_CLOUD': 'stub',
            **more,
        }

    def _begin(self, *words: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [
                str(pathlib.Path(sys.executable).with_name('tempest')),
                'extreme',
                *words,
            ],
            env=self._environment(),
            cwd=self.here,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        return child

    def _end(self, child: subprocess.Popen[str]) -> tuple[int, str, str]:
        out, err = child.communicate(timeout=200)
        self.assertNotIn(SECRET, out + err)
        self.assertNotIn('Traceback', err)
        return child.returncode, out, err

    def _do(self, *words: str) -> tuple[int, str, str]:
        return self._end(self._begin(*words))

    def _refused(self, *words: str) -> str:
        """A mistake of the user's: one line, exit code 2."""
        status, out, err = self._do(*words)
        self.assertEqual(2, status, err)
        self.assertEqual('', out)
        lines = [
            line for line in err.splitlines() if line.startswith('extreme ')
        ]
        self.assertEqual(1, len(lines), err)
        return lines[0]

    def _run_directory(self) -> pathlib.Path:
        return max((self.here / 'runs').iterdir())

    def _events(self, kind=events.Event) -> list[events.Event]:
        history = reader.Reader(self._run_directory() / 'history.jsonl')
        return [event for event in history if isinstance(event, kind)]

    def _await(self, condition) -> None:
        deadline = time.monotonic() + 90
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def test_a_storm_and_its_replay(self):
        status, out, err = self._do(
            'storm',
            'keypair.create=2',
            'keypair.delete',
            'volume.create',
            'volume.delete',
            *('--users', '2', '--duration', '3', '--seed', '5'),
        )
        self.assertEqual(0, status, err)
        self.assertIn('PASS', out)
        # What the cloud does not offer is said, and the rest is done.
        remark = (
            'no cinder in the catalog: volume.create, volume.delete left out'
        )
        self.assertIn(remark, err)
        self.assertIn(remark, [one.text for one in self._events(events.Note)])
        self.assertEqual({'precious'}, self.stub.keypairs)
        first = self._run_directory()
        before = self._events(events.Invoke)

        status, out, err = self._do('replay', str(first))
        self.assertEqual(0, status, err)
        self.assertNotEqual(first, self._run_directory())
        after = self._events(events.Invoke)
        self.assertEqual(
            sorted((one.op, one.action) for one in before),
            sorted((one.op, one.action) for one in after),
        )
        self.assertEqual(set(), self._names(before) & self._names(after))
        self.assertEqual({'precious'}, self.stub.keypairs)
        for path in self.here.glob('runs/**/*'):
            if path.is_file():
                self.assertNotIn(SECRET, path.read_text(errors='replace'))

    def _names(self, invoked) -> set[object]:
        return {
            one.args['name']
            for one in invoked
            if one.action == 'keypair.create'
        }

    def _plan(self, text: str) -> str:
        path = self.here / 'plan.yaml'
        path.write_text(text)
        return str(path)

    def test_several_processes_and_their_replay(self):
        plan = self._plan(IN_TWO.format(duration=4))
        status, _, err = self._do('run', plan)
        self.assertEqual(0, status, err)
        before = self._events(events.Invoke)
        self.assertEqual(
            {'storm/0', 'storm/1'},
            {one.actor.rpartition('/')[0] for one in before},
        )
        # A slower cloud: it does the same, and is late.
        self.stub.rules = [
            lambda method, path: time.sleep(0.5 if method == 'POST' else 0)
        ]
        status, _, err = self._do('replay', str(self._run_directory()))
        self.assertEqual(0, status, err)
        after = self._events(events.Invoke)
        self.assertEqual(
            sorted((one.op, one.actor, one.action) for one in before),
            sorted((one.op, one.actor, one.action) for one in after),
        )

    def test_a_load_process_is_killed(self):
        """What the others saw is no proof that nothing is wrong."""
        child = self._begin('run', self._plan(IN_TWO.format(duration=60)))
        self._await(lambda: len(self.stub.keypairs) > 6)
        parts = list(self._run_directory().glob('parts/storm-1.*'))
        victims = [
            pid for pid in _descendants(child.pid) if _holds(pid, parts)
        ]
        self.assertEqual(1, len(victims), victims)
        os.kill(victims[0], signal.SIGKILL)
        status, out, err = self._end(child)
        self.assertEqual(3, status, out + err)
        self.assertIn('UNKNOWN', out)
        self.assertIn('load process 1', out + err)
        said = [one.text for one in self._events(events.Note)]
        self.assertIn('load process 1', ' '.join(said))
        self.assertEqual({'precious'}, self.stub.keypairs)

    def test_what_a_killed_run_left_is_deleted(self):
        child = self._begin(
            'storm', 'server.create', 'keypair.create', '--duration', '60'
        )
        self._await(lambda: len(self.stub.keypairs) > 3 and self.stub.machines)
        run = str(self._run_directory())
        self.assertIn('is alive', self._refused('clean', '--run', run))
        child.kill()
        status, out, err = self._do('clean', '--run', run)
        self.assertEqual(0, status, out + err)
        self.assertEqual({}, self.stub.machines)
        self.assertEqual({'precious'}, self.stub.keypairs)
        record = json.loads((self._run_directory() / 'run.json').read_text())
        status, out, err = self._do('clean', '--run', record['run'])
        self.assertEqual(0, status, out + err)

    def test_what_cannot_be_deleted_is_listed(self):
        child = self._begin('storm', 'keypair.create', '--duration', '60')
        self._await(lambda: len(self.stub.keypairs) > 3)
        run = str(self._run_directory())
        child.kill()
        stays = next(iter(self.stub.keypairs - {'precious'}))
        self.stub.rules = [
            lambda method, path: (
                409 if method == 'DELETE' and path.endswith(stays) else None
            )
        ]
        status, out, err = self._do('clean', '--run', run, '--timeout', '2')
        self.assertEqual(1, status, out + err)
        self.assertIn(f'still there: keypair/{stays}', out)
        self.assertEqual({'precious', stays}, self.stub.keypairs)

    def test_ctrl_c_settles_cleans_up_and_prints(self):
        # A job in the background is started with SIGINT ignored, and hands
        # that on; a handler is not handed on.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        child = self._begin(
            'storm', 'server.create', 'keypair.create', '--duration', '60'
        )
        self._await(lambda: len(self.stub.keypairs) > 3)
        child.send_signal(signal.SIGINT)
        status, out, err = self._end(child)
        self.assertEqual(3, status, out + err)
        self.assertIn('UNKNOWN', out)
        self.assertIn('keypair.create', out)
        self.assertEqual({}, self.stub.machines)
        self.assertEqual({'precious'}, self.stub.keypairs)

    def test_stop_on_finding(self):
        self.stub.rules = [
            lambda method, path: (
                500
                if method == 'POST'
                and path.endswith('os-keypairs')
                and len(self.stub.keypairs) > 3
                else None
            )
        ]
        began = time.monotonic()
        status, out, err = self._do(
            'storm',
            'keypair.create',
            *('--duration', '150', '--stop-on-finding'),
        )
        self.assertEqual(1, status, out + err)
        self.assertIn('stopped at a finding: keypair.create', err)
        self.assertLess(time.monotonic() - began, 120)

    def test_no_cloud(self):
        self._cloud('http://127.0.0.1:9')
        said = self._refused('storm', 'server.create')
        self.assertIn('http://127.0.0.1:9/v3', said)

    def test_wrong_credentials(self):
        self.stub.rules = [
            lambda method, path: 401 if 'auth/tokens' in path else None
        ]
        said = self._refused('storm', 'server.create')
        self.assertIn(f'{self.stub.url}/v3', said)

    def test_a_value_that_tempest_conf_may_not_have(self):
        with (self.here / 'tempest.conf').open('a') as conf:
            conf.write('call_timeout = soon\n')
        said = self._refused('storm', 'server.create')
        self.assertIn('tempest.conf', said)
        self.assertIn('call_timeout', said)

    def test_no_such_cloud(self):
        said = self._refused('storm', 'server.create', '--os-cloud', 'moon')
        self.assertIn('moon', said)

    def test_nothing_of_the_plan_is_offered(self):
        said = self._refused('storm', 'volume.create', 'volume.delete')
        self.assertIn('nothing is left of the storm', said)
        self.assertIn('no cinder in the catalog', said)

    def test_plans_that_cannot_be_run(self):
        """All of them are in the unit tests; here is how one is told of it."""
        plan = self.here / 'mine.yaml'
        for storm, line, said in (
            ('{actions: {server.crate: 1}}', 3, 'unknown action'),
            ('{actions: {server.create: -1}}', 3, 'server.create'),
        ):
            plan.write_text(f'name: mine\nduration: 5\nstorm: {storm}\n')
            found = self._refused('run', str(plan))
            self.assertIn(f'{plan}:{line}: ', found)
            self.assertIn(said, found)

    def test_a_history_that_is_none(self):
        path = self.here / 'history.jsonl'
        path.write_text('nothing\n')
        self.assertIn('history.jsonl', self._refused('replay', str(path)))
        self.assertIn('moon', self._refused('replay', str(self.here / 'moon')))
        self.assertIn('moon', self._refused('clean', '--run', 'moon'))
        never = ('clean', '--run', 'moon', '--timeout', 'nan')
        self.assertIn('--timeout', self._refused(*never))


def _descendants(pid: int) -> list[int]:
    children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text()
    found = [int(word) for word in children.split()]
    return found + [one for child in found for one in _descendants(child)]


def _holds(pid: int, paths: list[pathlib.Path]) -> bool:
    """Whether a process has one of some files open."""
    return any(
        file.resolve() in paths
        for file in pathlib.Path(f'/proc/{pid}/fd').iterdir()
    )
