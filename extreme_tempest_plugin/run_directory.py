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
"""The directory of a run: parts on the way, then history and verdict."""

import collections.abc
import datetime
import importlib.metadata
import pathlib
import time
import uuid

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.cloud import identity as identity_
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import merge
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.plan import known_issues
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.reports import text
from extreme_tempest_plugin.reports import verdict_json

HISTORY = 'history.jsonl'

#: What a clean-up after the death of the run needs; holds no secret.
RECORD = 'run.json'

#: Packages whose versions a history names.
_PACKAGES = (
    'extreme-tempest-plugin',
    'tempest',
    'locust',
    'os-faults',
    'msgspec',
)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Whose run it is.

    :param owner: the process of the campaign.
    """

    run: str
    owner: liveness.Owner
    identity: identity_.Identity


class RunDirectory:
    """Where one run writes.

    :param runs: ``[stress] runs_dir``.
    :param plan: complete, with its seed.
    :ivar path: the directory, new.
    :ivar parts: directory in it, of the parts that the processes write.
    :ivar run: identity of the run, a UUID.
    :raises UsageError: if it cannot be made.
    """

    def __init__(self, runs: pathlib.Path, plan: model.Plan) -> None:
        self.path = _make(runs, plan.name)
        self.parts = self.path / 'parts'
        self.parts.mkdir()
        self.run = str(uuid.uuid4())
        self._header = _header(self.run, plan)

    def own(self, identity: identity_.Identity) -> None:
        """Write down who runs it, and as whom it speaks to the cloud.

        :raises OSError: if it cannot be written.
        """
        record = Record(
            run=self.run, owner=liveness.this_process(), identity=identity
        )
        (self.path / RECORD).write_bytes(msgspec.json.encode(record))

    def judge(
        self, known: collections.abc.Sequence[known_issues.KnownIssue] = ()
    ) -> verdicts.Verdict:
        """Merge the parts, judge the history and write what was found.

        :param known: issues whose findings do not fail the run.
        :raises HarnessError: if it cannot be written.
        """
        self.merge()
        try:
            history = reader.Reader(self.path / HISTORY)
            verdict = verdicts.judge_file(history, known=known)
            verdict_json.write(verdict, self.path / verdict_json.NAME)
            text.write(verdict, self.path)
        except OSError as error:
            raise self._unwritten(error) from error
        return verdict

    def merge(self) -> None:
        """Make one history of the parts.

        :raises HarnessError: if it cannot be written.
        """
        parts = list(self.parts.glob('*.jsonl'))
        try:
            merge.merge(self._header, parts, self.path / HISTORY)
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> errors.HarnessError:
        return errors.HarnessError(
            f'{self.path} cannot be written: {error.strerror}; the parts of '
            'the history are in its directory parts'
        )


def find(runs: pathlib.Path, which: str) -> pathlib.Path:
    """The directory of a run.

    :param runs: ``[stress] runs_dir``.
    :param which: a directory, its name below ``runs``, or the identity of
        the run.
    :raises UsageError: if there is none.
    """
    for path in (pathlib.Path(which), runs / which):
        if (path / RECORD).exists():
            return path
    for record in sorted(runs.glob(f'*/{RECORD}')):
        if read(record.parent).run == which:
            return record.parent
    raise errors.UsageError(
        f'{which}: it is no directory of a run, and {runs} has no run of that '
        'name or identity'
    )


def running(runs: pathlib.Path) -> list[pathlib.Path]:
    """The directories of runs that are under way on this machine.

    :param runs: ``[stress] runs_dir``.
    """
    return [
        record.parent
        for record in sorted(runs.glob(f'*/{RECORD}'))
        if not (record.parent / HISTORY).exists()
        and liveness.alive(read(record.parent).owner)
    ]


def mark(path: pathlib.Path, text: str) -> None:
    """Note what the operator does from now on, as a part of the history.

    :param path: of the directory of a run.
    :param text: empty if nothing is done any more.
    :raises OSError: if it cannot be written.
    """
    with writer.Writer(path / 'parts' / 'marks.jsonl') as out:
        note = notes.Notes('operator', out.append, time.monotonic_ns)
        note(events.Topic.MARK, 'cloud', text)


def read(path: pathlib.Path) -> Record:
    """Whose run it is.

    :raises UsageError: if the directory does not say so.
    """
    try:
        return msgspec.json.decode((path / RECORD).read_bytes(), type=Record)
    except OSError as error:
        why = str(error.strerror)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = f'it is none: {error}'
    raise errors.UsageError(
        f'{path / RECORD}: {why}: nobody knows as whom the run spoke to its '
        'cloud'
    )


def _make(runs: pathlib.Path, name: str) -> pathlib.Path:
    """A new directory; the second one of a second gets a number."""
    now = datetime.datetime.now(datetime.UTC)
    stem = f'{now:%Y%m%d-%H%M%S}-{name}'
    for number in range(1, 100):
        path = runs / (stem if number == 1 else f'{stem}-{number}')
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            continue
        except OSError as error:
            raise errors.UsageError(
                f'{path} cannot be made: {error.strerror}; see [stress] '
                'runs_dir in tempest.conf'
            ) from None
    raise errors.UsageError(f'{runs} has too many runs called {stem}')


def _header(run: str, plan: model.Plan) -> events.Header:
    assert plan.seed is not None
    return events.Header(
        history=events.VERSION,
        run=run,
        plan=loader.to_raw(plan),
        seed=plan.seed,
        versions={
            name: importlib.metadata.version(name) for name in _PACKAGES
        },
        utc=datetime.datetime.now(datetime.UTC).isoformat(),
        t=time.monotonic_ns(),
    )
