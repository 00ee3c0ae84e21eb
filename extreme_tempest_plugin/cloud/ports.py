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
"""What a storm needs of a cloud.

Pure: types only. ``cloud.services`` implements them over HTTP, tests with
fakes. A call that was not acknowledged raises CallError and nothing else, so
that nobody but ``cloud.outcomes`` judges an exception of a library.
"""

import collections.abc
import dataclasses
import enum
import functools
import typing

import msgspec

_Shape = typing.TypeVar('_Shape')


class Kind(enum.Enum):
    """How a call ended that was not acknowledged."""

    #: It certainly did not happen.
    FAIL = 'fail'
    #: Nobody knows whether it happened.
    INFO = 'info'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A call without an acknowledgement.

    :param status: HTTP status, 0 if there was no answer, or if the call was
        never sent.
    :param request_id: ``x-openstack-request-id`` of the answer.
    :param error: one line; no secret.
    :param retry_after: seconds that the cloud asks us to wait, 0 if it does
        not.
    """

    kind: Kind
    status: int = 0
    request_id: str = ''
    error: str = ''
    retry_after: float = 0.0


class CallError(Exception):
    """A call was not acknowledged."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal


@functools.cache
def _decoder(shape: type) -> msgspec.json.Decoder[typing.Any]:
    return msgspec.json.Decoder(shape)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An acknowledgement (2xx).

    :param headers: names in lower case.
    :param made: id of what was created; the action that created it fills it
        in, see ``creating``.
    """

    status: int
    request_id: str = ''
    body: bytes = b''
    headers: collections.abc.Mapping[str, str] = msgspec.field(
        default_factory=dict
    )
    made: str = ''

    def read(self, shape: type[_Shape]) -> _Shape:
        """The body as a type that msgspec knows; what it lacks is ignored.

        :raises CallError: if the body is not of that shape. The call was
            acknowledged and may have happened, so nobody knows.
        """
        try:
            # mypy does not know that a type can be a key.
            key: typing.Any = shape
            return _decoder(key).decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CallError(
                Refusal(
                    kind=Kind.INFO,
                    status=self.status,
                    request_id=self.request_id,
                    error=f'malformed answer: {error}',
                )
            ) from None

    def creating(self, made: str) -> 'Answer':
        """The same, with the id of what was created."""
        return msgspec.structs.replace(self, made=made)


class Service(typing.Protocol):
    """One API of the cloud. Each method may raise CallError.

    Who implements it derives from it and brings ``send``.

    ``path`` is relative to the endpoint in the catalog, as the API reference
    has it. ``body`` is sent as JSON; bytes are sent as they are.
    """

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: str = '',
        headers: collections.abc.Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request, once.

        :param version: microversion; empty for the oldest.
        :param headers: over those that every request has.
        """
        ...

    def get(self, path: str, *, version: str = '') -> Answer:
        """Read."""
        return self.send('GET', path, version=version)

    def post(
        self, path: str, body: object = None, *, version: str = ''
    ) -> Answer:
        """Create, or ask for an action."""
        return self.send('POST', path, body, version=version)

    def put(
        self, path: str, body: object = None, *, version: str = ''
    ) -> Answer:
        """Replace."""
        return self.send('PUT', path, body, version=version)

    def patch(
        self, path: str, body: object = None, *, version: str = ''
    ) -> Answer:
        """Change."""
        return self.send('PATCH', path, body, version=version)

    def delete(self, path: str, *, version: str = '') -> Answer:
        """Delete."""
        return self.send('DELETE', path, version=version)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt to reach a server at its floating IP.

    :param at: where: ``203.0.113.5:22``.
    :param error: why nothing answered; empty if something did.
    """

    at: str
    error: str = ''


class Cloud(typing.Protocol):
    """One user in one project of one cloud.

    :ivar project: id of the project.
    :ivar user: id of the user.
    :ivar boot: what the cloud has ready for us.
    """

    @property
    def project(self) -> str: ...

    @property
    def user(self) -> str: ...

    @property
    def boot(self) -> 'Boot': ...

    @property
    def login(self) -> collections.abc.Mapping[str, object]:
        """What asks keystone for a token of ours; has a secret in it."""
        ...

    def service(self, name: str) -> Service:
        """An API by the name of its project: ``nova``."""
        ...

    def attempt(self, address: str) -> Attempt | None:
        """See whether a server answers at a floating IP.

        :returns: None if nobody is to look.
        :raises CallError: if this machine could not try.
        """
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What was there before the run and is used by it: ids, empty if none.

    :param network: that servers are booted on; the cloud chooses if empty.
    :param public_network: that floating IPs come from.
    :param flavor_alt: another flavor, for a resize.
    """

    image: str = ''
    flavor: str = ''
    flavor_alt: str = ''
    network: str = ''
    public_network: str = ''
