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
that failed. What is made is in a ledger before: what an unanswered request
may have left, the campaign deletes after the watch, or ``tempest extreme
clean`` after a run that died.
"""

import contextlib
import threading

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ledger as ledger_
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import recipes
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport


class Write:
    """Makes, looks and deletes, in each sample.

    :param ledger: of all that is made.
    :param run: identity of the run.
    """

    def __init__(
        self,
        recipe: recipes.Recipe,
        target: transport.Endpoint,
        keeper: tokens.Keeper,
        ledger: ledger_.Ledger,
        run: str,
        send: transport.Send = transport.request,
    ) -> None:
        self.name = recipe.name
        self._recipe = recipe
        self._target = target
        self._keeper = keeper
        self._ledger = ledger
        self._send = send
        self._stem = f'{listing.WATCHED}{run[:8]}'
        self._lock = threading.Lock()
        self._number = 0
        versioned = target.path.rpartition('/v')[2][:1].isdigit()
        self._prefix = '' if versioned else recipe.version

    def headers(self) -> dict[str, str]:
        """See ``probes.Probe.headers``."""
        return probes.token_headers(self._keeper)

    def prepare(self, deadline_ns: int) -> None:
        """What all samples need.

        :raises UsageError: if it cannot be made.
        :raises OSError: if the ledger cannot be written.
        """
        around = self._recipe.around(f'{self._stem}-0')
        if around is None:
            return
        kind, name = around
        self._ledger.owe(kind, name)
        self._ledger.made(kind, name, name)
        step = recipes.Step('PUT', f'/{name}', (201, 202))
        reply, _ = self._do(step, self.headers(), deadline_ns)
        if reply.error:
            raise errors.UsageError(
                f'{self.name}: {step.method} {step.path}: {reply.error}'
            )

    def send(self, headers: dict[str, str], deadline_ns: int) -> probes.Reply:
        """See ``probes.Probe.send``.

        :raises NotSent: if the ledger cannot be written: then nothing is
            made.
        """
        with self._lock:
            self._number += 1
            name = f'{self._stem}-{self._number}'
        recipe = self._recipe
        id_ = recipe.id(name)
        self._owe(name, id_)
        reply, body = self._do(recipe.create(name), headers, deadline_ns)
        if reply.error:
            return reply
        if not id_:
            id_ = recipe.learn(body)
            if not id_:
                return probes.Reply(reply.status, 'malformed')
            self._told(name, id_)
        for step in (recipe.look(id_), recipe.delete(id_)):
            reply, _ = self._do(step, headers, deadline_ns)
            if reply.error:
                return reply
        with contextlib.suppress(OSError):
            # Then it is looked for once more, after the watch.
            self._ledger.gone(recipe.kind, name)
        return reply

    def _told(self, name: str, id_: str) -> None:
        with contextlib.suppress(OSError):
            # Without its id it is found by its name.
            self._ledger.made(self._recipe.kind, name, id_)

    def _owe(self, name: str, id_: str) -> None:
        try:
            self._ledger.owe(self._recipe.kind, name)
            if id_:
                self._ledger.made(self._recipe.kind, name, id_)
        except OSError as error:
            raise transport.NotSent(
                f'{self._ledger.path}: {error.strerror}'
            ) from None

    def _do(
        self,
        step: recipes.Step,
        headers: dict[str, str],
        deadline_ns: int,
    ) -> tuple[probes.Reply, bytes]:
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
            return probes.Reply(error=failure.kind), b''
        if answer.status in step.good:
            return probes.Reply(answer.status), answer.body
        if answer.status == 401:
            self._keeper.distrust(headers['X-Auth-Token'])
        error = probes.wrong_status(answer.status)
        return probes.Reply(answer.status, error), b''


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
