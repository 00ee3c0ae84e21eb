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
"""What is asked of each service, and which answers mean that it is up.

Up is the answer that was asked for, a good status and the right document, and
nothing else:

- 5xx, and anything that is not the document (a proxy's maintenance page, an
  answer of more than 1 MiB): the service is not there. ``http-5xx``,
  ``malformed``.
- 404, 3xx: a proxy without its backend answers so. ``http-4xx``,
  ``http-3xx``.
- 401 although the token has not expired: the service, or the keystone that
  it asks, does not know its user. The sample failed; the token is renewed at
  once, so that a revoked token does not stay an outage.
- 403, 429: the service is there and does not serve this user. That is what a
  user calls down, so it failed; the class and the status tell it apart.

A service that cannot validate tokens because keystone is away answers 5xx to
its users, and is down for them; that keystone failed at the same time is for
the reader to see in keystone's own samples.
"""

import collections.abc
import dataclasses

import msgspec

from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import questions
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport

_USER_AGENT = 'extreme-tempest-plugin'
_DOCUMENT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """How a sample ended; ``error`` is empty if the service was up.

    :param after: is called when that is recorded, and raises nothing. It
        keeps the place of the sample among those in flight.
    """

    status: int = 0
    error: str = ''
    after: collections.abc.Callable[[], None] | None = dataclasses.field(
        default=None, compare=False, repr=False
    )


class Probe:
    """Asks one question of one service.

    :param target: its endpoint.
    :param keeper: has a token ready.
    :param send: sends a request; ``transport.request``.
    """

    def __init__(
        self,
        question: questions.Question,
        target: endpoints.Endpoint,
        keeper: tokens.Keeper,
        send: transport.Send = transport.request,
    ) -> None:
        self.name = question.name
        self._question = question
        self._keeper = keeper
        self._send = send
        path, self._path = question.of(target.path)
        self._target = dataclasses.replace(target, path=path)

    def headers(self) -> dict[str, str]:
        """What to send; to be asked for before the sample's time is taken.

        :raises NoToken: if keystone gave none.
        """
        headers = token_headers(self._keeper)
        if self._question.subject:
            headers['X-Subject-Token'] = headers['X-Auth-Token']
        return headers

    def send(self, headers: dict[str, str], deadline_ns: int) -> Reply:
        """Send one sample.

        :param deadline_ns: CLOCK_MONOTONIC by which it must be answered.
        :raises NotSent: if this machine could not send it.
        """
        try:
            answer = self._send(
                self._target, 'GET', self._path, headers, deadline_ns
            )
        except transport.Failed as failure:
            return Reply(error=failure.kind)
        if answer.status == 401:
            self._keeper.distrust(headers['X-Auth-Token'])
        return Reply(answer.status, judge(answer, self._question))


def token_headers(keeper: tokens.Keeper) -> dict[str, str]:
    """What each request with a token sends.

    :raises NoToken: if keystone gave none.
    """
    return {'X-Auth-Token': keeper.current(), 'User-Agent': _USER_AGENT}


def judge(answer: transport.Answer, question: questions.Question) -> str:
    """Class of the error of an answer, empty if it is what was asked for."""
    if answer.status not in question.statuses:
        return wrong_status(answer.status)
    try:
        if not question.key:
            _LIST.decode(answer.body)
            return ''
        document = _DOCUMENT.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 'malformed'
    return '' if question.key in document else 'malformed'


def wrong_status(status: int) -> str:
    """Class of the error of an answer with a status that is not good."""
    hundreds = status // 100
    return 'malformed' if hundreds <= 2 else f'http-{hundreds}xx'
