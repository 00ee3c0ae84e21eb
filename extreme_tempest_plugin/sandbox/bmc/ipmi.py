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
"""The BMCs of a sandbox, in one process. They speak IPMI 2.0 over LAN.

The protocol is pyghmi's. Its input loop is not used: that tells sessions
apart by the address of the client and the port of the BMC, and so mixes up
several BMCs of one process. Here each has its own socket and its own
sessions.

Run as ``python -m extreme_tempest_plugin.sandbox.bmc.ipmi``, in the namespace
of the BMCs, with a bmc.Specification on standard input.
"""

import collections.abc
import contextlib
import functools
import logging
import pathlib
import selectors
import socket
import sys
import time
import uuid

from pyghmi.ipmi import bmc
from pyghmi.ipmi.private import serversession
from pyghmi.ipmi.private import session as ipmisession

from extreme_tempest_plugin.sandbox.bmc import Specification
from extreme_tempest_plugin.sandbox.bmc import USER
from extreme_tempest_plugin.sandbox.bmc.buttons import Buttons
from extreme_tempest_plugin.sandbox.hosts import machine
from extreme_tempest_plugin.sandbox.layout import Layout

LOG = logging.getLogger(__name__)

# IPMI 2.0, tables 13-8, 13-9 and 13-15: the format, the payload that asks for
# a session, the authentication that pyghmi's server can do, the refusal.
_IPMI_2 = 6
_OPEN_SESSION = 0x10
_RAKP_HMAC_SHA1 = 1
_INVALID_AUTHENTICATION = 0x04
# Table 5-2: not in this power state.
_NOT_NOW = 0xD5
# Seconds that a session may be silent; clients say something twice a minute.
_IDLE_S = 120.0

Client = tuple[str, int]


class _Session(serversession.ServerSession):
    """A session with one client."""

    heard = 0.0

    def create_open_session_response(self, request: bytearray) -> bytearray:
        # pyghmi's server answers with SHA-1 whatever it was asked for, which
        # its own client, which asks for SHA-256 first, does not survive. A
        # client that is refused asks for SHA-1.
        if request[12] != _RAKP_HMAC_SHA1:
            refusal = (request[0], _INVALID_AUTHENTICATION, 0, 0)
            return bytearray(refusal) + request[4:8]
        return super().create_open_session_response(request)

    def close_server_session(self) -> None:
        self.bmc.sessions.pop(self.sockaddr, None)


@contextlib.contextmanager
def _given(listener: socket.socket) -> collections.abc.Iterator[None]:
    """Let pyghmi take this socket instead of one that its thread reads."""
    name = '_assignsocket'
    original = ipmisession.Session.__dict__[name]
    setattr(ipmisession.Session, name, lambda found: listener)
    try:
        yield
    finally:
        setattr(ipmisession.Session, name, original)


class Bmc(bmc.Bmc):
    """The BMC of one machine.

    :param buttons: of the machine
    :param accounts: passwords by user
    :param listener: a bound UDP socket
    :param identity: anything that names the machine for ever
    """

    def __init__(
        self,
        buttons: Buttons,
        accounts: collections.abc.Mapping[str, str],
        listener: socket.socket,
        identity: str,
    ) -> None:
        self.buttons = buttons
        self.sessions: dict[Client, _Session] = {}
        guid = uuid.uuid5(uuid.NAMESPACE_OID, identity)
        with _given(listener):
            super().__init__(accounts, listener.getsockname()[1], guid)

    def receive(self, data: bytes, client: Client, now: float) -> None:
        """Handle a packet and send the answer.

        :param now: of a clock, in seconds
        """
        if len(data) < 20 or data[0] != 6 or data[2:4] != b'\xff\x07':
            return
        # Behind the header: type of the payload, id of the session.
        payload = data[5] & 0x3F
        if data[4] != _IPMI_2 or (payload == 0 and not any(data[6:10])):
            self.sessionless_data(data, client)
        elif payload == _OPEN_SESSION:
            self._forget_idle(now)
            self.sessions[client] = session = _Session(
                self.authdata,
                self.kg,
                client,
                self.serversocket,
                bytearray(data[16:]),
                self.uuid,
                bmc=self,
            )
            # Where pyghmi's own input loop would look for it, for ever.
            ipmisession.Session.bmc_handlers.pop(client, None)
            session.heard = now
        elif client in self.sessions:
            session = self.sessions[client]
            session.heard = now
            session._handle_ipmi2_packet(bytearray(data))

    def _forget_idle(self, now: float) -> None:
        for client, session in list(self.sessions.items()):
            if session.heard + _IDLE_S < now:
                del self.sessions[client]

    def get_power_state(self) -> str:
        return self.buttons.state

    def power_off(self) -> None:
        self.buttons.press('off')

    def power_on(self) -> None:
        self.buttons.press('on')

    def power_cycle(self) -> int:
        return self._if_on('off', 'pause', 'on')

    def power_reset(self) -> int:
        return self._if_on('reset')

    def power_shutdown(self) -> None:
        self.buttons.press('soft')

    def _if_on(self, *orders: str) -> int:
        if self.buttons.state == 'off':
            return _NOT_NOW
        self.buttons.press(*orders)
        return 0

    def get_boot_device(self) -> str:
        return 'default'

    def get_system_guid(self) -> uuid.UUID:
        return self.uuid


def serve(spec: Specification) -> None:
    """Answer for ever."""
    layout = Layout(spec.name, run_root=pathlib.Path(spec.run_root))
    selector = selectors.DefaultSelector()
    for host, address in spec.addresses.items():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((address, spec.port))
        served = Bmc(
            Buttons(host, functools.partial(machine.power, layout, host)),
            {USER: spec.password},
            listener,
            f'{spec.name} {host}',
        )
        selector.register(listener, selectors.EVENT_READ, served)
    LOG.info('serving %s', spec.addresses)
    while True:
        for key, _ in selector.select():
            served = key.data
            data, client = served.serversocket.recvfrom(4096)
            try:
                served.receive(data, client, time.monotonic())
            except Exception:
                # Rubbish from one client must not end the service of all.
                LOG.exception('packet from %s', client)


def main() -> None:
    logging.basicConfig(
        format='%(asctime)s %(levelname)s %(message)s', level=logging.INFO
    )
    serve(Specification.from_json(sys.stdin.read()))


if __name__ == '__main__':
    main()
