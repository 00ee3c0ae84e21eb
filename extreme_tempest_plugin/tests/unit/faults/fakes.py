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
"""A target, an engine, an observer and a clock that tests command."""

import collections.abc
import pathlib

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import journal

SECOND = 1_000_000_000

TARGET = configuration.Target(
    name='rabbitmq',
    unit='rabbitmq-server',
    grep='/usr/lib/rabbitmq',
    hosts=(ssh.Host(address='10.0.0.1', user='stack'),),
    port=5672,
)


class Service:
    """A service on one host, as systemd would show it."""

    def __init__(self) -> None:
        self.active = 'active'
        self.port_open = True
        self.starts = 1
        self.entered = 1000

    def start(self) -> None:
        self.active, self.port_open = 'active', True
        self.starts += 1
        self.entered += 1000

    def stop(self) -> None:
        self.active, self.port_open = 'inactive', False

    def state(self) -> evidence.UnitState:
        running = self.active == 'active'
        return evidence.UnitState(
            host='10.0.0.1',
            active=self.active,
            sub='running' if running else 'dead',
            pid=self.starts if running else 0,
            invocation=f'start-{self.starts}',
            entered_us=self.entered,
            restarts=0,
            port=5672,
            port_open=self.port_open,
        )


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.ns = 1_000 * SECOND
        self.on_pause: collections.abc.Callable[[], None] = lambda: None

    def now(self) -> int:
        return self.ns

    def pause(self, seconds: float) -> None:
        self.ns += int(seconds * SECOND)
        self.on_pause()


class Engine:
    """Does what it is told to a Service, or what a test put in its way."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.calls: list[catalogue.Verb] = []
        #: seconds of the timer on the target, of each call.
        self.dead_men: list[float] = []
        #: verb to what happens instead of it.
        self.instead: dict[
            catalogue.Verb, collections.abc.Callable[[], None]
        ] = {}

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        self.calls.append(verb)
        self.dead_men.append(dead_man)
        if verb in self.instead:
            self.instead[verb]()
        elif verb is catalogue.Verb.TERMINATE:
            self.service.stop()
        elif verb is catalogue.Verb.RESTART or not self.service.port_open:
            self.service.start()


class Observer:
    """Sees a Service; ``errors`` come first, one for each look."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.errors: list[BaseException] = []

    def observe(
        self, target: configuration.Target
    ) -> tuple[evidence.UnitState, ...]:
        if self.errors:
            raise self.errors.pop(0)
        return (self.service.state(),)


def fails(text: str = 'unreachable') -> collections.abc.Callable[[], None]:
    """What an engine does that could not do it."""

    def fail() -> None:
        raise errors.HarnessError(text)

    return fail


def entry(
    fault: str = 'fault-1',
    *,
    kind: str = 'service.terminate',
    owner: liveness.Owner | None = None,
    target: configuration.Target = TARGET,
    utc_ns: int = 1,
) -> journal.Entry:
    """An entry of a journal; of a dead run, unless an owner is given."""
    return journal.Entry(
        fault=fault,
        run='20261120-180000-rabbit',
        kind=kind,
        target=target,
        recovery=60.0,
        owner=owner or liveness.Owner(pid=1, boot='another', started=1),
        utc_ns=utc_ns,
    )


def names(directory: pathlib.Path) -> list[str]:
    """Entries in a journal's directory."""
    return sorted(path.name for path in directory.glob('*.json'))
