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
import errno
import socket

import testtools

from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import transport


class TestRequest(testtools.TestCase):
    def request(self, error):
        def connect(target, deadline):
            raise error

        self.patch(transport, 'connect', connect)
        target = endpoints.Endpoint('c', 80, '', None)
        return transport.request(target, 'GET', '/', {}, 0)

    def test_errors_of_the_other_side(self):
        for error, kind in (
            (ConnectionRefusedError(errno.ECONNREFUSED, ''), 'refused'),
            (ConnectionResetError(errno.ECONNRESET, ''), 'reset'),
            (BrokenPipeError(errno.EPIPE, ''), 'reset'),
            (OSError(errno.EHOSTUNREACH, ''), 'unreachable'),
            (OSError(errno.ETIMEDOUT, ''), 'timeout'),
            (TimeoutError(), 'timeout'),
            (socket.gaierror(socket.EAI_NONAME, ''), 'dns'),
            (transport.ssl.SSLCertVerificationError(1, ''), 'tls'),
            (transport.ssl.SSLEOFError(8, ''), 'reset'),
            (transport.http.client.BadStatusLine('x'), 'malformed'),
        ):
            failed = self.assertRaises(transport.Failed, self.request, error)
            self.assertEqual(kind, failed.kind, error)

    def test_errors_of_this_machine_are_no_failures_of_the_service(self):
        for number in (errno.EMFILE, errno.EADDRNOTAVAIL, errno.ENOMEM):
            self.assertRaises(
                transport.NotSent, self.request, OSError(number, 'trouble')
            )
