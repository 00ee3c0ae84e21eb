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
"""Builds histories for the tests of the checkers, in seconds."""

import msgspec

from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model

SECOND = 1_000_000_000

#: No history starts at 0: a machine has been up for a while.
BOOT = 1_000 * SECOND

PLAN = model.Plan(
    name='test',
    duration=60.0,
    seed=7,
    storm=model.Storm(
        actions={'server.create': 1.0, 'keypair.create': 1.0},
        settle_timeout=30.0,
    ),
    uptime=model.Uptime(services=('nova',), interval=0.5, timeout=5.0),
    faults=(
        model.Fault(
            fault='service.restart', target='rabbitmq', at=20.0, recovery=20.0
        ),
    ),
    slo=model.Slo(longest_outage={'default': 5.0}),
)

QUIET = msgspec.structs.replace(PLAN, faults=())
STORM = msgspec.structs.replace(QUIET, uptime=None)
WATCH = msgspec.structs.replace(QUIET, storm=None)

CLASSES = {'ok': events.Ok, 'fail': events.Fail, 'info': events.Info}
STATUS = {'ok': 202, 'fail': 409, 'info': 0}


def ns(seconds):
    return BOOT + round(seconds * SECOND)


RUN = '6a3c1c0e-5f0f-4a53-8f0e-3b7f2ad6d0f1'
UTC = '2026-11-20T18:00:00+00:00'

#: What is added to the times to have UTC, ns.
OFFSET = 1_795_197_600 * SECOND - BOOT


