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
"""Read what servers log during a run, over SSH.

Advisory: what cannot be read is a remark, and no verdict hangs on it.
Nothing is written on the hosts, and nothing deleted.
"""

import collections.abc
import concurrent.futures
import dataclasses
import importlib.resources
import json
import re
import threading
import time

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.history import events

#: Of one host in one reading.
MAX_LINES = 200
_MAX_BYTES = 8 * 1024 * 1024
_LINE_LIMIT = 1000
_TIMEOUT = 30.0
# Paths and patterns of glob(3): nothing that a shell would act upon.
_PATTERN = re.compile(r'/[\w./@:+*?\[\]!~-]*\Z', re.ASCII)
_LEVEL = re.compile(r'(?:^|\s)(ERROR|CRITICAL|TRACE)\s')
# oslo.log: "… [<global request id or None> <request id> user project …]";
# older releases write "[<request id> user …".
_ID = r'req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b'
_REQUEST_ID = re.compile(rf'\[(?:(?:None|{_ID}) )?({_ID})')
_SECRETS = (
    # key=value, 'key': 'value', key: value, also "Key": "Bearer value"
    re.compile(
        r'(?i)((?:[\w-]*(?:passw(?:or)?d|passphrase|secret|credential)[\w-]*'
        r'|[\w-]*auth-token|[\w-]*subject-token|admin_?pass|api_?key'
        r'|authorization|auth_key|access_key|private_key|\btoken(?:_id)?)'
        r'[\'"]?\s*[=:]\s*(?:(?:bearer|basic)\s+)?)'
        r'("[^"]*"?|\'[^\']*\'?|[^\s,;&)}\]]+)'
    ),
    # rabbit://openstack:secret@host
    re.compile(r'(\w://[^\s:/@]*:)([^\s/@]+)(?=@)'),
    # tokens of Keystone, Fernet and JWS, wherever they are
    re.compile(r'()(gAAAA[\w=-]{8,})'),
    re.compile(r'()(eyJ[\w-]+\.[\w-]+\.[\w-]+)'),
)
_MASK = r'\1***'


def mask(line: str) -> str:
    """A line without what looks like a password, a key or a token."""
    for pattern in _SECRETS:
        line = pattern.sub(_MASK, line)
    return line


class _Found(msgspec.Struct, frozen=True):
    """What logs_remote.py answers."""

    known: dict[str, tuple[int, int]]
    lines: list[tuple[str, str]]
    dropped: int
    skipped_bytes: int
    trouble: list[str]


@dataclasses.dataclass(slots=True)
class _State:
    """How far a host was read; None until it was reached once."""

    host: ssh.Host
    known: dict[str, tuple[int, int]] | None = None
    told: str = ''


