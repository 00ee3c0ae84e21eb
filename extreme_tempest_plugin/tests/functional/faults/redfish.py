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
"""A host whose BMC speaks Redfish: the emulator of sushy-tools."""

import collections.abc
import datetime
import ipaddress
import pathlib
import ssl
import threading

import bcrypt
import fixtures
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sushy_tools.emulator import main
from sushy_tools.emulator.resources.systems import fakedriver
from werkzeug import serving

from extreme_tempest_plugin.sandbox import bmc
from extreme_tempest_plugin.sandbox.bmc import buttons
from extreme_tempest_plugin.tests.functional.faults import machines

_ORDERS = {
    'On': 'on',
    'ForceOff': 'off',
    'ForceRestart': 'reset',
    'GracefulShutdown': 'soft',
}


class _Driver(fakedriver.FakeDriver):
    """Presses the buttons of a machine.

    :cvar pressed: what was asked for, as Redfish calls it.
    """

    pressed: list[str]
    buttons: buttons.Buttons

    def get_power_state(self, identity: str) -> str:
        return self.buttons.state.capitalize()

    def set_power_state(self, identity: str, state: str) -> None:
        self.pressed.append(state)
        self.buttons.press(_ORDERS[state])


class _Quiet(serving.WSGIRequestHandler):
    """Keeps to itself who asked for what."""

    def log(self, *_: object) -> None:
        pass


class Machine(machines.Machine):
    """As it says; over TLS with a certificate of its own.

    :ivar certificate: file with it, which is also its authority.
    """

    driver = 'redfish'

    def __init__(self, tls: bool = True) -> None:
        super().__init__()
        self.tls = tls

    def _plug(
        self,
        supervisor: collections.abc.Callable[
            [pathlib.Path], machines.Supervisor
        ],
    ) -> str:
        self.supervisor = supervisor(self.top / 'supervisor')
        driver = _Driver.initialize(
            {'SUSHY_EMULATOR_STATE_DIR': str(self.top)}, main.app.logger
        )()
        self.pressed = driver.pressed = []
        driver.buttons = buttons.Buttons(
            self.name, lambda order, timeout: self.supervisor.obey(order)
        )
        where = main.__name__
        # The second has what the machine before it made of the first.
        for name, value in (
            ('Application.systems', driver),
            ('app._cache', {}),
        ):
            self.useFixture(fixtures.MonkeyPatch(f'{where}.{name}', value))
        users = self.top / 'users'
        password = machines.PASSWORD.encode()
        digest = bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()
        users.write_text(f'{bmc.USER}:{digest}\n')
        self.certificate, key = certify(self.top)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        server = serving.make_server(
            '127.0.0.1',
            0,
            main.RedfishAuthMiddleware(main.app.wsgi_app, str(users)),
            threaded=True,
            request_handler=_Quiet,
            ssl_context=context if self.tls else None,
        )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return f'http{"s" if self.tls else ""}://127.0.0.1:{server.port}'

    def configure(self, password: str, **more: object) -> None:
        verify = str(self.certificate) if self.tls else False
        super().configure(password, **{'verify': verify, **more})


def certify(top: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Make one for 127.0.0.1: the files of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'bmc')])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address('127.0.0.1'))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    certificate, secret = top / 'bmc.pem', top / 'bmc.key'
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, secret
