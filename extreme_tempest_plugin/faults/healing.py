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
"""Undo what a killed run left: ``tempest extreme heal``."""

import collections.abc
import contextlib
import dataclasses
import time

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults import looking
from extreme_tempest_plugin.faults.drivers import engine as engine_

_SECOND = 1_000_000_000
#: The killed run's last command may still be under way on the host, and
#: break the target after it was seen whole: it must stay so for this long.
_STEADY = 2.0
#: What is not whole by then is healed again: an orderly shutdown that the
#: killed run asked for may take its time, and ends after it was undone.
_AGAIN = 10.0
#: What is whole at the deadline may prove that it stays so.
_GRACE = 10.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Healed:
    """One fault of the journal and what became of it.

    :param fault: ``fault-1 of run … (service.terminate of rabbitmq)``.
    :param proven: it is whole, and no longer in the journal.
    :param text: the evidence, or why it could not be healed.
    """

    fault: str
    proven: bool
    text: str


Report = collections.abc.Callable[[str], None]


def heal_all(
    destructive: settings.Destructive,
    report: Report = lambda line: None,
) -> tuple[Healed, ...]:
    """Undo every fault in the journal, the latest first.

    Needs neither the os-faults configuration nor ``allowed``: an entry
    carries what undoes it. Can be called again at any time. Each is healed
    by itself: where one cannot be, that says why, and the others are.

    :param report: takes a line of progress at a time; may raise OSError.
    :returns: what became of each; empty if there was nothing to heal.
    :raises RefusedError: if a run that still lives has a fault active.
    :raises UsageError: if the journal cannot be read or written.
    """
    return Healer(
        journal.Journal(destructive.state_dir),
        lambda kind, target: engines.engine(
            kind, target, destructive.call_timeout
        ),
        engines.observer,
        report,
        preflight=engines.preflight,
    ).heal_all()


class Healer:
    """Heals from a journal; see :func:`heal_all`.

    :param engine: who heals faults of a kind, of that target.
    :param observer: who sees them.
    :param preflight: whether the engines of these faults can work at all.
    :param clock: CLOCK_MONOTONIC, ns.
    :param pause: waits so many seconds.
    """

    def __init__(
        self,
        log: journal.Journal,
        engine: collections.abc.Callable[
            [catalogue.Kind, configuration.Target], engine_.Engine
        ],
        observer: collections.abc.Callable[
            [catalogue.Kind, configuration.Target], evidence.Observer
        ],
        report: Report,
        *,
        preflight: engines.Preflight = lambda faults: None,
        clock: collections.abc.Callable[[], int] = time.monotonic_ns,
        pause: collections.abc.Callable[[float], None] = time.sleep,
    ) -> None:
        self._log = log
        self._engine = engine
        self._observer = observer
        self._report = report
        self._preflight = preflight
        self._now = clock
        self._pause = pause

    def heal_all(self) -> tuple[Healed, ...]:
        """See :func:`heal_all`."""
        held = tuple(reversed(self._log.held()))
        _refuse_living(held)
        for path in self._log.unfinished():
            with contextlib.suppress(errors.UsageError):
                self._log.remove(path)
                self._say(f'{path}: was never injected, removed')
        troubles = [self._trouble(file) for file in held]
        tasks = tuple(zip(held, troubles, strict=True))
        if troubles.count('') > 1:
            # What makes one whole may be what another one took away.
            for file, trouble in tasks:
                if file.entry and not trouble:
                    self._undo(file.entry, engines.kind(file.entry.kind))
        return tuple(self._heal(file, trouble) for file, trouble in tasks)

    def _trouble(self, file: journal.Held) -> str:
        """Why it cannot even be tried, empty if it can."""
        entry = file.entry
        if entry is None:
            return (
                f'{file.trouble}: see what it was, heal by hand and remove '
                'the file'
            )
        try:
            self._preflight([(engines.kind(entry.kind), entry.target)])
        except Exception as error:
            return _said(error)
        return ''

    def _heal(self, file: journal.Held, trouble: str) -> Healed:
        entry = file.entry
        if entry is None:
            return self._done(str(file.path), False, trouble)
        name = (
            f'{entry.fault} of run {entry.run} ({entry.kind} of '
            f'{entry.target.name})'
        )
        if trouble:
            return self._done(name, False, trouble)
        self._say(f'{name}: healing')
        try:
            proof, said = self._until_whole(entry, engines.kind(entry.kind))
            if proof:
                self._log.remove(file.path)
        except Exception as error:
            # The others are healed, whatever becomes of this one.
            proof, said = False, _said(error)
        return self._done(name, proof, said)

    def _until_whole(
        self, entry: journal.Entry, kind: catalogue.Kind
    ) -> tuple[bool, str]:
        """Undo it until it is whole: whether it is, and what shows it."""
        lookout = looking.Lookout(
            entry.target,
            self._observer(kind, entry.target),
            self._now,
            self._pause,
        )
        deadline = self._now() + int(entry.recovery * _SECOND)
        while True:
            # Always, even if it looks whole: the killed run's call may not
            # have arrived yet.
            trouble = self._undo(entry, kind)
            since, said = lookout.until_whole(
                min(deadline, self._now() + int(_AGAIN * _SECOND)),
                int(_STEADY * _SECOND),
                int(_GRACE * _SECOND),
            )
            if since is not None:
                return True, said
            if self._now() >= deadline:
                return False, '; '.join(filter(None, (trouble, said)))

    def _undo(self, entry: journal.Entry, kind: catalogue.Kind) -> str:
        """What went wrong, empty if nothing."""
        try:
            self._engine(kind, entry.target).call(kind.undoes, entry.target)
        except Exception as error:
            return _said(error)
        return ''

    def _done(self, fault: str, proven: bool, text: str) -> Healed:
        self._say(f'{fault}: {"healed" if proven else "NOT healed"}: {text}')
        return Healed(fault=fault, proven=proven, text=text)

    def _say(self, line: str) -> None:
        # A terminal that is gone, or a pipe that nobody reads, ends no heal.
        with contextlib.suppress(OSError):
            self._report(line)


def _said(error: Exception) -> str:
    """One line; with its name, where it is nobody's message."""
    if isinstance(error, errors.ExtremeError):
        return str(error)
    return ' '.join(f'{type(error).__name__}: {error}'.split())


def _refuse_living(held: collections.abc.Iterable[journal.Held]) -> None:
    us = liveness.this_process()
    for file in held:
        entry = file.entry
        if (
            entry is not None
            and entry.owner != us
            and liveness.alive(entry.owner)
        ):
            raise errors.RefusedError(
                f'run {entry.run} is active (process {entry.owner.pid}) and '
                f'heals its {entry.fault} ({entry.kind} of '
                f'{entry.target.name}) itself: wait for its end, or end it'
            )
