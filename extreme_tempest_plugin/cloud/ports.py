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
"""What the storm, the census and the clean-up ask of a cloud.

Pure: types only. ``cloud.clients`` implements them over HTTP, tests with
fakes. A call that was not acknowledged raises CallError and nothing else, so
that nobody but ``cloud.outcomes`` judges an exception of a library.
"""

import dataclasses
import enum
import typing


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
    """

    kind: Kind
    status: int = 0
    request_id: str = ''
    error: str = ''


class CallError(Exception):
    """A call was not acknowledged."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An acknowledgement (2xx).

    :param value: id of what was created.
    """

    status: int
    request_id: str = ''
    value: str = ''


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server as nova shows it.

    :param task_state: empty when nova has nothing in hand with it.
    :param fault: what nova says about an error, one line.
    """

    id: str
    name: str
    status: str
    task_state: str = ''
    project: str = ''
    fault: str = ''


class Progress(enum.Enum):
    """How far nova has come with one request for a server."""

    #: Not recorded (yet).
    ABSENT = 'absent'
    RUNNING = 'running'
    DONE = 'done'
    FAILED = 'failed'
    #: This cloud does not show it to us.
    HIDDEN = 'hidden'


class Compute(typing.Protocol):
    """Servers and keypairs of one project; each method may raise CallError."""

    def create_server(self, name: str) -> Answer: ...

    def delete_server(self, server: str) -> Answer: ...

    def reboot_server(self, server: str, hard: bool) -> Answer: ...

    def rename_server(self, server: str, name: str) -> Answer: ...

    def show_server(self, server: str) -> Server: ...

    def show_progress(self, server: str, request_id: str) -> Progress: ...

    def list_servers(self) -> tuple[Server, ...]: ...

    def create_keypair(self, name: str) -> Answer: ...

    def delete_keypair(self, name: str) -> Answer: ...

    def show_keypair(self, name: str) -> None: ...

    def list_keypairs(self) -> tuple[str, ...]: ...


class Cloud(typing.Protocol):
    """One project of one cloud.

    :ivar project: id of the project.
    """

    @property
    def project(self) -> str: ...

    @property
    def compute(self) -> Compute: ...
