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
"""What a switch is told, one port after the other."""

from unittest import mock

import netmiko
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import netmiko_child


class TestConfigure(testtools.TestCase):
    def _told(self, *refused: str) -> tuple[list[str], str]:
        """The ports that were taken up, and what was said of the others."""
        done: list[str] = []

        def take(lines: list[str], **_: object) -> None:
            if lines[0] in refused:
                raise netmiko.ConfigInvalidException(f'{lines[0]} refused')
            done.append(lines[0])

        switch = mock.MagicMock()
        switch.__enter__.return_value.send_config_set.side_effect = take
        request = netmiko_child.Request(
            host=ssh.Host(address='10.0.0.1'),
            device_type='cisco_ios',
            account=schema.Auth(username='admin'),
            verify=True,
            seconds=20.0,
            configure=(('p1', 'up'), ('p2', 'up'), ('p3', 'up')),
        )
        said = ''
        with mock.patch.object(netmiko, 'ConnectHandler', return_value=switch):
            try:
                netmiko_child.talk(request)
            except netmiko.ConfigInvalidException as error:
                said = str(error)
        return done, said

    def test_port_that_is_refused_keeps_no_other_down(self) -> None:
        for refused, done, said in (
            ((), ['p1', 'p2', 'p3'], ''),
            (('p1',), ['p2', 'p3'], 'p1 refused'),
            (('p1', 'p3'), ['p2'], 'p1 refused; p3 refused'),
        ):
            self.assertEqual((done, said), self._told(*refused))
