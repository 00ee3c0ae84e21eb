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
"""Commands that the sandbox runs inside its hosts."""

import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.tests.sandbox.plants.site import Site
from extreme_tempest_plugin.tests.sandbox.plants.site import until


class TestCommands(testtools.TestCase):
    def test_what_takes_too_long_is_ended_inside_the_host(self):
        machine = next(iter(Site().machines.values()))
        self.assertRaises(
            errors.CommandFailed, machine.run, ['sleep', '4711'], timeout=2
        )
        until(
            5,
            lambda: 'sleep 4711' not in machine.run(['ps', '-eo', 'args=']),
        )
