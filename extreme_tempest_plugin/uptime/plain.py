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
"""Probes of what is no API: a port, an address, a name server.

They say whether the data plane works, for a floating IP above all.
"""

import os
import socket
import struct

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import targets
from extreme_tempest_plugin.uptime import transport

_ECHO, _ECHO_REPLY = 8, 0


def make(target: targets.Target) -> 'Tcp | Ping | Dns':
    """The probe of a target that is no API.

    :raises UsageError: if this user or this installation cannot send it.
    """
    if target.kind == 'tcp':
        return Tcp(target)
    return Ping(target) if target.kind == 'ping' else Dns(target)


class _Plain:
    """Needs no token."""

    def headers(self) -> dict[str, str]:
        return {}


class Tcp(_Plain):
    """A connection is taken."""

    name = 'tcp.connect'

    def __init__(self, target: targets.Target) -> None:
        self._target = endpoints.Endpoint(target.host, target.port, '', None)

    def send(self, headers: dict[str, str], deadline_ns: int) -> probes.Reply:
        """See ``probes.Probe.send``."""
        try:
            with transport.explained():
                transport.connect(self._target, deadline_ns).close()
        except transport.Failed as failure:
            return probes.Reply(error=failure.kind)
        return probes.Reply()


class Ping(_Plain):
    """An ICMP echo is answered (RFC 792)."""

    name = 'icmp.echo'

    def __init__(self, target: targets.Target) -> None:
        self._host = target.host
        try:
            _icmp().close()
        except OSError as error:
            raise errors.UsageError(
                f'ping:{target.host}: this user may not send ICMP '
                f'({error.strerror}): be root, or set '
                'net.ipv4.ping_group_range'
            ) from None

    def send(self, headers: dict[str, str], deadline_ns: int) -> probes.Reply:
        """See ``probes.Probe.send``."""
        try:
            with transport.explained(), _icmp() as sock:
                self._echo(sock, deadline_ns)
        except transport.Failed as failure:
            return probes.Reply(error=failure.kind)
        return probes.Reply()

    def _echo(self, sock: socket.socket, deadline_ns: int) -> None:
        # Others send echoes, too.
        cookie = os.urandom(16)
        sock.settimeout(transport.left(deadline_ns))
        sock.sendto(_packet(cookie), (self._host, 0))
        while True:
            sock.settimeout(transport.left(deadline_ns))
            answer = sock.recv(2048)
            if sock.type == socket.SOCK_RAW:
                # Raw sockets show the header of IP, too.
                answer = answer[(answer[0] & 0x0F) * 4 :]
            if answer[:1] == bytes([_ECHO_REPLY]) and cookie in answer:
                return


def _packet(cookie: bytes) -> bytes:
    head = struct.pack('!BBHHH', _ECHO, 0, 0, 0, 1)
    words = struct.unpack(f'!{(len(head) + len(cookie)) // 2}H', head + cookie)
    # The Internet checksum, RFC 1071.
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack('!BBHHH', _ECHO, 0, ~total & 0xFFFF, 0, 1) + cookie


def _icmp() -> socket.socket:
    """A socket for ICMP: one that users may have, or else that of root."""
    try:
        return socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP
        )
    except PermissionError:
        return socket.socket(
            socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP
        )


class Dns(_Plain):
    """A name server answers with an address for a name."""

    name = 'dns.query'

    def __init__(self, target: targets.Target) -> None:
        # Here: each monitor is a process, and few of them need it.
        import dns.exception
        import dns.message
        import dns.query
        import dns.rcode

        self._exception = dns.exception
        self._message = dns.message
        self._query = dns.query
        self._rcode = dns.rcode
        self._target = target
        try:
            dns.message.make_query(target.name, 'A')
        except dns.exception.DNSException as error:
            raise errors.UsageError(
                f'dns:{target.name}: no name: {error}'
            ) from None

    def send(self, headers: dict[str, str], deadline_ns: int) -> probes.Reply:
        """See ``probes.Probe.send``."""
        question = self._message.make_query(self._target.name, 'A')
        try:
            with transport.explained():
                answer = self._query.udp(
                    question,
                    self._target.host,
                    timeout=transport.left(deadline_ns),
                    port=self._target.port,
                )
        except transport.Failed as failure:
            return probes.Reply(error=failure.kind)
        except self._exception.Timeout:
            return probes.Reply(error='timeout')
        except self._exception.DNSException:
            return probes.Reply(error='malformed')
        code = self._rcode.to_text(answer.rcode()).lower()
        if code != 'noerror':
            return probes.Reply(error=f'dns-{code}')
        return probes.Reply(error='' if answer.answer else 'dns-empty')
