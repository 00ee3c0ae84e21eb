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
"""Whether a host answers at its SSH port, whoever might log in there."""

import errno
import socket

from extreme_tempest_plugin.cloud import ssh

_GREETING = b'SSH-'
# Of our own network, not of the host.
_OURS = (errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)
# $1 address, $2 port, $3 seconds.
_FROM_JUMP = """
timeout "$3" bash -c '
  exec 3<>"/dev/tcp/$1/$2" && [ "$(head -c 4 <&3)" = SSH- ]
' - "$1" "$2" 2>/dev/null && echo yes || echo no
"""


def answers(host: ssh.Host, timeout: float = 3.0) -> bool:
    """Whether something that speaks SSH is there.

    Asked from here, or from the jump host that leads there.

    :param timeout: seconds to wait for its greeting.
    :raises UnreachableError: if that cannot be told: we have no network, or
        the jump host does not answer.
    """
    if host.jump is None:
        return _from_here(host, timeout)
    words = (host.address, str(host.port), f'{timeout:g}')
    said = ssh.run(
        host.jump,
        ('sh', '-c', _FROM_JUMP, 'sh', *words),
        timeout=timeout + 10,
    )
    return said.stdout.strip() == 'yes'


def _from_here(host: ssh.Host, timeout: float) -> bool:
    try:
        with socket.create_connection(
            (host.address, host.port), timeout
        ) as connection:
            return connection.recv(len(_GREETING)) == _GREETING
    except OSError as error:
        if error.errno in _OURS:
            raise ssh.UnreachableError(
                f'{host.address}: {error.strerror}'
            ) from None
        return False
