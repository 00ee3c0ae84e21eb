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
"""The process that keeps one simulated machine, and holds its switch.

It mounts the disk of the host where nobody else sees the mount, starts the
container, starts it again when the host reboots, and takes orders on a
socket: ``on``, ``off``, ``reset``, ``soft``, ``status``, ``quit``. The BMC
needs nothing but this socket.

Run as ``python -m extreme_tempest_plugin.sandbox.hosts.supervisor`` with a
specification, inside a mount namespace of its own.
"""

import json
import logging
import os
import pathlib
import selectors
import socket
import sys

from extreme_tempest_plugin.sandbox.hosts.board import Board
from extreme_tempest_plugin.sandbox.hosts.board import Specification

LOG = logging.getLogger(__name__)

ORDERS = ('on', 'off', 'reset', 'soft', 'status', 'quit')


class Server:
    """Listens for orders and for the end of the container."""

    def __init__(self, board: Board, path: pathlib.Path) -> None:
        self.board = board
        self.selector = selectors.DefaultSelector()
        self.watched: int | None = None
        path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        path.chmod(0o600)
        self.listener.listen()
        self.selector.register(self.listener, selectors.EVENT_READ)

    def serve(self) -> None:
        """Until told to quit."""
        running = True
        while running:
            self._watch()
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    running = self._order()
                elif key.fileobj == self.watched:
                    # Not so if an order of this round ended it already.
                    self._unwatch()
                    self.board.ended()
        self.board.off()

    def _watch(self) -> None:
        if self.watched is None and self.board.container:
            self.watched = os.pidfd_open(self.board.container.pid)
            self.selector.register(self.watched, selectors.EVENT_READ)

    def _unwatch(self) -> None:
        if self.watched is not None:
            self.selector.unregister(self.watched)
            os.close(self.watched)
            self.watched = None

    def _order(self) -> bool:
        """Carry out one order. Returns whether to go on."""
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(5)
            try:
                order = connection.recv(64).decode('ascii').strip()
                answer = self._carry_out(order)
                connection.sendall(json.dumps(answer).encode('ascii'))
            except (OSError, UnicodeError) as error:
                # The asker went away or talks rubbish: not our end.
                LOG.warning('order lost: %s', error)
                return True
        return order != 'quit'

    def _carry_out(self, order: str) -> dict[str, str]:
        if order not in ORDERS:
            return {'error': f'unknown order {order!r}'}
        try:
            if order == 'on':
                self.board.on()
            elif order == 'soft':
                self.board.soft()
            elif order == 'reset':
                self._unwatch()
                self.board.reset()
            elif order in ('off', 'quit'):
                self._unwatch()
                self.board.off()
        except Exception as error:  # the board must live on and say why
            return {'error': str(error)}
        return {'power': self.board.power}


def main() -> None:
    logging.basicConfig(
        format='%(asctime)s %(levelname)s %(message)s', level=logging.INFO
    )
    spec = Specification.from_json(sys.argv[1])
    board = Board(spec)
    board.mount(spec.lower)
    server = Server(board, board.layout.socket(spec.host))
    board.on()
    server.serve()


if __name__ == '__main__':
    main()
