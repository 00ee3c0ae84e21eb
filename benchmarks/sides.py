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
"""What reads a server from the stub, each side in a process of its own.

Each gives the operations that it did in a while, and the CPU seconds (user
and system) that its load process used for them.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

import nginx

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import runner
from extreme_tempest_plugin.storm import spec

PEERS = pathlib.Path(__file__).with_name('peers')

#: Seconds until connections are there and code is warm.
WARM_UP = 1.5

_TICKS = os.sysconf('SC_CLK_TCK')


@dataclasses.dataclass(frozen=True)
class Sample:
    """Operations of a while, and what they cost."""

    operations: int
    cpu_s: float
    seconds: float = 0.0

    @property
    def per_cpu_s(self):
        return self.operations / self.cpu_s

    @property
    def per_s(self):
        return self.operations / self.seconds


def fasthttpuser(url, users, seconds):
    """A plain Locust FastHttpUser."""
    with tempfile.TemporaryDirectory() as directory:
        result = pathlib.Path(directory, 'result.json')
        command = [
            *(sys.executable, '-m', 'locust', '--headless'),
            *('--locustfile', str(PEERS / 'fasthttpuser.py')),
            *('--users', str(users), '--spawn-rate', str(users)),
            *('--host', url, '--only-summary', '--loglevel', 'WARNING'),
        ]
        _run(command, BENCH=f'{WARM_UP}:{seconds}:{result}')
        return Sample(**json.loads(result.read_text()))


def tempest(url, seconds, how):
    """Tempest's own client of servers in a bare loop.

    :param how: ``full``, or ``bare`` without the check against a schema.
    """
    command = [sys.executable, str(PEERS / 'tempest_loop.py'), url]
    return Sample(**json.loads(_run([*command, str(seconds), how])))


def loop(seconds, processes):
    """A loop of Python in so many processes at once, all of them together."""
    command = [sys.executable, str(PEERS / 'loop.py'), str(seconds)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    found = [json.loads(one.communicate()[0]) for one in running]
    return Sample(
        operations=sum(one['operations'] for one in found),
        cpu_s=sum(one['cpu_s'] for one in found),
    )


def _run(command, **environment):
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise SystemExit(f'{command}: {done.stderr[-2000:]}')
    return done.stdout


def storm_spec(url, **more):
    """A storm whose users create a server each and then read it."""
    users = more['users']
    return spec.StormSpec(
        run=str(uuid.uuid4()),
        seed=1,
        duration=3600.0,
        storm=plan_model.Storm(
            actions={'server.create': 1.0, 'server.show': 1.0},
            max_instances=users,
            settle_timeout=10.0,
            **{'think_time': (0.0, 0.0), **more},
        ),
        cloud=settings.Cloud(
            auth_url=f'{url}/v3',
            region='RegionOne',
            endpoint_type='public',
            ca_file='',
            insecure=False,
            catalog_types={'nova': 'compute', 'keystone': 'identity'},
            image='image-1',
            flavor='flavor-1',
        ),
        credentials=credentials.Credentials(
            username='bench',
            password='bench',
            user_domain='Default',
            project='bench',
            project_id=nginx.PROJECT,
            project_domain='Default',
            network='network-1',
        ),
    )


def ours(url, users, seconds, **more):
    """A storm: operations that are verified and in the history."""
    with tempfile.TemporaryDirectory() as directory:
        storm = runner.Storm(
            storm_spec(url, users=users, **more), pathlib.Path(directory)
        )
        storm.start()
        try:
            time.sleep(WARM_UP)
            began, before = time.monotonic_ns(), _cpu_s(storm)
            time.sleep(seconds)
            ended, after = time.monotonic_ns(), _cpu_s(storm)
        finally:
            storm.stop()
            end = storm.wait()
        if not end.ok:
            raise SystemExit(f'the storm broke: {end}')
        return Sample(
            operations=_recorded(storm.parts, began, ended),
            cpu_s=after - before,
            seconds=(ended - began) / 1e9,
        )


def memory_mb(url, users):
    """The most memory that one load process with many users takes."""
    with tempfile.TemporaryDirectory() as directory:
        storm = runner.Storm(
            storm_spec(url, users=users, think_time=(0.5, 2.0)),
            pathlib.Path(directory),
        )
        storm.start()
        try:
            # All have a connection, and have read their server some times.
            time.sleep(15)
            text = pathlib.Path(f'/proc/{storm.pids()[0]}/status').read_text()
        finally:
            storm.stop()
            end = storm.wait()
        if not end.ok:
            raise SystemExit(f'the storm broke: {end}')
        actors = {
            event.actor
            for event in reader.Reader(storm.parts[0], part=True)
            if isinstance(event, events.Settled)
        }
        assert len(actors) == users, len(actors)
        highest = next(
            line for line in text.splitlines() if line.startswith('VmHWM')
        )
        return round(int(highest.split()[1]) / 1024)


def _cpu_s(storm):
    """CPU seconds of the load processes so far."""
    total = 0
    for pid in storm.pids():
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
        fields = text.rpartition(')')[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _recorded(parts, began, ended):
    """Operations that reached what they wanted, by the history on disk."""
    found = 0
    for part in parts:
        for event in reader.Reader(part, part=True):
            if isinstance(event, events.Settled) and began <= event.t < ended:
                assert event.reached, event
                found += 1
    return found
