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
"""The transport against servers that misbehave, over real sockets."""

import contextlib
import datetime
import ipaddress
import pathlib
import socket
import ssl
import tempfile
import threading
import time

import testtools
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import transport

SECOND = 1_000_000_000


class TransportCase(testtools.TestCase):
    def serve(self, talk, tls=None):
        """Let ``talk`` speak to each client; returns the port."""
        listener = socket.create_server(('127.0.0.1', 0))
        listener.settimeout(10)
        self.over = threading.Event()
        self.accepted = 0

        def accept():
            with contextlib.suppress(OSError):
                while not self.over.is_set():
                    sock, _ = listener.accept()
                    self.accepted += 1
                    with contextlib.suppress(OSError), sock:
                        if tls is not None:
                            sock = tls.wrap_socket(sock, server_side=True)
                        with sock:
                            talk(sock)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 10)
        self.addCleanup(listener.close)
        self.addCleanup(self._unblock, listener.getsockname())
        self.addCleanup(self.over.set)
        return listener.getsockname()[1]

    def _unblock(self, address):
        with contextlib.suppress(OSError):
            socket.create_connection(address, 1).close()

    def request(self, port, seconds=5.0, scheme='http', ca_file=''):
        tls = endpoints.tls_context(ca_file, False)
        target = endpoints.of(f'{scheme}://127.0.0.1:{port}', tls)
        deadline = time.monotonic_ns() + round(seconds * SECOND)
        return transport.request(target, 'GET', '/x', {}, deadline)

    def fails(self, kind, talk, **options):
        port = self.serve(talk)
        failed = self.assertRaises(
            transport.Failed, self.request, port, **options
        )
        self.assertEqual(kind, failed.kind)
        self.assertEqual(1, self.accepted)


def say(data):
    def talk(sock):
        sock.recv(65536)
        sock.sendall(data)

    return talk


class TestAnswers(TransportCase):
    def test_good(self):
        port = self.serve(
            say(b'HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\n{}')
        )
        answer = self.request(port)
        self.assertEqual((200, b'{}'), (answer.status, answer.body))
        self.assertEqual('b', answer.headers['x-a'])

    def test_chunks(self):
        port = self.serve(
            say(
                b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
                b'1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'
            )
        )
        self.assertEqual(b'{}', self.request(port).body)

    def test_redirect_is_not_followed(self):
        port = self.serve(
            say(b'HTTP/1.1 302 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n')
        )
        self.assertEqual(302, self.request(port).status)
        self.assertEqual(1, self.accepted)

    def test_nothing_is_tried_twice(self):
        self.fails('reset', say(b''))

    def test_garbage(self):
        self.fails('malformed', say(b'SSH-2.0-OpenSSH_9.2\r\n'))

    def test_cut_short(self):
        self.fails(
            'reset', say(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}')
        )

    def test_chunk_cut_short(self):
        self.fails(
            'reset',
            say(
                b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{'
            ),
        )

    def test_too_much_is_not_read(self):
        def talk(sock):
            sock.recv(65536)
            sock.sendall(
                b'HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n'
            )
            while not self.over.is_set():
                sock.sendall(b'x' * 65536)

        answer = self.request(self.serve(talk))
        self.assertEqual(transport.BODY_LIMIT, len(answer.body))


class TestDeadline(TransportCase):
    def bounded(self, talk):
        start = time.monotonic()
        self.fails('timeout', talk, seconds=0.5)
        # Each byte came well within any time-out of a single read.
        self.assertLess(time.monotonic() - start, 3)

    def drip(self, head):
        def talk(sock):
            sock.recv(65536)
            sock.sendall(head)
            for _ in range(600):
                sock.sendall(b'x')
                if self.over.wait(0.05):
                    return

        return talk

    def test_silence(self):
        self.bounded(lambda sock: self.over.wait(10))

    def test_dripping_status(self):
        self.bounded(self.drip(b'HTTP/1.1 200 '))

    def test_dripping_headers(self):
        self.bounded(self.drip(b'HTTP/1.1 200 OK\r\nX-A: '))

    def test_dripping_body(self):
        self.bounded(
            self.drip(b'HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n')
        )

    def test_silent_handshake(self):
        port = self.serve(lambda sock: self.over.wait(10))
        failed = self.assertRaises(
            transport.Failed, self.request, port, 0.5, 'https'
        )
        self.assertEqual('timeout', failed.kind)


class TestTls(TransportCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pem = pathlib.Path(folder.name) / 'pem'
        self.pem.write_bytes(certificate())
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.pem)

    def test_trusted(self):
        port = self.serve(
            say(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'), self.tls
        )
        answer = self.request(port, scheme='https', ca_file=str(self.pem))
        self.assertEqual(b'{}', answer.body)

    def test_not_trusted(self):
        port = self.serve(say(b''), self.tls)
        failed = self.assertRaises(
            transport.Failed, self.request, port, scheme='https'
        )
        self.assertEqual('tls', failed.kind)

    def test_plain_answer(self):
        port = self.serve(say(b'HTTP/1.1 400 Bad Request\r\n\r\n'))
        failed = self.assertRaises(
            transport.Failed, self.request, port, scheme='https'
        )
        self.assertEqual('tls', failed.kind)


class TestNames(TransportCase):
    def test_name_that_is_not_there(self):
        tls = endpoints.tls_context('', False)
        target = endpoints.of('http://nowhere.invalid', tls)
        failed = self.assertRaises(
            transport.Failed,
            transport.request,
            target,
            'GET',
            '/',
            {},
            time.monotonic_ns() + 5 * SECOND,
        )
        self.assertEqual('dns', failed.kind)


def certificate():
    """A key and a certificate for 127.0.0.1 that it signed itself, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, '127.0.0.1')]
    )
    address = x509.IPAddress(ipaddress.ip_address('127.0.0.1'))
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + made.public_bytes(serialization.Encoding.PEM)
