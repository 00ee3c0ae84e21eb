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
"""Planted outages: which are found, how exactly, and what the watch costs.

A keystone and a nova on loopback are broken for known times while a monitor
asks twenty times a second, and curl, Rally's constant runner and Tempest's own
client ask beside it.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import rally

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.tests.functional.uptime import stand_in
from extreme_tempest_plugin.uptime import outages
from extreme_tempest_plugin.uptime import spec
from extreme_tempest_plugin.uptime import watch

HERE = pathlib.Path(__file__).resolve().parent
INTERVAL_S = 0.05
LENGTHS_S = (0.05, 0.5, 5.0)
LONG_S = 60.0
MODES = ('refuse', 'hang', '503', 'reset')
#: Between two outages, so that each is one of its own.
PAUSE_S = 2.5
SERVICES = 8
#: Until everybody who watches has begun.
START_S = 15.0
#: As Tobiko's http_ping does it.
CURL_INTERVAL_S = 2.0


def add_arguments(parser):
    parser.add_argument(
        '--long', action='store_true', help='outages of 60 s, too'
    )
    parser.add_argument(
        '--quiet-s',
        type=float,
        default=30.0,
        help='seconds of watching eight services without an outage',
    )


def measure(arguments):
    lengths = (*LENGTHS_S, LONG_S) if arguments.long else LENGTHS_S
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        figures = _quiet(folder, arguments.quiet_s)
        for number in range(arguments.runs):
            found = _planted(folder / f'{number}.jsonl', lengths)
            figures = _merge(figures, found)
    return figures


def _merge(figures, more):
    """Counts add up, an error is the worst, and others are the last."""
    merged = {**figures, **more}
    for key in ('planted', 'found', 'false_outages'):
        merged[key] = figures.get(key, 0) + more.get(key, 0)
    worst = 'worst_edge_error_ms'
    merged[worst] = max(figures.get(worst, 0.0), more.get(worst, 0.0))
    return merged


def _spec(cloud, part, service='nova'):
    return spec.Spec(
        service=service,
        target='nova',
        run='benchmark',
        part=str(part),
        auth_url=f'{cloud.keystone.url}/v3',
        region='here',
        endpoint_type='public',
        catalog_type='compute',
        ca_file='',
        insecure=False,
        username='demo',
        password=stand_in.PASSWORD,
        user_domain='Default',
        project_id='p',
        interval=INTERVAL_S,
        timeout=10.0,
    )


def _watched(part):
    return [
        event
        for event in reader.Reader(pathlib.Path(part), part=True)
        if isinstance(event, events.Sample | events.Missed)
    ]


def _quiet(folder, seconds):
    """Eight services without an outage: what it costs and invents."""
    with stand_in.Cloud() as cloud:
        specs = [
            _spec(cloud, folder / f'quiet-{number}.jsonl', f'nova-{number}')
            for number in range(SERVICES)
        ]
        with watch.Monitors(specs):
            pids = _monitors()
            before, begun = _cpu_s(pids), time.monotonic()
            time.sleep(seconds)
            used = _cpu_s(pids) - before
            took = time.monotonic() - begun
            memory = max(map(_rss_mb, pids))
        watched = [_watched(one.part) for one in specs]
    found = [outages.of(one, specs[0].interval_ns) for one in watched]
    return {
        'false_outages': sum(len(one.outages) for one in found),
        'cpu_cores': round(used / took, 3),
        'most_mb': round(memory, 1),
        'samples': sum(one.good + one.failed for one in found),
        'missed': sum(one.missed for one in found),
    }


def _monitors():
    """The monitors that this process has started."""
    children = pathlib.Path('/proc/self/task').glob('*/children')
    pids = [pid for one in children for pid in one.read_text().split()]
    return [
        pid
        for pid in pids
        if b'uptime.monitor'
        in pathlib.Path(f'/proc/{pid}/cmdline').read_bytes()
    ]


def _cpu_s(pids):
    ticks = 0
    for pid in pids:
        stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
        fields = stat.rpartition(')')[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


def _rss_mb(pid):
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    (line,) = (x for x in status.splitlines() if x.startswith('VmRSS'))
    return int(line.split()[1]) / 1024


def _planted(part, lengths):
    planted = []
    with stand_in.Cloud() as cloud:
        one = _spec(cloud, part)
        seconds = len(MODES) * sum(one + PAUSE_S for one in lengths)
        with (
            # First: it takes long to begin.
            Rally(cloud, seconds + START_S) as constant,
            watch.Monitors([one]),
            Curl(cloud) as curl,
            Loop(cloud) as loop,
        ):
            time.sleep(PAUSE_S)
            for mode in MODES:
                for seconds in lengths:
                    planted.append(cloud.nova.plant(mode, seconds))
                    time.sleep(PAUSE_S)
    found = list(outages.of(_watched(part), one.interval_ns).outages)
    figures = compare(planted, found)
    peers = {'curl': curl, 'tempest': loop, 'rally': constant}
    for name, peer in peers.items():
        seen = sum(
            any(
                begun < plant.end[1] and ended > plant.start[0]
                for begun, ended in peer.failures
            )
            for plant in planted
        )
        figures[f'{name}_found'] = seen
        figures[f'{name}_samples'] = peer.samples
    return figures


def compare(planted, found):
    """What was found of what was planted.

    An edge is off by as much as it lies outside of the window in which the
    stand-in was broken or healed.
    """
    worst, hits = 0, 0
    for plant in planted:
        mine = [
            one
            for one in found
            if one.start_ns < plant.end[1] + 1e9
            and one.end_ns > plant.start[0]
        ]
        if len(mine) != 1:
            continue
        hits += 1
        found.remove(mine[0])
        for edge, window in (
            (mine[0].start_ns, plant.start),
            (mine[0].end_ns, plant.end),
        ):
            worst = max(worst, window[0] - edge, edge - window[1])
    return {
        'planted': len(planted),
        'found': hits,
        'false_outages': len(found),
        'worst_edge_error_ms': round(worst / 1e6, 1),
    }


class Curl:
    """curl every two seconds; every status below 500 is good."""

    def __init__(self, cloud):
        self.failures = []
        self.samples = 0
        self._url = f'{cloud.nova.url}/v2.1/servers'
        quiet = ['curl', '-sI', '-m', '5', '-o', '/dev/null']
        self._curl = [*quiet, '-w', '%{http_code}']
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *args):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.wait(CURL_INTERVAL_S):
            begun = time.monotonic_ns()
            done = subprocess.run(
                [*self._curl, self._url],
                capture_output=True,
                text=True,
                check=False,
            )
            self.samples += 1
            if done.returncode or int(done.stdout or 500) >= 500:
                self.failures.append((begun, time.monotonic_ns()))


class Rally:
    """Rally's constant runner: one request after the other."""

    def __init__(self, cloud, seconds):
        self.failures = []
        self.samples = 0
        self._nova = cloud.nova
        self._seconds = seconds
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._rally = rally.Rally(self._folder.name)
        self._thread.start()
        self._nova.await_answers(1)
        return self

    def __exit__(self, *args):
        self._thread.join()
        self._folder.cleanup()
        if not self.samples:
            raise SystemExit('Rally sent nothing: see above')

    def _run(self):
        epoch = time.time_ns() - time.monotonic_ns()
        for begun, ended, failed in self._rally.watch(
            f'{self._nova.url}/v2.1/servers', self._seconds, 401
        ):
            self.samples += 1
            if failed:
                self.failures.append(
                    (begun * 1e9 - epoch, ended * 1e9 - epoch)
                )


class Loop:
    """Tempest's client as it is, in a loop, in a process of its own."""

    def __init__(self, cloud):
        command = [sys.executable, str(HERE / 'peers' / 'tempest_watch.py')]
        self.failures = []
        self.samples = 0
        self._command = [*command, cloud.keystone.url, stand_in.PASSWORD]

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *args):
        out, _ = self._process.communicate(timeout=120)
        said = json.loads(out)
        self.samples, self.failures = said['samples'], said['failures']
