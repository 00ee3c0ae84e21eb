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
"""Whether a server answers at its floating IP.

A connection over TCP and no request: what listens there is not ours. Sockets
are those of the process, so in a load process, which gevent has patched, only
the user waits that looks.
"""

import errno
import socket

from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports

#: Seconds that an attempt may take; a look is repeated.
TIMEOUT = 2.0

#: What the network says where nothing answers. Anything else, as that there
#: is no route from here, says nothing of the cloud.
_SILENT = {
    errno.ECONNREFUSED: 'refused',
    errno.ECONNRESET: 'reset',
    errno.ETIMEDOUT: 'no answer',
    errno.EHOSTUNREACH: 'unreachable',
    errno.EHOSTDOWN: 'unreachable',
}


def attempt(
    address: str, port: int, timeout: float = TIMEOUT
) -> ports.Attempt:
    """Connect once.

    :param timeout: seconds.
    :raises CallError: if this machine could not try.
    """
    at = f'{address}:{port}'
    try:
        with socket.create_connection((address, port), timeout):
            return ports.Attempt(at=at)
    except TimeoutError:
        return ports.Attempt(at=at, error='no answer')
    except OSError as error:
        if error.errno in _SILENT:
            return ports.Attempt(at=at, error=_SILENT[error.errno])
        raise ports.CallError(
            ports.Refusal(
                kind=ports.Kind.INFO,
                error=f'{at} cannot be tried from here: '
                f'{outcomes.line(error)}',
            )
        ) from error
