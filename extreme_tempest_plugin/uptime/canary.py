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
"""A canary: one transaction as a member, from a boot to the last deletion.

A server with a port of its own is booted and gets a volume, something answers
at its floating IP, and all of it is deleted: what a user of a cloud that is
well can do. Each call is sent once; what fails ends the transaction, and it is
deleted all the same.
"""

import collections.abc
import pathlib
import time

import msgspec

from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import ledger as ledger_
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.uptime import boots

#: Seconds for all that is made, and for the deletion of each kind.
PATIENCE = 120.0

#: Kinds of which it makes one: a storm beside it leaves room for that.
KINDS = frozenset(
    {
        'server',
        'volume',
        'port',
        'floating_ip',
        'security_group',
        'security_group_rule',
    }
)

_DELETION = 60.0
_PAUSE = 1.0

#: How services refuse what the quota has no room for: others may use it up.
_REFUSED = frozenset({403, 409, 413})


class _Thing(msgspec.Struct):
    id: str
    status: str | None = None
    address: str = msgspec.field(name='floating_ip_address', default='')


class _Body(msgspec.Struct):
    """One of these."""

    floatingip: _Thing | None = None
    port: _Thing | None = None
    security_group: _Thing | None = None
    server: _Thing | None = None
    volume: _Thing | None = None


class _FailedError(Exception):
    """What was asked for did not come about; says what was seen."""