class Builder:
    """Events in any order of writing; ``events()`` puts them in order."""

    def __init__(self, plan=STORM):
        self.plan = plan
        self._events = []
        self._ops = 0

    def add(self, event):
        self._events.append(event)

    def note(self, t, what, about='', text='', actor='campaign'):
        self.add(
            events.Note(
                t=ns(t), actor=actor, what=what, about=about, text=text
            )
        )

    def process(self, actor, start=0.0, end=99.0):
        """A process; ``end`` None is one that died."""
        self.note(start, events.Topic.STARTED, actor, RUN, actor)
        if end is not None:
            self.note(end, events.Topic.ENDED, actor, actor=actor)

    def call(
        self,
        t,
        action,
        resource='',
        outcome='ok',
        value='',
        args=None,
        status=None,
        took=0.1,
        error='',
        effect='',
        allowed=(),
        retry_after=0.0,
        **more,
    ):
        """An operation; ``outcome`` None is one that was never answered."""
        self._ops += 1
        op = f'0-{self._ops}'
        if args is None and action.endswith('.create'):
            # A storm names all that it makes.
            args = {'name': f'name-{op}'}
        self.add(
            events.Invoke(
                t=ns(t),
                actor='storm/0/user-0',
                op=op,
                action=action,
                service='nova',
                resource=resource,
                args=args or {},
                effect=effect,
                allowed=allowed,
                **more,
            )
        )
        if outcome is not None:
            self.add(
                CLASSES[outcome](
                    t=ns(t + took),
                    actor='storm/0/user-0',
                    op=op,
                    status=STATUS[outcome] if status is None else status,
                    request_id=f'req-{self._ops}',
                    value=value,
                    error=error,
                    retry_after=retry_after,
                )
            )
        return op

    def settle(
        self,
        t,
        op,
        state,
        reached=True,
        after=1.0,
        error='',
        seen=None,
        least=0.0,
    ):
        self.add(
            events.Settled(
                t=ns(t),
                actor='storm/0/user-0',
                op=op,
                state=state,
                reached=reached,
                after_ns=round(after * SECOND),
                least_ns=round(least * SECOND),
                error=error,
                seen=seen or {},
            )
        )

    def create(self, t, name, state='ACTIVE', reached=True, after=1.0):
        """An acknowledged create of a server."""
        op = self.call(
            t,
            'server.create',
            value=f'server/{name}',
            args={'name': f'name-{name}'},
        )
        if state:
            self.settle(t + 0.1 + after, op, state, reached, after)
        return op

    def delete(self, t, name, outcome='ok', state='deleted', reached=True):
        op = self.call(t, 'server.delete', f'server/{name}', outcome)
        if outcome == 'ok' and state:
            self.settle(t + 1.1, op, state, reached)
        return op

    def rename(self, t, name, new, outcome='ok', state='ACTIVE', took=0.1):
        op = self.call(
            t,
            'server.rename',
            f'server/{name}',
            outcome,
            args={'name': new},
            took=took,
        )
        if outcome == 'ok' and state:
            self.settle(t + took + 0.1, op, state)
        return op

    def census(
        self,
        resource,
        state='ACTIVE',
        name='',
        t=90.0,
        phase='after',
        service='nova',
        **refs,
    ):
        self.add(
            events.Census(
                t=ns(t),
                actor='campaign',
                phase=events.CensusPhase(phase),
                service=service,
                resource=resource,
                state=state,
                refs={**({'name': name} if name else {}), **refs},
            )
        )

    def complete(self, *kinds, t=91.0):
        for kind in kinds:
            self.note(t, events.Topic.CENSUS_COMPLETE, f'after/{kind}', f'{t}')
            self.note(1.0, events.Topic.CENSUS_COMPLETE, f'before/{kind}')

    def watch(self, service='nova', start=2.0, end=92.0, down=(), every=0.5):
        """Samples; ``down`` are pairs of seconds in which they fail."""
        self.process(f'uptime/{service}', start - 1, end + 1)
        for number in range(round((end - start) / every) + 1):
            t = start + number * every
            failed = any(first <= t < last for first, last in down)
            self.sample(t, service, failed)

    def sample(self, t, service='nova', failed=False):
        self.add(
            events.Sample(
                t=ns(t + 0.01),
                actor=f'uptime/{service}',
                service=service,
                probe='list',
                intended=ns(t),
                sent=ns(t),
                done=ns(t + 0.01),
                status=503 if failed else 200,
                error='http-503' if failed else '',
            )
        )

    def missed(self, t, service='nova'):
        self.add(
            events.Missed(
                t=ns(t),
                actor=f'uptime/{service}',
                service=service,
                probe='list',
                intended=ns(t),
                why='too many in flight',
            )
        )

    def fault(
        self,
        start=20.0,
        injected=0.0,
        evidenced=1.0,
        healed=2.0,
        whole=5.0,
        fault='fault-1',
        target='rabbitmq',
    ):
        """A fault; a phase that is None was not reached."""
        phases = {
            'planned': 0.0,
            'injected': injected,
            'evidenced': evidenced,
            'healed': healed,
            'heal-evidenced': whole,
        }
        for phase, after in phases.items():
            if after is not None:
                self.add(
                    events.Fault(
                        t=ns(start + after),
                        actor='campaign',
                        fault=fault,
                        kind='service.restart',
                        phase=events.FaultPhase(phase),
                        target=target,
                        evidence=f'proof of {phase}',
                    )
                )

    def events(self):
        ordered = sorted(self._events, key=lambda event: event.t)
        return [
            msgspec.structs.replace(event, n=number)
            for number, event in enumerate(ordered, start=1)
        ]

    def header(self):
        return events.Header(
            history=1,
            run=RUN,
            plan=loader.to_raw(self.plan),
            seed=7,
            versions={'tempest': '47.0.0'},
            utc=UTC,
            t=BOOT,
        )

    def lines(self):
        """The history as it lies on disk."""
        parts = [self.header(), *self.events()]
        return [msgspec.json.encode(part) + b'\n' for part in parts]

    def write(self, path):
        path.write_bytes(b''.join(self.lines()))
        return path

    def verdict(self, drop=lambda event: False):
        left = [event for event in self.events() if not drop(event)]
        return verdict.judge(self.header(), left, self.plan)


def storm(plan=STORM):
    """A storm that did its work: two servers, one of them left."""
    built = Builder(plan)
    built.process('campaign')
    built.process('storm/0', 1.0, 80.0)
    built.create(3.0, 'a')
    built.create(4.0, 'b')
    op = built.call(
        5.0,
        'keypair.create',
        value='keypair/k',
        args={'name': 'k'},
        status=200,
    )
    built.settle(5.2, op, 'present')
    built.rename(10.0, 'a', 'new-a')
    built.delete(30.0, 'b')
    built.census('server/a', name='new-a')
    built.census('keypair/k', state='present')
    built.complete('server', 'keypair')
    return built


def watched(plan=WATCH, down=()):
    """Only a monitor."""
    built = Builder(plan)
    built.process('campaign')
    built.watch(down=down)
    return built


def whole():
    """All of it, on a healthy cloud: storm, monitor and a fault."""
    built = storm(PLAN)
    built.watch(down=((20.5, 22.0),))
    built.fault()
    return built
