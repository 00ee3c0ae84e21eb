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
"""All checkers over made-up histories of 10^4, 10^5 and 10^6 events.

The histories are of a storm of 50 users on servers, volumes, metadata and
key pairs, with four monitors. Each is judged in a process of its own, by the
function that ``tempest extreme check`` calls; ``peak_mb`` is its highest
resident size with the interpreter. Time is that of the judgement, reading the
file included. With several runs time is the median, memory the highest.
"""

import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

import msgspec

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model

SIZES = (10_000, 100_000, 1_000_000)
USERS = 50
SERVICES = ('keystone', 'nova', 'neutron', 'glance')
SECOND = 1_000_000_000
#: Between two events of the whole run, ns.
STEP = 2_000_000

_CHILD = """
import json, pathlib, resource, sys, time
from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.history import reader
began = time.perf_counter()
found = verdict.judge_file(reader.Reader(pathlib.Path(sys.argv[1])))
print(json.dumps({
    'seconds': time.perf_counter() - began,
    'peak_mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    'events': found.events,
    'verdict': found.verdict,
    'reason': found.reason,
}))
"""


def add_arguments(parser):
    """It has none of its own."""
    del parser


def measure(arguments):
    """The figures, by key."""
    figures = {}
    with tempfile.TemporaryDirectory(prefix='bench-checkers-') as directory:
        for size in SIZES:
            path = pathlib.Path(directory) / f'{size}.jsonl'
            make(path, size)
            runs = [_judge(path) for _ in range(arguments.runs)]
            path.unlink()
            seconds = statistics.median(run['seconds'] for run in runs)
            peak_mb = max(run['peak_mb'] for run in runs)
            exponent = len(str(size)) - 1
            figures |= {
                f'1e{exponent}.events': runs[0]['events'],
                f'1e{exponent}.seconds': round(seconds, 2),
                f'1e{exponent}.peak_mb': round(peak_mb),
            }
    return {
        **figures,
        'events': runs[0]['events'],
        'seconds': round(seconds, 2),
        'peak_mb': round(peak_mb),
    }


def _judge(path):
    done = subprocess.run(
        [sys.executable, '-c', _CHILD, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    run = json.loads(done.stdout)
    if run['verdict'] != 'pass':
        # A history that is not clean would measure something else.
        raise SystemExit(f'the made-up history is no pass: {run["reason"]}')
    return run


class _Life:
    """One user: a server, metadata, its end, and again."""

    def __init__(self, index, rng):
        self.actor = f'storm/0/user-{index}'
        self.index = index
        self.rng = rng
        self.sequence = 0
        self.server = ''
        self.name = ''
        self.left = 0

    def step(self, t):
        """The events of one operation, each with its own time from ``t``."""
        self.sequence += 1
        op = f'{self.index}-{self.sequence}'
        args, value, seen = {}, '', {}
        if not self.server:
            self.server = f'server/{self.rng.getrandbits(128):032x}'
            self.name = f'xt-0123456789ab-{op}'
            self.left = self.rng.randrange(3, 12)
            action, effect = 'server.create', 'creates'
            args, value = {'name': self.name}, self.server
            resource, state = '', 'ACTIVE'
        elif self.left:
            self.left -= 1
            self.name = f'xt-0123456789ab-{op}'
            action, effect = 'server.rename', 'changes'
            args, seen = {'name': self.name}, {'name': self.name}
            resource, state = self.server, 'ACTIVE'
        else:
            action, effect = 'server.delete', 'consumes'
            resource, state = self.server, 'deleted'
            self.server = ''
        yield events.Invoke(
            t=t,
            actor=self.actor,
            op=op,
            action=action,
            service='nova',
            resource=resource,
            args=args,
            choice={'among': 3},
            effect=effect,
        )
        yield events.Ok(
            t=t + STEP // 2,
            actor=self.actor,
            op=op,
            status=202,
            request_id=f'req-{self.rng.getrandbits(128):032x}',
            value=value,
        )
        yield events.Settled(
            t=t + STEP,
            actor=self.actor,
            op=op,
            state=state,
            reached=True,
            after_ns=STEP // 2,
            seen=seen,
        )


def make(path, size):
    """Write a clean history of ``size`` events, a few more or less."""
    rng = random.Random(1)
    start = 1_000 * SECOND
    plan = model.Plan(
        name='bench',
        # A bit less than the events last.
        duration=size * 0.02,
        seed=1,
        storm=model.Storm(
            actions={'server.create': 1.0, 'server.rename': 1.0}
        ),
        uptime=model.Uptime(services=SERVICES, interval=0.5),
    )
    with writer.Writer(path) as out:
        out.header(
            events.Header(
                history=events.VERSION,
                run='bench',
                plan=loader.to_raw(plan),
                seed=1,
                versions={},
                utc='2026-11-21T00:00:00+00:00',
                t=start,
            )
        )
        every = enumerate(_events(rng, start, size), start=1)
        for number, event in every:
            out.append(msgspec.structs.replace(event, n=number))


def _events(rng, start, size):
    actors = ['campaign', 'storm/0', *(f'uptime/{one}' for one in SERVICES)]
    for actor in actors:
        yield _note(start, actor, events.Topic.STARTED, actor)
    users = [_Life(index, rng) for index in range(USERS)]
    t, sample = start + STEP, start + STEP
    written = len(actors)
    while written < size - 200:
        while sample <= t:
            for service in SERVICES:
                written += 1
                yield _sample(sample, service)
            sample += SECOND // 2
        user = rng.choice(users)
        for event in user.step(max(t, sample - SECOND // 2)):
            written += 1
            yield event
        t += STEP * 50
    yield from _end(t, users, actors)


def _end(t, users, actors):
    for user in users:
        if user.server:
            yield events.Census(
                t=t,
                actor='campaign',
                phase=events.CensusPhase.AFTER,
                service='nova',
                resource=user.server,
                state='ACTIVE',
                refs={'name': user.name},
            )
    yield _note(t, 'campaign', events.Topic.CENSUS_COMPLETE, 'after/server')
    for actor in actors:
        yield _note(t, actor, events.Topic.ENDED, actor)


def _note(t, actor, what, about):
    return events.Note(t=t, actor=actor, what=what, about=about)


def _sample(t, service):
    return events.Sample(
        t=t,
        actor=f'uptime/{service}',
        service=service,
        probe='list',
        intended=t,
        sent=t,
        done=t,
        status=200,
    )
