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
"""A cloud whose questions are asked again if nobody knows what became of them.

The census asks hundreds of questions, and one answer that is lost must not
cost all of them.
"""

import collections.abc
import dataclasses
import time

from extreme_tempest_plugin.cloud import ports

#: How often a question is asked, and seconds in between.
TRIES = 3
PAUSE = 2.0

#: What only reads, and so may be asked twice.
_READING = frozenset({'GET', 'HEAD'})


@dataclasses.dataclass(frozen=True, slots=True)
class Patient:
    """A cloud, as ``cloud`` is, but for what it reads."""

    cloud: ports.Cloud
    sleep: collections.abc.Callable[[float], None] = time.sleep

    @property
    def project(self) -> str:
        return self.cloud.project

    @property
    def user(self) -> str:
        return self.cloud.user

    @property
    def boot(self) -> ports.Boot:
        return self.cloud.boot

    @property
    def login(self) -> collections.abc.Mapping[str, object]:
        """Has a secret in it."""
        return self.cloud.login

    def service(self, name: str) -> ports.Service:
        """An API that is asked again."""
        return _Service(self.cloud.service(name), self.sleep)

    def attempt(self, address: str) -> ports.Attempt | None:
        """As the cloud does, once."""
        return self.cloud.attempt(address)


@dataclasses.dataclass(frozen=True, slots=True)
class _Service(ports.Service):
    service: ports.Service
    sleep: collections.abc.Callable[[float], None]

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: str = '',
        headers: collections.abc.Mapping[str, str] | None = None,
    ) -> ports.Answer:
        tries = TRIES if method in _READING else 1
        while True:
            tries -= 1
            try:
                return self.service.send(
                    method, path, body, version=version, headers=headers
                )
            except ports.CallError as error:
                # A token that has ended is renewed with the next question.
                certain = error.refusal.kind is ports.Kind.FAIL
                if (certain and error.refusal.status != 401) or not tries:
                    raise
            self.sleep(PAUSE)
