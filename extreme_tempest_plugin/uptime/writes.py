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

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import steps
from extreme_tempest_plugin.uptime import things as things_
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport


class Write:
    """Makes, looks and deletes, in each sample.

    :param things: makes them.
    """

    def __init__(self, recipe: steps.Recipe, things: things_.Things) -> None:
        self.name = recipe.name
        self._recipe = recipe
        self._things = things
        self._home = ''

    def headers(self) -> dict[str, str]:
        """See ``probes.Probe.headers``."""
        return self._things.headers()

    def prepare(self, deadline_ns: int) -> None:
        """Make the home of all samples.

        :raises UsageError: if the service does not make it.
        :raises HarnessError: if this machine cannot ask for it.
        """
        around = self._recipe.around
        if around is None:
            return
        name = around.label(self._things.stem)
        try:
            reply, self._home = self._things.make(
                around, name, '', self.headers(), deadline_ns
            )
        except transport.NotSent as trouble:
            raise errors.HarnessError(f'this machine: {trouble}') from None
        if reply.error:
            status = f', status {reply.status}' if reply.status else ''
            raise errors.UsageError(
                f'{self.name}: no {around.name} {name} could be made: '
                f'{reply.error}{status}'
            )

    def send(self, headers: dict[str, str], deadline_ns: int) -> probes.Reply:
        """See ``probes.Probe.send``.

        :raises NotSent: if the ledger cannot be written: then nothing is
            made.
        """
        recipe, home = self._recipe, self._home
        name = self._things.fresh()
        reply, id_ = self._things.make(
            recipe, name, home, headers, deadline_ns
        )
        if reply.error:
            return reply
        for step in (recipe.look(id_, home), recipe.delete(id_, home)):
            reply, _ = self._things.do(step, headers, deadline_ns)
            if reply.error:
                return reply
        self._things.gone(recipe, name)
        return reply


class Token:
    """Keystone issues a token and knows it afterwards.

    :param target: of keystone.
    """

    name = 'token.write'

    def __init__(
        self,
        target: endpoints.Endpoint,
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
