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
"""TLS is verified as configured."""

import datetime
import http.server
import ipaddress
import pathlib
import socket
import ssl
import threading

import fixtures
import testtools
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from extreme_tempest_plugin.cloud import fast
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import transport


def _certificate(path: pathlib.Path) -> None:
    """Write a self-signed certificate of 127.0.0.1 with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address('127.0.0.1'))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


#: Modules with a transport each.
OVER = (transport, fast)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class TlsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.ca = directory / 'ca.pem'
        _certificate(self.ca)
        self.server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), _Handler
        )
        self.server.daemon_threads = True
        self.server.requests = 0
        self.server.handle_error = lambda *args: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca)
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True
        )
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join, 10)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f'https://127.0.0.1:{self.server.server_port}/'

    def _get(self, over, **tls) -> int:
        response, _ = over.connect(**tls)(5).request(self.url, 'GET')
        return response.status

    def _refused(self, over, url: str, **tls) -> ports.Refusal:
        """It fails before the request is sent, and that is certain."""
        error = self.assertRaises(
            urllib3.exceptions.MaxRetryError,
            over.connect(**tls)(5).request,
            url,
            'GET',
        )
        refusal = outcomes.classify(error)
        self.assertEqual(ports.Kind.FAIL, refusal.kind)
        self.assertEqual(0, self.server.requests)
        return refusal

    def test_trusted(self):
        for over in OVER:
            self.assertEqual(204, self._get(over, ca_file=str(self.ca)))

    def test_not_trusted(self):
        said = [self._refused(over, self.url).error for over in OVER]
        self.assertTrue(said[0].startswith('not sent: SSLError'))
        self.assertEqual(said[0], said[1])

    def test_of_another_host(self):
        url = self.url.replace('127.0.0.1', 'localhost')
        said = [
            self._refused(over, url, ca_file=str(self.ca)).error
            for over in OVER
        ]
        self.assertIn('Hostname mismatch', said[0])
        self.assertEqual(said[0], said[1])

    def test_insecure(self):
        for over in OVER:
            self.assertEqual(204, self._get(over, insecure=True))

    def test_no_tls_at_all(self):
        """What hangs or breaks in a handshake is the same to both."""
        with socket.create_server(('127.0.0.1', 0)) as silent:
            url = f'https://127.0.0.1:{silent.getsockname()[1]}/'
            raised = [
                self.assertRaises(
                    urllib3.exceptions.HTTPError,
                    over.connect()(0.3).request,
                    url,
                    'POST',
                )
                for over in OVER
            ]
        self.assertEqual(type(raised[0]), type(raised[1]))
        self.assertEqual(
            outcomes.classify(raised[0]).kind,
            outcomes.classify(raised[1]).kind,
        )