class Canary:
    """Transactions of one run, one at a time.

    :param cloud: of the user.
    :param path: of the ledger, which is made.
    :param run: identity of the run.
    :param network: that the server is booted on, by a port of its own; empty
        where nova chooses.
    :param volume: one is attached.
    :param port: TCP port that is tried at a floating IP; 0 for none.
    :param over: whether the run is over, so that nothing more is awaited.
    :param remark: told what could not be tried.
    """

    def __init__(
        self,
        cloud: ports.Cloud,
        path: pathlib.Path,
        run: str,
        *,
        network: str,
        volume: bool,
        port: int,
        over: collections.abc.Callable[[], bool],
        remark: collections.abc.Callable[[str], None],
        clock: collections.abc.Callable[[], float] = time.monotonic,
        sleep: collections.abc.Callable[[float], None] = time.sleep,
    ) -> None:
        self._cloud = cloud
        self._ledger = ledger_.Ledger(path)
        self._stem = f'{listing.WATCHED}{run[:8]}-canary'
        self._network = network
        self._volume = volume
        self._port = port
        self._over = over
        self._remark = remark
        self._clock = clock
        self._sleep = sleep
        self._number = 0
        self._step = ''
        self._deadline = 0.0
        #: Something answered at a floating IP; now none can be tried.
        self._answered = self._blind = False

    def __call__(self) -> str | None:
        """Do all of it.

        :returns: why it failed, in one line; empty if it did not, None if the
            quota had no room, or what could be tried before could not, which
            says nothing.
        """
        self._number += 1
        self._deadline = self._clock() + PATIENCE
        self._blind = False
        wrong: str | None = ''
        try:
            self._use(f'{self._stem}-{self._number}')
            wrong = None if self._blind else ''
        except ports.CallError as error:
            wrong = f'{self._step}: {error}'
            quota = 'quota' in str(error).lower()
            if quota and error.refusal.status in _REFUSED:
                self._remark(f'not tried: {wrong}')
                wrong = None
        except _FailedError as error:
            wrong = f'{self._step}: {error}'
        left = self.clean()
        if left and not wrong:
            return f'delete: {left[0].resource}: {left[0].why}'
        return wrong

    def clean(self) -> tuple[cleanup.Left, ...]:
        """Delete what is still there; returns what could not be."""
        left = cleanup.clean(
            (self._ledger.path,),
            self._cloud,
            _DELETION,
            clock=self._clock,
            sleep=self._sleep,
        )
        if not left:
            for debt in ledger_.read((self._ledger.path,)):
                self._ledger.gone(debt.kind, debt.name)
        return left

    def close(self) -> None:
        """Nothing more is made."""
        self._ledger.close()

    def _use(self, name: str) -> None:
        self._step = 'port'
        port = self._make_port(name) if self._network else ''
        self._step = 'boot'
        server = self._boot(name, port)
        if self._volume:
            self._step = 'volume'
            self._attach(name, server)
        if self._port and port:
            self._step = 'floating IP'
            self._reach(name, port)

    def _make_port(self, name: str) -> str:
        asked: dict[str, object] = {
            'network_id': self._network,
            'name': name,
        }
        if self._port:
            asked['security_groups'] = [self._let_in(name)]
        return self._make('port', 'neutron', 'v2.0/ports', name, asked).id

    def _let_in(self, name: str) -> str:
        """A security group whose rule goes with it; returns its id."""
        kind = 'security_group'
        path = 'v2.0/security-groups'
        group = self._make(kind, 'neutron', path, name, {'name': name}).id
        rule = {
            'security_group_id': group,
            'direction': 'ingress',
            'ethertype': 'IPv4',
            'protocol': 'tcp',
            'port_range_min': self._port,
            'port_range_max': self._port,
        }
        self._cloud.service('neutron').post(
            'v2.0/security-group-rules', {'security_group_rule': rule}
        )
        return group

    def _boot(self, name: str, port: str) -> str:
        asked: dict[str, object] = {
            'name': name,
            'imageRef': self._cloud.boot.image,
            'flavorRef': self._cloud.boot.flavor,
        }
        if port:
            asked['networks'] = [{'port': port}]
        server = self._make('server', 'nova', 'servers', name, asked).id

        def look() -> str:
            answer = self._cloud.service('nova').get(f'servers/{server}')
            reply, over = boots.judge(answer.status, answer.body)
            if over and reply.error:
                raise _FailedError(f'the server is in {reply.error}')
            return reply.error and 'the server is not ACTIVE'

        self._await(look)
        return server

    def _attach(self, name: str, server: str) -> None:
        asked = {'name': name, 'size': 1}
        volume = self._make('volume', 'cinder', 'volumes', name, asked).id
        self._await_volume(volume, 'available')
        self._cloud.service('nova').post(
            f'servers/{server}/os-volume_attachments',
            {'volumeAttachment': {'volumeId': volume}},
        )
        self._await_volume(volume, 'in-use')

    def _await_volume(self, volume: str, wanted: str) -> None:
        def look() -> str:
            answer = self._cloud.service('cinder').get(f'volumes/{volume}')
            status = _thing(answer, 'volume').status or 'unknown'
            if status.startswith('error'):
                raise _FailedError(f'the volume is in {status}')
            return '' if status == wanted else f'the volume is {status}'

        self._await(look)

    def _reach(self, name: str, port: str) -> None:
        asked = {
            'floating_network_id': self._cloud.boot.public_network,
            'port_id': port,
            'description': name,
        }
        path = 'v2.0/floatingips'
        made = self._make('floating_ip', 'neutron', path, name, asked)

        def look() -> str:
            try:
                tried = self._cloud.attempt(made.address)
            except ports.CallError as error:
                # That says nothing of the cloud.
                self._remark(f'without a floating IP: {error}')
                self._blind = self._answered
                return ''
            self._answered |= bool(tried and not tried.error)
            return (
                f'{tried.at}: {tried.error}' if tried and tried.error else ''
            )

        self._await(look)

    def _make(
        self,
        kind: str,
        service: str,
        path: str,
        name: str,
        asked: dict[str, object] | dict[str, str],
    ) -> _Thing:
        """Create one thing, owed before."""
        key = kind.replace('_ip', 'ip')
        self._ledger.owe(kind, name)
        answer = self._cloud.service(service).post(path, {key: asked})
        made = _thing(answer, key)
        self._ledger.made(kind, name, made.id)
        return made

    def _await(self, look: collections.abc.Callable[[], str]) -> None:
        while wrong := look():
            if self._clock() >= self._deadline or self._over():
                raise _FailedError(wrong)
            self._sleep(_PAUSE)


def _thing(answer: ports.Answer, key: str) -> _Thing:
    found: _Thing | None = getattr(answer.read(_Body), key)
    if found is None:
        raise _FailedError(f'malformed answer: no {key}')
    return found
