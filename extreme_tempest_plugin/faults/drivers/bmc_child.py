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
"""The process that asks a BMC for the power state of its host, by IPMI.

A process of its own because pyghmi has no timeout and has been seen to hang.
"""

import sys

from pyghmi.ipmi import command

from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import child


def ask(bmc: schema.Bmc) -> str:
    """One session with a BMC, and its end: a BMC has few of them."""
    session = command.Command(
        bmc=bmc.address,
        # As text, pyghmi would not find its own session again.
        userid=bmc.username.encode(),
        password=bmc.password.encode(),
    )
    try:
        return str(session.get_power()['powerstate'])
    finally:
        session.ipmi_session.logout()


if __name__ == '__main__':
    sys.exit(child.serve(schema.Bmc, ask))
