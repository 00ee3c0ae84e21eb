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
"""Write probes: make something cheap, look at it, delete it.

A sample is all of it, and its class of error is that of the first request
that failed. The names are of the run, so that what an unanswered request may
have left is found: it is owed a deletion, and each later sample and the end
of the watch try again.
"""

import base64
import collections
import collections.abc
import dataclasses
import struct
import threading
import uuid

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport

#: A key that belongs to nobody; nova looks only at its form.
_PUBLIC_KEY = (
    'ssh-ed25519 '
    + base64.b64encode(
        struct.pack('>I11sI32s', 11, b'ssh-ed25519', 32, b'nobody' * 6)
    ).decode()
)
_GONE = (200, 202, 204, 404)


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One request of a sample.

    :param good: statuses that it may be answered with.
    """

    method: str
    path: str
    good: tuple[int, ...]
    body: bytes = b''


@dataclasses.dataclass(frozen=True, slots=True)
class Recipe:
    """What a write probe does.

    :param name: of the probe.
    :param version: API version, for an endpoint that does not name one.
    :param steps: of a sample, given a name; the last one deletes.
    :param before: of the whole watch, likewise.
    """

    name: str
    version: str
    steps: collections.abc.Callable[[str], tuple[Step, ...]]
    before: collections.abc.Callable[[str], tuple[Step, ...]] = lambda name: ()


def _keypair(name: str) -> tuple[Step, ...]:
    asked = {'keypair': {'name': name, 'public_key': _PUBLIC_KEY}}
    return (
        Step('POST', '/os-keypairs', (200, 201), msgspec.json.encode(asked)),
        Step('GET', f'/os-keypairs/{name}', (200,)),
        Step('DELETE', f'/os-keypairs/{name}', _GONE),
    )


def _image(name: str) -> tuple[Step, ...]:
    # Without data: a record alone.
    made = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    asked = {'id': made, 'name': name}
    return (
        Step('POST', '/images', (201,), msgspec.json.encode(asked)),
        Step('GET', f'/images/{made}', (200,)),
        Step('DELETE', f'/images/{made}', _GONE),
    )


def _object(name: str) -> tuple[Step, ...]:
    path = f'/{_container(name)}/{name}'
    return (
        Step('PUT', path, (201,), name.encode()),
        Step('GET', path, (200,)),
        Step('DELETE', path, _GONE),
    )


def _container(name: str) -> str:
    return name.rpartition('-')[0]


RECIPES = {
    'nova': Recipe('keypair.write', '/v2.1', _keypair),
    'glance': Recipe('image.write', '/v2', _image),
    'swift': Recipe(
        'object.write',
        '',
        _object,
        lambda name: (
            Step('PUT', f'/{_container(name)}', (201, 202)),
            Step('DELETE', f'/{_container(name)}', _GONE),
        ),
    ),
}


def known() -> list[str]:
    """Services that can be written to."""
    return sorted([*RECIPES, 'keystone'])


def check(service: str) -> None:
    """See whether a service can be written to.

    :raises UsageError: if not.
    """
    if service not in known():
        raise errors.UsageError(
            f'uptime: {service}/write: there is nothing cheap to make there; '
            f'there is in {", ".join(known())}'
        )


class Write:
    """Makes, looks and deletes, in each sample.

    :param run: identity of the run.
    """

    def __init__(
        self,
        recipe: Recipe,
        target: transport.Endpoint,
        keeper: tokens.Keeper,
        run: str,
        send: transport.Send = transport.request,
    ) -> None:
        self.name = recipe.name
        self._recipe = recipe
        self._target = target
        self._keeper = keeper
        self._send = send
        self._stem = f'extreme-uptime-{run[:8]}'
        self._lock = threading.Lock()
        self._number = 0
        self._owed: collections.deque[Step] = collections.deque()
        versioned = target.path.rpartition('/v')[2][:1].isdigit()
        self._prefix = '' if versioned else recipe.version

    def headers(self) -> dict[str, str]:
        """See ``probes.Probe.headers``."""
        return probes.token_headers(self._keeper)

    def prepare(self, deadline_ns: int) -> None:
        """What all samples need.

        :raises UsageError: if it cannot be made.
        """
        for step in self._recipe.before(f'{self._stem}-0')[:1]:
            reply = self._do(step, self.headers(), deadline_ns)
            if reply.error:
                raise errors.UsageError(
                    f'{self.name}: {step.method} {step.path}: {reply.error}'
                )

    def send(self, headers: dict[str, str], deadline_ns: int) -> probes.Reply:
        """See ``probes.Probe.send``."""
        with self._lock:
            self._number += 1
            number = self._number
        steps = self._recipe.steps(f'{self._stem}-{number}')
        for step in steps:
            reply = self._do(step, headers, deadline_ns)
            if reply.error:
                self._owed.append(steps[-1])
                return reply
        return reply

    def clean(self, deadline_ns: int) -> list[str]:
        """Delete what is owed; returns the paths of what stays."""
        left = [*self._owed, *self._recipe.before(f'{self._stem}-0')[1:]]
        stays = []
        for step in left:
            try:
                reply = self._do(step, self.headers(), deadline_ns)
            except (tokens.NoToken, transport.NotSent):
                stays.append(step.path)
            else:
                if reply.error:
                    stays.append(step.path)
        return stays

    def _do(
        self, step: Step, headers: dict[str, str], deadline_ns: int
    ) -> probes.Reply:
        try:
            answer = self._send(
                self._target,
                step.method,
                self._prefix + step.path,
                {'Content-Type': 'application/json', **headers},
                deadline_ns,
                step.body or None,
            )
        except transport.Failed as failure:
            return probes.Reply(error=failure.kind)
        if answer.status in step.good:
            return probes.Reply(answer.status)
        if answer.status == 401:
            self._keeper.distrust(headers['X-Auth-Token'])
        return probes.Reply(answer.status, probes.wrong_status(answer.status))


class Token:
    """Keystone issues a token and knows it afterwards.

    :param target: of keystone.
    """

    name = 'token.write'

    def __init__(
        self,
        target: transport.Endpoint,
        spec: spec_.Spec,
        send: transport.Send = transport.request,
    ) -> None:
        self._target = target
        self._body = tokens.credentials(spec)
        self._send = send

    def headers(self) -> dict[str, str]:
        """None: it is about to get its token."""
        return {}

    def send(self, headers: dict[str, str], deadline_ns: int) -> probes.Reply:
        """See ``probes.Probe.send``."""
        try:
            made = self._send(
                self._target,
                'POST',
                '/auth/tokens?nocatalog',
                {'Content-Type': 'application/json'},
                deadline_ns,
                self._body,
            )
            token = made.headers.get('X-Subject-Token', '')
            if made.status != 201 or not token:
                return probes.Reply(
                    made.status, probes.wrong_status(made.status)
                )
            seen = self._send(
                self._target,
                'GET',
                '/auth/tokens?nocatalog',
                {'X-Auth-Token': token, 'X-Subject-Token': token},
                deadline_ns,
            )
        except transport.Failed as failure:
            return probes.Reply(error=failure.kind)
        good = seen.status == 200
        error = '' if good else probes.wrong_status(seen.status)
        return probes.Reply(seen.status, error)
