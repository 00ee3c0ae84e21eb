#!/usr/bin/python3
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
# mypy: ignore-errors
"""Answers TCP inside every guest of this compute: it stands for their systems.

A guest is a network namespace without a process in it. This one process
listens in all of them: on port 22 it greets as an SSH server does, on port 80
it answers HTTP; both name the guest. Nothing else is served. Links, security
groups and floating IP addresses decide who gets an answer.
"""

import ctypes
import os
import selectors
import socket
import time

NAMESPACES = '/run/netns'
PREFIX = 'vm-'
PORTS = (22, 80)
# Seconds between two looks at the namespaces.
INTERVAL = 0.5
# Seconds after which a connection is closed, whatever its client does.
PATIENCE = 10
BACKLOG = 16

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def enter(descriptor):
    """Move this process to another network namespace."""
    if _LIBC.setns(descriptor, _CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def listen_inside(path, port):
    """A socket that listens inside a namespace, on all its addresses."""
    home = os.open('/proc/self/ns/net', os.O_RDONLY)
    try:
        there = os.open(path, os.O_RDONLY)
        try:
            enter(there)
            listener = socket.create_server(
                ('', port),
                family=socket.AF_INET6,
                backlog=BACKLOG,
                dualstack_ipv6=True,
            )
        finally:
            os.close(there)
            enter(home)
    finally:
        os.close(home)
    listener.setblocking(False)
    return listener


def find_guests():
    """Namespaces of guests: path and inode, which a new one does not share."""
    found = set()
    try:
        entries = list(os.scandir(NAMESPACES))
    except FileNotFoundError:
        return found
    for entry in entries:
        if entry.name.startswith(PREFIX):
            try:
                found.add((entry.path, os.stat(entry.path).st_ino))
            except FileNotFoundError:
                continue
    return found


def answer(port, guest):
    """What a client gets."""
    if port == 22:
        return f'SSH-2.0-sandbox {guest}\r\n'.encode()
    body = f'{guest}\n'
    return (
        'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n'
        f'Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}'
    ).encode()


class Server:
    """All listeners and connections.

    :param listen: as listen_inside()
    :param find: as find_guests()
    """

    def __init__(self, listen=listen_inside, find=find_guests):
        self.listen = listen
        self.find = find
        self.selector = selectors.DefaultSelector()
        self.guests = {}
        self.connections = {}

    def look(self):
        """Begin to answer in new guests; leave those that went.

        A listener keeps its namespace alive: it has to go with the name.
        """
        found = self.find()
        for guest in self.guests.keys() - found:
            for listener in self.guests.pop(guest):
                self.selector.unregister(listener)
                listener.close()
        for guest in found - self.guests.keys():
            self.open(guest)

    def open(self, guest):
        name = os.path.basename(guest[0]).removeprefix(PREFIX)
        listeners = []
        try:
            for port in PORTS:
                listeners.append(self.listen(guest[0], port))
        except OSError as error:
            # Half made, or gone again: the next look decides.
            print(f'{name}: {error}', flush=True)
            for listener in listeners:
                listener.close()
            return
        self.guests[guest] = listeners
        for port, listener in zip(PORTS, listeners, strict=True):
            self.selector.register(
                listener, selectors.EVENT_READ, (port, name)
            )

    def serve_once(self, timeout):
        """Wait for something to do, and do it."""
        for key, _ in self.selector.select(timeout):
            if key.fileobj in self.connections:
                self.read(key.fileobj, key.data)
            else:
                self.accept(key.fileobj, *key.data)
        late = time.monotonic() - PATIENCE
        for connection, since in list(self.connections.items()):
            if since < late:
                self.drop(connection)

    def accept(self, listener, port, name):
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        self.connections[connection] = time.monotonic()
        message = answer(port, name)
        self.selector.register(connection, selectors.EVENT_READ, message)
        if port == 22:
            # A server of SSH speaks first.
            self.send(connection, message)

    def read(self, connection, message):
        try:
            received = connection.recv(4096)
        except OSError:
            received = b''
        if not received:
            self.drop(connection)
        elif message:
            self.send(connection, message)

    def send(self, connection, message):
        """Send it once. To close now could cut it off: the client closes."""
        self.selector.modify(connection, selectors.EVENT_READ, b'')
        try:
            connection.send(message)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop(connection)

    def drop(self, connection):
        self.selector.unregister(connection)
        del self.connections[connection]
        connection.close()


def main():
    server = Server()
    due = 0.0
    while True:
        if time.monotonic() >= due:
            server.look()
            due = time.monotonic() + INTERVAL
        server.serve_once(max(0.0, due - time.monotonic()))


if __name__ == '__main__':
    main()
