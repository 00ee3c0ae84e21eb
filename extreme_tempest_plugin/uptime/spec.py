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
"""What a monitor process is told: one JSON document on its standard input.

It holds a password, so it is never an argument, a variable of the environment
or a file.
"""

import dataclasses

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model

#: More requests than this are not kept in flight against one service, however
#: long it hangs.
MOST_IN_FLIGHT = 256

#: And each server that is booted takes of the quota of the project, 10 where
#: the operator says nothing.
MOST_BOOTS = 8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One service to watch, as whom, and where to write.

    :param service: what it is called in the history: ``nova``.
    :param target: what is watched, see ``targets``.
    :param run: identity of the run.
    :param part: path of the part of the history.
    :param ledger: path of the ledger of what a write probe makes.
    :param auth_url: Keystone v3, ``https://cloud:5000/v3``.
    :param endpoint_type: ``public``, ``internal`` or ``admin``.
    :param ca_file: certificates to trust; empty for the system's.
    :param insecure: TLS certificates are not verified.
    :param interval: seconds between two samples.
    :param timeout: seconds after which a sample without an answer failed.
    :param image: to boot servers of; likewise flavor, and the network, which
        is empty where the project has one alone.
    :param samples: the monitor ends by itself after so many; 0 for never.
    """

    service: str
    target: str
    run: str
    part: str
    auth_url: str
    region: str
    endpoint_type: str
    catalog_type: str
    ca_file: str
    insecure: bool
    username: str
    password: str = dataclasses.field(repr=False)
    user_domain: str
    project_id: str
    interval: float
    timeout: float
    samples: int = 0
    ledger: str = ''
    image: str = ''
    flavor: str = ''
    network: str = ''

    @property
    def actor(self) -> str:
        return f'uptime/{self.service}'

    @property
    def interval_ns(self) -> int:
        return round(self.interval * 1e9)

    @property
    def timeout_ns(self) -> int:
        return round(self.timeout * 1e9)

    @property
    def in_flight(self) -> int:
        """Enough to send each sample on time while the service hangs."""
        hung = int(self.timeout / self.interval) + 4
        most = MOST_BOOTS if model.boots(self.target) else MOST_IN_FLIGHT
        return min(hung, most)


def encode(spec: Spec) -> bytes:
    """One line."""
    return msgspec.json.encode(spec) + b'\n'


def decode(line: bytes) -> Spec:
    """What ``encode`` wrote.

    :raises UsageError: if it is no such line; it shows nothing of it.
    """
    try:
        spec = msgspec.json.decode(line, type=Spec)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise errors.UsageError(
            'a monitor is started by a campaign, which gives it its orders '
            'on standard input; use tempest extreme uptime'
        ) from None
    return spec
