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
"""Servers and keypairs of nova, see ``cloud.ports.Compute``."""

import collections.abc
import functools
import typing

from oslo_serialization import jsonutils
from tempest.lib import exceptions as lib_exceptions
from tempest.lib.services.compute import flavors_client
from tempest.lib.services.compute import keypairs_client
from tempest.lib.services.compute import limits_client
from tempest.lib.services.compute import servers_client

from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import quota
from extreme_tempest_plugin.cloud import rest

#: From here on nova shows the events of an action to its owner.
ACTIONS_MICROVERSION = '2.51'

#: Servers that are asked for in one page.
PAGE = 200

#: The part of a reboot that a compute service records.
_REBOOT_EVENT = 'compute_reboot_instance'

_P = typing.ParamSpec('_P')
_T = typing.TypeVar('_T')


class ServersClient(servers_client.ServersClient, rest.RestOnce):
    """Tempest's client of servers, each request sent once."""

    def show_action(
        self, server: str, request_id: str
    ) -> dict[str, typing.Any]:
        """One entry of the server's list of actions, with its events."""
        headers = self.get_headers()
        headers[self.api_microversion_header_name] = ACTIONS_MICROVERSION
        _, body = self.get(
            f'servers/{server}/os-instance-actions/{request_id}',
            headers=headers,
        )
        action: dict[str, typing.Any] = jsonutils.loads(body)
        return action['instanceAction']


class KeyPairsClient(keypairs_client.KeyPairsClient, rest.RestOnce):
    """Tempest's client of keypairs, each request sent once."""


class LimitsClient(limits_client.LimitsClient, rest.RestOnce):
    """Tempest's client of limits, each request sent once."""


class FlavorsClient(flavors_client.FlavorsClient, rest.RestOnce):
    """Tempest's client of flavors, each request sent once."""


