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
"""Lines in the log files of swift."""

import logging
import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.sandbox.guest import swift_log


class TestSwiftLog(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for where, value in (
            (swift_log.__name__ + '.DIRECTORY', str(self.top)),
            ('sys.argv', ['/opt/openstack/bin/swift-proxy-server', 'x.conf']),
        ):
            self.useFixture(fixtures.MonkeyPatch(where, value))
        self.logger = logging.Logger('proxy-server')
        self.addCleanup(self.close)

    def close(self):
        for handler in self.logger.handlers:
            handler.close()

    def hook(self):
        swift_log.to_file({}, 'n', False, 'r', 'f', self.logger, None)

    def lines(self):
        return (self.top / 'swift-proxy-server.log').read_text().splitlines()

    def test_a_line_looks_as_in_other_logs(self):
        self.hook()
        self.logger.error('no', extra={'txn_id': 'tx1'})
        (line,) = self.lines()
        self.assertRegex(
            line,
            r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \d+ ERROR '
            r'proxy-server \[tx1\] no$',
        )

    def test_swift_asks_again_and_each_line_stands_once(self):
        self.hook()
        self.hook()
        self.logger.info('once')
        self.assertEqual(1, len(self.lines()))
