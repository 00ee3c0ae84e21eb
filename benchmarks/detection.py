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
issue. The same plans with the same seeds run on the sandbox without a plant,
too: what is found there is a false alarm, unless it is a bug that the released
code has, and what is found on both sides is no detection.

Beside it stands what a tool sees that counts errors: requests that failed with
a 5xx or without an answer, and waits for a state that did not come. It has
found a plant if it saw a kind of error that it did not see without the plant.

Needs root and a machine with nothing else on it. Each run is a line in the
file that --results names; a board that was broken off goes on from there.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import findings
import msgspec
import yaml

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.plan import ready
from extreme_tempest_plugin.sandbox import layout as layout_module
from extreme_tempest_plugin.sandbox import plants
from extreme_tempest_plugin.sandbox import workspace

TEMPEST = pathlib.Path(sys.executable).with_name('tempest')

#: Start of a unit's name to the plans of the service, the quickest first.
#: They are made for a service and a kind of sharing, whatever its bugs.
PLANS = {
    'nova': (
        'quota_edge',
        'shared_volumes',
        'compute_outages',
        'shared_metadata',
        'shared_servers',
        'create_kill',
    ),
    'placement': (
        'compute_outages',
        'create_kill',
        'shared_servers',
        'quota_edge',
    ),
    'cinder': ('volumes', 'shared_volumes', 'attach_detach'),
    'neutron': ('security_groups', 'shared_networks', 'floating_ips'),
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

#: Seconds that one campaign may take with all that is around it.
MOST = 900


class _Finding(msgspec.Struct):
    checker: str
    about: str
    what: str
    events: list[int] = []
    action: str = ''
    known: str = ''


class _Verdict(msgspec.Struct):
    verdict: str
    reason: str = ''
    findings: list[_Finding] = []


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
    board.sandbox('up', '--topology', 'single')
    try:
        for seed in range(1, arguments.seeds + 1):
            board.play(seed)
        for seed in range(1, arguments.mixed + 1):
            board.run('', 'mixed', seed, LONG)
        for seed in range(1, arguments.restarts + 1):
            board.run('', with_restarts(), seed, LONG)
    finally:
        board.sandbox('down')
    ids = [plant.id for plant in board.chosen]
    return findings.figures(board.runs, arguments.seeds, ids)


class Board:
    """Runs what is not in the results yet."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        known = plants.known(arguments.plants_dir)
        wanted = arguments.plant or sorted(known)
        self.chosen = plants.choose(known, wanted)
        self._path = arguments.results
        self.runs: list[findings.Run] = []
        if self._path.exists():
            lines = self._path.read_bytes().splitlines()
            self.runs = [
                msgspec.json.decode(one, type=findings.Run) for one in lines
            ]

    def play(self, seed: int) -> None:
        """All plants with one seed, then the same without any."""
        for plant in self.chosen:
            options = [
                word
                for directory in self._arguments.plants_dir
                for word in ('--plants-dir', str(directory))
            ]
            self.sandbox('plant', 'on', plant.id, *options)
            try:
                for plan in plans_of(plant):
                    if any(findings.new(self.run(plant.id, plan, seed))):
                        break
            finally:
                self.sandbox('plant', 'off', plant.id, *options)
        played = {run.plan for run in self.runs if run.seed == seed}
        for plan in sorted(
            played | {plan for plan, _ in findings.LIVE.values()}
        ):
            self.run('', plan, seed)

    def run(
        self, plant: str, plan: str, seed: int, duration: int = 0
    ) -> findings.Run:
        """One campaign, unless it is in the results.

        :param plan: name of a ready one, or a file.
        :param duration: seconds; that of the plan without it.
        """
        name = pathlib.Path(plan).stem
        for run in self.runs:
            if (run.plant, run.plan, run.seed) == (plant, name, seed):
                return run
        done = self.sandbox(
            'exec', '--', str(TEMPEST), 'extreme', 'run', plan,
            '--seed', str(seed), '-f', 'json',
            *(('--duration', str(duration)) if duration else ()),
            check=False,
        )  # fmt: skip
        try:
            verdict = msgspec.json.decode(done.stdout, type=_Verdict)
        except msgspec.DecodeError:
            raise SystemExit(f'{plan}: {done.stderr.strip()}') from None
        made = judged(plant, name, seed, verdict, self._history())
        self.runs.append(made)
        with self._path.open('ab') as file:
            file.write(msgspec.json.encode(made) + b'\n')
        said = ', '.join(sorted({each.kind for each in findings.new(made)}))
        print(
            f'  {plant or "clean"} {name} {seed}: {made.verdict}: '
            f'{said or "nothing"}',
            file=sys.stderr,
            flush=True,
        )
        return made

    def sandbox(
        self, verb: str, *words: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """A command of the sandbox."""
        verbs = [verb, words[0]] if verb == 'plant' else [verb]
        return subprocess.run(
            [
                *(str(TEMPEST), 'extreme', 'sandbox', *verbs),
                *('--name', self._arguments.name),
                *words[len(verbs) - 1 :],
            ],
            check=check,
            capture_output=True,
            text=True,
            timeout=MOST,
        )

    def _history(self) -> pathlib.Path:
        """Of the last run."""
        layout = layout_module.make(self._arguments.name)
        runs = workspace.Workspace(layout.workspace).root / 'runs'
        return max(runs.iterdir()) / 'history.jsonl'


def with_restarts() -> str:
    """A file with the mixed storm and restarts."""
    plan = yaml.safe_load(ready.find('mixed').read_text())
    plan['faults'] = [
        {'fault': 'service.restart', 'target': target, 'at': at}
        for at, target in RESTARTS.items()
    ]
    plan['name'] = 'mixed_restarts'
    plan['duration'] = LONG
    path = pathlib.Path(tempfile.mkdtemp()) / 'mixed_restarts.yaml'
    path.write_text(yaml.safe_dump(plan))
    return str(path)


def plans_of(plant: plants.Plant) -> tuple[str, ...]:
    """Plans of the services that a plant is in, the quickest first."""
    services = dict.fromkeys(unit.partition('-')[0] for unit in plant.units)
    return tuple(
        dict.fromkeys(
            plan for service in services for plan in PLANS.get(service, OTHERS)
        )
    )


def judged(
    plant: str, plan: str, seed: int, verdict: _Verdict, path: pathlib.Path
) -> findings.Run:
    """A run with what a counter of errors sees in its history."""
    moments: list[tuple[int, int]] = []
    operations = 0
    actions: dict[str, str] = {}
    errors: set[str] = set()
    for event in reader.Reader(path):
        match event:
            case events.Invoke():
                operations += 1
                actions[event.op] = event.action
            case events.Info():
                errors.add(f'{actions.get(event.op)} {event.status or "none"}')
            case events.Settled(reached=False):
                errors.add(f'{actions.get(event.op)} {event.state}')
        moments.append((event.t, operations))
    first = moments[0][0]
    return findings.Run(
        plant=plant,
        plan=plan,
        seed=seed,
        verdict=verdict.verdict,
        reason=verdict.reason,
        operations=operations,
        seconds=(moments[-1][0] - first) / 1e9,
        findings=tuple(
            findings.Seen(
                kind=_kind(one),
                known=one.known,
                what=one.what,
                operations=moments[_proven(one, len(moments))][1],
                seconds=(moments[_proven(one, len(moments))][0] - first) / 1e9,
            )
            for one in verdict.findings
        ),
        errors=tuple(sorted(errors)),
    )


def _kind(finding: _Finding) -> str:
    kind = finding.action or finding.about.partition('/')[0]
    return f'{finding.checker} of {kind}'


def _proven(finding: _Finding, count: int) -> int:
    """Index of the event with which it was proven; events count from 1."""
    return min(max(finding.events, default=count), count) - 1