def _judged(
    call: collections.abc.Callable[typing.Concatenate['Compute', _P], _T],
) -> collections.abc.Callable[typing.Concatenate['Compute', _P], _T]:
    """Turn what a service client raises into CallError."""

    @functools.wraps(call)
    def judged(self: 'Compute', *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return call(self, *args, **kwargs)
        except (KeyError, IndexError) as error:
            malformed = lib_exceptions.InvalidHTTPResponseBody(
                f'no {error} in the body'
            )
            raise ports.CallError(outcomes.classify(malformed)) from None
        except (*outcomes.ERRORS, outcomes.TokenError) as error:
            refusal = outcomes.classify(error)
            if refusal.status == 401:
                self.on_unauthorized()
            raise ports.CallError(refusal) from error

    return judged


class Compute:
    """Calls of a storm, and looks at what became of them.

    :param calls: client with the time-out of calls.
    :param looks: client with the time-out of looks.
    :param image: id of the image of each server.
    :param network: id of the network of each server, or empty.
    :param on_unauthorized: called after a 401; drops the token.
    """

    def __init__(
        self,
        *,
        calls: ServersClient,
        looks: ServersClient,
        keypairs: KeyPairsClient,
        keypair_looks: KeyPairsClient,
        limits: LimitsClient,
        flavors: FlavorsClient,
        image: str,
        flavor: str,
        network: str,
        on_unauthorized: collections.abc.Callable[[], None],
    ) -> None:
        self._calls = calls
        self._looks = looks
        self._keypairs = keypairs
        self._keypair_looks = keypair_looks
        self._limits = limits
        self._flavors = flavors
        self._boot: dict[str, typing.Any] = {
            'imageRef': image,
            'flavorRef': flavor,
        }
        if network:
            self._boot['networks'] = [{'uuid': network}]
        self.on_unauthorized = on_unauthorized

    @_judged
    def create_server(self, name: str) -> ports.Answer:
        """Ask for a server."""
        body = self._calls.create_server(name=name, **self._boot)
        return _answer(body, body['server']['id'])

    @_judged
    def delete_server(self, server: str) -> ports.Answer:
        """Ask for the end of a server."""
        return _answer(self._calls.delete_server(server))

    @_judged
    def reboot_server(self, server: str, hard: bool) -> ports.Answer:
        """Ask for a reboot."""
        kind = 'HARD' if hard else 'SOFT'
        return _answer(self._calls.reboot_server(server, type=kind))

    @_judged
    def rename_server(self, server: str, name: str) -> ports.Answer:
        """Change a server's name."""
        return _answer(self._calls.update_server(server, name=name))

    @_judged
    def show_server(self, server: str) -> ports.Server:
        """A server as it is now."""
        return _server(self._looks.show_server(server)['server'])

    @_judged
    def show_progress(self, server: str, request_id: str) -> ports.Progress:
        """How far a reboot has come, from nova's record of the request."""
        try:
            action = self._looks.show_action(server, request_id)
        except (
            lib_exceptions.Forbidden,
            lib_exceptions.NotAcceptable,
        ):
            return ports.Progress.HIDDEN
        except lib_exceptions.NotFound:
            return ports.Progress.ABSENT
        return _progress(action)

    @_judged
    def list_servers(self) -> tuple[ports.Server, ...]:
        """All servers of the project.

        A page may be shorter than asked for (``[api] max_limit``), so only an
        empty one is the last.
        """
        found: dict[str, ports.Server] = {}
        marker: dict[str, str] = {}
        while True:
            page = self._looks.list_servers(detail=True, limit=PAGE, **marker)[
                'servers'
            ]
            fresh = [
                _server(shown) for shown in page if shown['id'] not in found
            ]
            if not fresh:
                return tuple(found.values())
            found.update((server.id, server) for server in fresh)
            marker = {'marker': page[-1]['id']}

    @_judged
    def create_keypair(self, name: str) -> ports.Answer:
        """Have nova make a keypair; the private key is thrown away."""
        return _answer(self._keypairs.create_keypair(name=name), name)

    @_judged
    def delete_keypair(self, name: str) -> ports.Answer:
        """Delete a keypair."""
        return _answer(self._keypairs.delete_keypair(name))

    @_judged
    def show_keypair(self, name: str) -> None:
        """Raise CallError with status 404 if there is none."""
        self._keypair_looks.show_keypair(name)

    @_judged
    def list_keypairs(self) -> tuple[str, ...]:
        """Names of the user's keypairs."""
        body = self._keypair_looks.list_keypairs()
        return tuple(shown['keypair']['name'] for shown in body['keypairs'])

    @_judged
    def show_room(self) -> quota.Room:
        """What the quota leaves for servers of our flavor and keypairs."""
        return quota.room(
            self._limits.show_limits()['limits']['absolute'],
            self._flavors.show_flavor(self._boot['flavorRef'])['flavor'],
            len(self._keypair_looks.list_keypairs()['keypairs']),
        )


def _answer(body: typing.Any, value: str = '') -> ports.Answer:
    return ports.Answer(
        status=body.response.status,
        request_id=outcomes.request_id(body.response),
        value=value,
    )


def _server(shown: dict[str, typing.Any]) -> ports.Server:
    fault = shown.get('fault') or {}
    return ports.Server(
        id=shown['id'],
        name=shown['name'],
        status=shown['status'],
        task_state=shown.get('OS-EXT-STS:task_state') or '',
        project=shown.get('tenant_id', ''),
        fault=outcomes.line(str(fault.get('message', ''))),
    )


def _progress(action: dict[str, typing.Any]) -> ports.Progress:
    events = action.get('events')
    if events is None:
        return ports.Progress.HIDDEN
    results = [
        event.get('result')
        for event in events
        if event.get('event') == _REBOOT_EVENT
    ]
    if not results or None in results:
        return ports.Progress.RUNNING
    if all(result == 'Success' for result in results):
        return ports.Progress.DONE
    return ports.Progress.FAILED
