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
"""Measures the sandbox: build, up, down, memory, idle CPU, leftovers.

Needs root. build_s, from an empty cache to initialised hosts, is measured
with --cold only. up_s lasts from the command to the first server and its
port ACTIVE. idle_cpu_pct is of one core, over IDLE_S seconds in which nobody
uses the cloud. With several runs a time is the median; memory and CPU are the
highest.
"""

import dataclasses
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import failover
import servers

from extreme_tempest_plugin.sandbox import api
from extreme_tempest_plugin.sandbox import layout as layout_module
from extreme_tempest_plugin.sandbox import lifecycle
from extreme_tempest_plugin.sandbox import namespace
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import status as status_module
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.tests.lifecycle import leftovers

TEMPEST = pathlib.Path(sys.executable).with_name('tempest')
BOOT_TIMEOUT = 180
#: Seconds for the start to die down, and seconds that are measured.
SETTLE_S = 60
IDLE_S = 60


def add_arguments(parser):
    parser.add_argument('--name', default='bench')
    parser.add_argument(
        '--topology', default='single', choices=sorted(topology.TOPOLOGIES)
    )
    parser.add_argument(
        '--without',
        default='',
        metavar='SERVICE[,SERVICE]',
        help='services to leave out',
    )
    parser.add_argument(
        '--cold',
        action='store_true',
        help='build from nothing, in a cache that is thrown away',
    )
    parser.add_argument(
        '--failover',
        type=int,
        default=0,
        metavar='N',
        help='cut the power of each controller N times',
    )
    parser.add_argument(
        '--cache-dir',
        type=pathlib.Path,
        default=layout_module.CACHE_ROOT,
        metavar='DIR',
    )


def sandbox(*arguments):
    """Run one command of the sandbox; returns the seconds it took."""
    start = time.monotonic()
    subprocess.run(
        [str(TEMPEST), 'extreme', 'sandbox', *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=1800,
    )
    return time.monotonic() - start


class Stopwatch:
    """A progress display that notes when the start from the cache begins."""

    def __init__(self):
        self.start = time.monotonic()
        self.built = None

    def step(self, text):
        print(f'  {text}', file=sys.stderr, flush=True)
        if text == lifecycle.FIRST_STEP:
            self.built = time.monotonic() - self.start

    def detail(self, text):
        pass


def build(layout, shape):
    """Seconds from nothing to a complete cache."""
    # Beside the default cache: /tmp may be in memory.
    with tempfile.TemporaryDirectory(dir='/var/tmp') as cache:
        watch = Stopwatch()
        running = lifecycle.Sandbox(layout, watch)
        running.up(shape, pathlib.Path(cache))
        running.down()
    return watch.built


def boot(layout, shape):
    """Boot a server; returns when it and its port are ACTIVE."""
    record = status_module.Record.read(layout.record)
    cloud = api.Cloud(shape.api_address, record.password, timeout=60)

    def visit():
        cloud.authenticate()
        made = servers.start(cloud)
        end = time.monotonic() + BOOT_TIMEOUT
        while why := servers.why_not_active(cloud, made):
            if time.monotonic() > end:
                raise SystemExit(f'the server did not become ACTIVE: {why}')
            time.sleep(0.2)

    namespace.call(network.NAMESPACES / layout.tester, visit)


def pss_mb(layout):
    """Memory of all processes of a sandbox, shared pages divided."""
    total = 0
    for pid in Group(layout.cgroup).processes():
        try:
            text = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text()
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith('Pss:'):
                total += int(line.split()[1])
    return round(total / 1024)


def cpu_s(layout):
    """CPU seconds that a sandbox has used so far."""
    for directory in Group(layout.cgroup).directories:
        usage = directory / 'cpuacct.usage'
        if usage.exists():
            return int(usage.read_text()) / 1e9
        stat = directory / 'cpu.stat'
        if stat.exists():
            fields = dict(map(str.split, stat.read_text().splitlines()))
            if 'usage_usec' in fields:
                return int(fields['usage_usec']) / 1e6
    raise SystemExit('no cgroup of this machine counts CPU time')


def idle_cpu_pct(layout):
    """Share of one core that a sandbox uses when nobody uses it."""
    time.sleep(SETTLE_S)
    start, used = time.monotonic(), cpu_s(layout)
    time.sleep(IDLE_S)
    elapsed = time.monotonic() - start
    return 100 * (cpu_s(layout) - used) / elapsed


@dataclasses.dataclass(frozen=True)
class Life:
    """What was measured from one ``up`` to the ``down`` after it."""

    up_s: float
    pss_mb: int
    idle_cpu_pct: float
    down_s: float
    left: int
    failover: dict[str, float]


def cut_power(arguments, layout, shape):
    """The figures of a failover, if they are wanted."""
    if not arguments.failover:
        return {}
    if not shape.clustered:
        raise SystemExit(
            '--failover needs a topology with several controllers'
        )
    password = status_module.Record.read(layout.record).password
    return failover.run(layout, shape, password, arguments.failover)


def once(arguments, layout, shape):
    """One life of a sandbox."""
    was = leftovers.before()
    start = time.monotonic()
    sandbox(
        *('up', '--name', layout.name, '--topology', shape.name),
        *('--without', ','.join(shape.without)),
        *('--cache-dir', str(arguments.cache_dir), '-f', 'json'),
    )
    try:
        boot(layout, shape)
        up_s = time.monotonic() - start
        memory = pss_mb(layout)
        idle = idle_cpu_pct(layout)
        failures = cut_power(arguments, layout, shape)
        spaces = leftovers.own_namespaces(layout)
    finally:
        down_s = sandbox('down', '--name', layout.name)
    # PID 1 of a small machine collects the dead a moment later.
    time.sleep(1)
    left = leftovers.find(layout, was, spaces)
    for item in left:
        print(f'left: {item}', file=sys.stderr)
    return Life(up_s, memory, idle, down_s, len(left), failures)


def measure(arguments):
    """The figures, by key."""
    shape = services.select(
        topology.named(arguments.topology),
        filter(None, arguments.without.split(',')),
    )
    layout = layout_module.make(arguments.name, layout_module.STATE_ROOT)
    built = build(layout, shape) if arguments.cold else None
    lives = [
        once(arguments, layout, shape) for _ in range(max(1, arguments.runs))
    ]
    key = shape.name
    return {
        f'{key}.build_s': None if built is None else round(built, 1),
        f'{key}.up_s': round(
            statistics.median(life.up_s for life in lives), 1
        ),
        f'{key}.down_s': round(
            statistics.median(life.down_s for life in lives), 1
        ),
        f'{key}.pss_mb': max(life.pss_mb for life in lives),
        f'{key}.idle_cpu_pct': round(
            max(life.idle_cpu_pct for life in lives), 1
        ),
        f'{key}.leftovers': sum(life.left for life in lives),
        **lives[-1].failover,
    }
