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
"""Boots a server in each sample.

Up is a server that is ACTIVE by the deadline; the sample ends then, so that
its latency is the time to build. One that comes to ERROR is down with the
class of its fault, and one that is not there by the deadline with
``timeout``. A look that fails says nothing of the server and is followed by
the next one; what the last one said is the class if the server was never
seen ACTIVE.

The server is deleted after that has been recorded, whatever became of it. A
deletion that is acknowledged is not over, so each server stays owed, and is
looked for when the watch ends.

https://docs.openstack.org/api-ref/compute/#servers-servers
"""

import collections.abc
import contextlib
import dataclasses
import functools
import re
import time

import msgspec

from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import steps
from extreme_tempest_plugin.uptime import things as things_
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport

VERSION = '/v2.1'

_SECOND = 1_000_000_000
_PAUSE_NS = _SECOND
#: One request of many must not take all of their time.
_REQUEST_NS = 10 * _SECOND

#: How the message of a fault begins that nova words for its users.
_FAULTS = (
    ('No valid host', 'no-valid-host'),
    ('Exceeded max', 'retries-exceeded'),
    ('Build of instance', 'build-aborted'),
)
#: Of others it gives the name of the exception alone.
_EXCEPTION = re.compile(r'[A-Za-z]\w{0,60}')


class _Fault(msgspec.Struct):
    code: int = 0
    message: str = ''


class _Server(msgspec.Struct):
    status: str
    fault: _Fault = msgspec.field(default_factory=_Fault)


class _Body(msgspec.Struct):
    server: _Server


class Boot:
    """Boots and deletes, in each sample.

    :param spec: names image, flavor and network.
    :param things: makes the servers.
    :param now: CLOCK_MONOTONIC, ns.
    :param sleep: waits, seconds.
    """

    name = 'server.boot'

    def __init__(
        self,
        spec: spec_.Spec,
        things: things_.Things,
        now: collections.abc.Callable[[], int] = time.monotonic_ns,
        sleep: collections.abc.Callable[[float], None] = time.sleep,
    ) -> None:
        self._recipe = recipe(spec.image, spec.flavor, spec.network)
        self._things = things
        self._now = now
        self._sleep = sleep

    def headers(self) -> dict[str, str]:
        """See ``probes.Probe.headers``."""
        return self._things.headers()

    def send(self, headers: dict[str, str], deadline_ns: int) -> probes.Reply:
        """See ``probes.Probe.send``.

        :raises NotSent: if the ledger cannot be written, or this machine
            cannot send the first request: then nothing is booted.
        """
        name = self._things.fresh()
        reply, id_ = self._things.make(
            self._recipe, name, '', headers, deadline_ns
        )
        if reply.error:
            return reply
        try:
            seen = self._await(id_, headers, deadline_ns)
        except transport.NotSent:
            self._remove(id_, headers)
            raise
        remove = functools.partial(self._remove, id_, headers)
        return dataclasses.replace(seen, after=remove)

    def _await(
        self, id_: str, headers: dict[str, str], deadline_ns: int
    ) -> probes.Reply:
        """Look until it is ACTIVE or in ERROR, or time is up.

        :raises NotSent: if this machine could not look at the end.
        """
        step = self._recipe.look(id_)
        last: probes.Reply | transport.NotSent = probes.Reply(error='timeout')
        while deadline_ns - self._now() > _PAUSE_NS:
            self._sleep(_PAUSE_NS / _SECOND)
            try:
                last, body = self._ask(step, headers, deadline_ns)
            except transport.NotSent as trouble:
                last = trouble
                continue
            if not last.error:
                last, over = judge(last.status, body)
                if over:
                    return last
        if isinstance(last, transport.NotSent):
            raise last
        return last

    def _remove(self, id_: str, headers: dict[str, str]) -> None:
        # What fails is deleted after the watch.
        with contextlib.suppress(transport.NotSent):
            self._ask(
                self._recipe.delete(id_), headers, self._now() + _REQUEST_NS
            )

    def _ask(
        self, step: steps.Step, headers: dict[str, str], deadline_ns: int
    ) -> tuple[probes.Reply, bytes]:
        """One request of many; the token may have been renewed meanwhile."""
        with contextlib.suppress(tokens.NoToken):
            headers = self._things.headers()
        until = min(deadline_ns, self._now() + _REQUEST_NS)
        return self._things.do(step, headers, until)


def recipe(image: str, flavor: str, network: str) -> steps.Recipe:
    """A server.

    :param network: empty where the project has one alone.
    """

    def create(name: str, home: str) -> steps.Step:
        server: dict[str, object] = {
            'name': name,
            'imageRef': image,
            'flavorRef': flavor,
        }
        if network:
            server['networks'] = [{'uuid': network}]
        return steps.post('/servers', {'server': server}, 202)

    return steps.Recipe(
        name=Boot.name,
        kind='server',
        create=create,
        path=lambda id_, home: f'/servers/{id_}',
        id=lambda name: '',
        learns=('server', 'id'),
    )


def judge(status: int, body: bytes) -> tuple[probes.Reply, bool]:
    """What an answer says of a server, and whether that is the last word."""
    try:
        server = msgspec.json.decode(body, type=_Body).server
    except (msgspec.DecodeError, UnicodeDecodeError):
        return probes.Reply(status, 'malformed'), False
    if server.status == 'ERROR':
        return probes.Reply(status, f'boot-{_class_of(server.fault)}'), True
    if server.status == 'ACTIVE':
        return probes.Reply(status), True
    return probes.Reply(status, 'timeout'), False


def _class_of(fault: _Fault) -> str:
    for beginning, name in _FAULTS:
        if fault.message.startswith(beginning):
            return name
    if _EXCEPTION.fullmatch(fault.message):
        return fault.message
    return str(fault.code) if fault.code else 'error'
