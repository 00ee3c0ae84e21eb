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
"""The process that asks a BMC for the power state of its host.

Reads a request as JSON from stdin, writes an answer as JSON to stdout. A
process of its own because pyghmi has no timeout and has been seen to hang; it
ends by itself when its time is over, whatever became of its parent.
"""

import os
import signal
import sys

import msgspec
from pyghmi.ipmi import command


class Request(msgspec.Struct, frozen=True):
    """Whom to ask.

    :param seconds: after which this process ends.
    """

    address: str
    username: str
    password: str
    seconds: float


class Answer(msgspec.Struct, frozen=True):
    """What the BMC said.

    :param power: ``on`` or ``off``; empty where it did not say.
    :param error: why not.
    """

    power: str = ''
    error: str = ''


def ask(request: Request) -> Answer:
    """One session with a BMC, and its end: a BMC has few of them."""
    bmc = command.Command(
        bmc=request.address,
        # As text, pyghmi would not find its own session again.
        userid=request.username.encode(),
        password=request.password.encode(),
    )
    try:
        return Answer(power=str(bmc.get_power()['powerstate']))
    finally:
        bmc.ipmi_session.logout()


def main() -> int:
    # Nothing but the answer may come out of our stdout.
    out = os.dup(1)
    os.dup2(2, 1)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    # The default of this signal ends the process, also one that hangs.
    signal.setitimer(signal.ITIMER_REAL, request.seconds)
    try:
        answer = ask(request)
    except Exception as error:
        # Whatever a foreign library raises is an answer, not a traceback.
        text = ' '.join(f'{type(error).__name__}: {error}'.split())
        answer = Answer(error=text[:300])
    os.write(out, msgspec.json.encode(answer))
    return 0


if __name__ == '__main__':
    sys.exit(main())
