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
"""What the samples of a probe make, and the ledger of it."""

import contextlib
import threading

from extreme_tempest_plugin.cloud import ledger as ledger_
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import steps
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport


class Things:
    """Makes them at one endpoint, each owed in the ledger before.

    :param stem: what the names begin with that are given.
    :param version: see ``steps.Recipe``.
    """

    def __init__(
        self,
        stem: str,
        version: str,
        target: endpoints.Endpoint,
        keeper: tokens.Keeper,
        ledger: ledger_.Ledger,
        send: transport.Send = transport.request,
    ) -> None:
        self.stem = stem
        self._target = target
        self._keeper = keeper
        self._ledger = ledger
        self._send = send
        self._lock = threading.Lock()
        self._number = 0
        versioned = target.path.rpartition('/v')[2][:1].isdigit()
        self._prefix = '' if versioned else version

    def headers(self) -> dict[str, str]:
        """See ``probes.Probe.headers``."""
        return probes.token_headers(self._keeper)

    def fresh(self) -> str:
        """A name that nothing has."""
        with self._lock:
            self._number += 1
            return f'{self.stem}-{self._number}'

    def make(
        self,
        recipe: steps.Recipe,
        name: str,
        home: str,
        headers: dict[str, str],
        deadline_ns: int,
    ) -> tuple[probes.Reply, str]:
        """Make one.

        :returns: how that ended, and its id if it ended well.
        :raises NotSent: if it cannot be owed: then nothing is made.
        """
        id_ = recipe.id(name)
        self._owe(recipe.kind, name, id_)
        step = recipe.create(name, home)
        reply, body = self.do(step, headers, deadline_ns)
        if reply.error or id_:
            return reply, id_
        id_ = recipe.learn(body)
        if not id_:
            return probes.Reply(reply.status, 'malformed'), ''
        if recipe.kind:
            with contextlib.suppress(OSError):
                # Without its id it is found by its name.
                self._ledger.made(recipe.kind, name, id_)
        return reply, id_

    def gone(self, recipe: steps.Recipe, name: str) -> None:
        """It was deleted."""
        if recipe.kind:
            with contextlib.suppress(OSError):
                # Then it is looked for once more, after the watch.
                self._ledger.gone(recipe.kind, name)

    def do(
        self, step: steps.Step, headers: dict[str, str], deadline_ns: int
    ) -> tuple[probes.Reply, bytes]:
        """Send one request; returns how that ended, and its answer if well.

        :raises NotSent: if this machine could not send it.
        """
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

    def _owe(self, kind: str, name: str, id_: str) -> None:
        if not kind:
            return
        try:
            self._ledger.owe(kind, name)
            if id_:
                self._ledger.made(kind, name, id_)
        except OSError as error:
            raise transport.NotSent(
                f'{self._ledger.path}: {error.strerror}'
            ) from None
