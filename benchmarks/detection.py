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
"""The detection board: which bugs our plans find, and which they make up.

For each plant the ready plans of its service run, one after the other and
each with its own seeds, until one of them finds something that is no known
issue and was not found without the plant. Each plan runs with the same seed
before, on the sandbox as it is: what is found there is a false alarm, unless
it is a bug that the released code has.

Beside it stands what a tool sees that counts errors: requests that failed with
a 5xx or without an answer, and waits for a state that did not come. It has
found a plant if it saw a kind of error that it did not see without the plant.

Needs root and a machine with nothing else on it. Each run is a line in the
file that --results names; a board that was broken off goes on from there.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import cloud
import findings
import msgspec
import yaml

from extreme_tempest_plugin.plan import ready
from extreme_tempest_plugin.sandbox import plants

#: A unit, or the start of the names of several, to plans, in their order.
#: They are made for a service and a kind of sharing, whatever its bugs.
PLANS = {
    'nova-compute': (
        'compute_outages',
        'shared_volumes',
        'server_groups',
        'shared_servers',
        'create_kill',
    ),
    'nova': (
        'quota_edge',
        'compute_outages',
        'shared_volumes',
        'shared_metadata',
        'server_groups',
        'shared_servers',
        'create_kill',
    ),
    'placement': (
        'compute_outages',
        'create_kill',
        'shared_servers',
        'quota_edge',
    ),
    'cinder': (
        'volumes',
        'shared_volumes',
        'quota_edge_volume',
        'attach_detach',
    ),
    'neutron': (
        'security_groups',
        'shared_networks',
        'quota_edge_network',
        'floating_ips',
    ),
    'keystone': ('shared_identity', 'identity'),
    'glance': ('shared_images', 'images'),
    'swift': ('shared_objects', 'objects'),
    'designate': ('shared_zones', 'dns'),
}

#: Of what many services need: a database, a queue.
OTHERS = ('mixed',)

#: Seconds of a long storm on a cloud without plants.
LONG = 300

#: Seconds into a storm to what is restarted then.
RESTARTS = {90: 'rabbitmq', 180: 'mysql'}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--name', default='detection', help='of the sandbox')
    parser.add_argument(
        '--plant',
        action='append',
        metavar='ID',
        help='one of them; several times for several; all without it',
    )
    parser.add_argument(
        '--plants-dir',
        action='append',
        type=pathlib.Path,
        default=[],
        metavar='DIR',
        help='plants of your own',
    )
    parser.add_argument('--seeds', type=int, default=3, metavar='N')
    parser.add_argument(
        '--first',
        type=int,
        default=1,
        metavar='N',
        help='the first of these seeds: another machine has those before it',
    )
    parser.add_argument(
        '--mixed',
        type=int,
        default=0,
        metavar='N',
        help='mixed storms of 5 minutes without any plant',
    )
    parser.add_argument(
        '--restarts',
        type=int,
        default=0,
        metavar='N',
        help='the same with restarts of RabbitMQ and the database',
    )
    parser.add_argument(
        '--results',
        type=pathlib.Path,
        default=pathlib.Path('detection.jsonl'),
        metavar='FILE',
    )


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """The board, by key."""
    board = Board(arguments)
    board.cloud.sandbox('up', '--topology', 'single')
    try:
        board.clear()
        for seed in range(arguments.first, arguments.seeds + 1):
            board.play(seed)
        for seed in range(1, arguments.mixed + 1):
            board.run('', 'mixed', seed, LONG)
        for seed in range(1, arguments.restarts + 1):
            board.run('', with_restarts(), seed, LONG)
    finally:
        board.cloud.sandbox('down')
    ids = [plant.id for plant in board.chosen]
    return findings.figures(board.done.rows, arguments.seeds, ids)


class Board:
    """Runs what is not in the results yet."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        known = plants.known(arguments.plants_dir)
        wanted = arguments.plant or sorted(known)
        self.chosen = plants.choose(known, wanted)
        self.cloud = cloud.Cloud(arguments.name)
        self.done = cloud.Rows(arguments.results, findings.Run)

    def clear(self) -> None:
        """Switch off what a board that was broken off has left on."""
        status = self.cloud.sandbox('status', '-f', 'json').stdout
        left = {row['plant'] for row in json.loads(status)['plants']}
        if left:
            self.cloud.sandbox('plant off', *sorted(left))

    def play(self, seed: int) -> None:
        """All plants with one seed; each plan first without any plant."""
        for plan, _ in findings.LIVE.values():
            self.run('', plan, seed)
        for plant in self.chosen:
            for plan in plans_of(plant):
                self.run('', plan, seed)
                run = self._found(plant.id, plan, seed)
                if run is None:
                    run = self._planted(plant.id, plan, seed)
                others = [
                    one
                    for one in self.done.rows
                    if (one.plant, one.plan) == ('', plan)
                ]
                if findings.unusual(run, others):
                    break

    def _planted(self, plant: str, plan: str, seed: int) -> findings.Run:
        options = [
            word
            for directory in self._arguments.plants_dir
            for word in ('--plants-dir', str(directory))
        ]
        self.cloud.sandbox('plant on', plant, *options)
        try:
            return self.run(plant, plan, seed)
        finally:
            self.cloud.sandbox('plant off', plant, *options)

    def _found(self, plant: str, plan: str, seed: int) -> findings.Run | None:
        """A run that is in the results."""
        for run in self.done.rows:
            if (run.plant, run.plan, run.seed) == (plant, plan, seed):
                return run
        return None

    def run(
        self, plant: str, plan: str, seed: int, duration: int = 0
    ) -> findings.Run:
        """One campaign, unless it is in the results.

        :param plan: name of a ready one, or a file.
        :param duration: seconds; that of the plan without it.
        """
        name = pathlib.Path(plan).stem
        if run := self._found(plant, name, seed):
            return run
        done = self.cloud.tempest(
            'extreme', 'run', plan, '--seed', str(seed), '-f', 'json',
            *(('--duration', str(duration)) if duration else ()),
        )  # fmt: skip
        try:
            verdict = msgspec.json.decode(done.stdout, type=findings.Verdict)
        except msgspec.DecodeError:
            raise SystemExit(f'{plan}: {done.stderr.strip()}') from None
        history = self.cloud.last_run() / 'history.jsonl'
        made = findings.judged(plant, name, seed, verdict, history)
        self.done.add(made)
        said = ', '.join(sorted({each.kind for each in findings.new(made)}))
        print(
            f'  {plant or "clean"} {name} {seed}: {made.verdict}: '
            f'{said or "nothing"}',
            file=sys.stderr,
            flush=True,
        )
        return made


def with_restarts() -> str:
    """A file with the mixed storm and restarts."""
    plan = yaml.safe_load(ready.find('mixed').read_text())
    plan['faults'] = [
        {'fault': 'service.restart', 'target': target, 'at': at}
        for at, target in RESTARTS.items()
    ]
    # Without the canary: beside so many users it shows the load.
    plan['steady'] = {
        'checks': ['nova services', 'neutron agents', 'cinder services']
    }
    plan['name'] = 'mixed_restarts'
    plan['duration'] = LONG
    path = pathlib.Path(tempfile.mkdtemp()) / 'mixed_restarts.yaml'
    path.write_text(yaml.safe_dump(plan))
    return str(path)


def plans_of(plant: plants.Plant) -> tuple[str, ...]:
    """Plans for the units that a plant is in, in their order."""
    found: dict[str, None] = {}
    for unit in plant.units:
        named = unit if unit in PLANS else unit.partition('-')[0]
        found.update(dict.fromkeys(PLANS.get(named, OTHERS)))
    return tuple(found)