class Watcher:
    """Reads the logs of the configured hosts until it is stopped.

    Does nothing where no host is configured.

    :param logs: ``[stress] log_hosts`` and what belongs to them.
    :param record: takes each event, also from another thread;
        ``Writer.append``.
    :param clock: CLOCK_MONOTONIC, ns.
    :param actor: who writes.
    :param port: of SSH on the hosts.
    :raises UsageError: for a host, a path or a user that cannot be used.
    """

    def __init__(
        self,
        logs: settings.Logs,
        record: collections.abc.Callable[[events.Event], None],
        clock: collections.abc.Callable[[], int] = time.monotonic_ns,
        *,
        actor: str = 'campaign',
        port: int = 22,
    ) -> None:
        _check(logs)
        self._logs = logs
        self._record = record
        self._now = clock
        self._actor = actor
        self._states = [
            _State(
                ssh.Host(
                    address=address,
                    user=logs.user,
                    key_file=logs.key_file,
                    port=port,
                )
            )
            for address in logs.hosts
        ]
        self._script = (
            importlib.resources.files(__package__)
            .joinpath('logs_remote.py')
            .read_text(encoding='utf-8')
        )
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._broken: OSError | None = None

    def start(self) -> None:
        """Note where the logs end now, and read on from there."""
        if not self._states or self._thread is not None:
            return
        self.read()
        self._thread = threading.Thread(
            target=self._loop, name='logs', daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Read a last time and end; a second time does nothing.

        :raises HarnessError: if the history could not be written.
        """
        if self._thread is None:
            return
        self._stopping.set()
        # One reading may be under way: it ends within the timeout of ssh.
        self._thread.join(2 * _TIMEOUT)
        self._thread = None
        if self._broken is not None:
            raise errors.HarnessError(
                f'the history cannot be written: {self._broken}'
            )
        self.read()

    def read(self) -> None:
        """Read what is new on every host, all of them at the same time."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(self._read_host, self._states))

    def _loop(self) -> None:
        try:
            while not self._stopping.wait(self._logs.interval):
                self.read()
        except OSError as error:
            self._broken = error

    def _read_host(self, state: _State) -> None:
        try:
            found = self._ask(state)
        except (ssh.UnreachableError, msgspec.DecodeError) as error:
            self._remark(state, f'cannot be read: {error}')
            return
        first = state.known is None
        state.known = found.known
        if found.trouble:
            self._remark(state, f'cannot be read: {"; ".join(found.trouble)}')
        elif first and not found.known:
            self._remark(
                state,
                f'no such file: {", ".join(self._logs.files)} '
                '([stress] log_files)',
            )
        else:
            state.told = ''
        for path, line in found.lines:
            self._record(self._event(state.host.address, path, line))
        if found.dropped or found.skipped_bytes:
            self._note(
                state,
                f'{found.dropped} lines beyond {MAX_LINES} and '
                f'{found.skipped_bytes} bytes were left out',
            )

    def _ask(self, state: _State) -> _Found:
        wanted = {
            'patterns': self._logs.files,
            'known': state.known or {},
            'lines': MAX_LINES,
            'bytes': _MAX_BYTES,
            'baseline': state.known is None,
        }
        answer = ssh.run(
            state.host,
            ('python3', '-IB', '-', json.dumps(wanted)),
            timeout=_TIMEOUT,
            stdin=self._script,
            as_root=True,
        )
        if answer.status:
            lines = answer.stderr.strip().splitlines() or ['no word']
            raise ssh.UnreachableError(
                f'python3 ended with {answer.status}: {lines[-1][:200]}'
            )
        return msgspec.json.decode(answer.stdout, type=_Found)

    def _event(self, host: str, path: str, line: str) -> events.Log:
        level = _LEVEL.search(line)
        request = _REQUEST_ID.search(line)
        return events.Log(
            t=self._now(),
            actor=self._actor,
            host=host,
            file=path,
            line=mask(line)[:_LINE_LIMIT],
            level=level[1] if level else '',
            request_id=request[1] if request else '',
        )

    def _remark(self, state: _State, text: str) -> None:
        """Say it once, not at every reading."""
        if text != state.told:
            state.told = text
            self._note(state, text)

    def _note(self, state: _State, text: str) -> None:
        self._record(
            events.Note(
                t=self._now(),
                actor=self._actor,
                what=events.Topic.REMARK,
                about=f'logs/{state.host.address}',
                text=f'logs of {state.host.address}: {mask(text)}',
            )
        )


def _check(logs: settings.Logs) -> None:
    given = [('log_hosts', host, ssh.SAFE) for host in logs.hosts]
    given += [('log_files', path, _PATTERN) for path in logs.files]
    if logs.user:
        given.append(('ssh_user', logs.user, ssh.SAFE))
    if logs.key_file:
        given.append(('ssh_private_key_file', logs.key_file, ssh.SAFE))
    for option, value, allowed in given:
        if not allowed.match(value):
            raise errors.UsageError(
                f'[stress] {option}: {value!r} is refused: it must match '
                f'{allowed.pattern}'
            )
