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
"""Questions to name servers, one at a time.

https://www.rfc-editor.org/rfc/rfc1035
"""

import collections.abc
import dataclasses
import socket

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdataset

#: Seconds until an answer must be there.
TIMEOUT = 3.0

PORT = 53

#: The answer is that there is such a name.
FOUND = 'NOERROR'

#: It answers, and not because it has the zone.
NO_AUTHORITY = 'no authority'


class SilentError(Exception):
    """A name server gives no answer that can be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A name server.

    :param address: of IPv4 or IPv6.
    """

    address: str
    port: int = PORT

    def __str__(self) -> str:
        host = f'[{self.address}]' if ':' in self.address else self.address
        return f'{host}:{self.port}'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer.

    :param code: FOUND, NO_AUTHORITY, or another code by its name: NXDOMAIN.
    :param records: what was asked for, as text, in order.
    :param ttl: seconds that they may be kept; None if there are none.
    """

    code: str
    records: tuple[str, ...] = ()
    ttl: int | None = None


Ask = collections.abc.Callable[[Server, str, str], Reply]
Resolve = collections.abc.Callable[[str], tuple[Server, ...]]


def ask(server: Server, name: str, of_type: str) -> Reply:
    """Ask for the records of a name, and for nothing that it only heard of.

    :param of_type: ``A``.
    :raises SilentError: if there is no answer.
    """
    try:
        asked = dns.message.make_query(name, of_type, flags=dns.flags.Flag(0))
        answer, _ = dns.query.udp_with_fallback(
            asked, server.address, timeout=TIMEOUT, port=server.port
        )
    except (dns.exception.DNSException, OSError, EOFError) as error:
        text = ' '.join(str(error).split()) or type(error).__name__
        raise SilentError(f'no answer: {text}') from error
    code = dns.rcode.to_text(answer.rcode())
    if code == FOUND and not answer.flags & dns.flags.AA:
        return Reply(code=NO_AUTHORITY)
    (question,) = asked.question
    found = answer.get_rrset(
        answer.answer, question.name, question.rdclass, question.rdtype
    )
    if not found:
        return Reply(code=code)
    return Reply(
        code=code,
        records=tuple(sorted(one.to_text() for one in found)),
        ttl=found.ttl,
    )


def written(of_type: str, records: collections.abc.Sequence[str]) -> str:
    """Records as name servers write them, in order, with commas between.

    What is no record of that type is left as it is.
    """
    try:
        found = dns.rdataset.from_text('IN', of_type, 0, *records)
        texts = [one.to_text() for one in found]
    except (dns.exception.DNSException, ValueError):
        texts = list(records)
    return ','.join(sorted(texts))


def resolve(host: str, port: int = PORT) -> tuple[Server, ...]:
    """The name servers behind a name; none if nobody knows it."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return ()
    addresses = dict.fromkeys(str(one[4][0]) for one in found)
    return tuple(Server(address, port) for address in addresses)
