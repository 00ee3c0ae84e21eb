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
"""Presses one button of hosts with os-faults, as its users do.

Arguments: the verb of os-faults, then names of hosts. To be run with a time
limit, for os-faults has none.
"""

import os
import sys

import os_faults
from os_faults import registry
from os_faults.drivers.power import ipmi


class SafeIPMI(ipmi.IPMIDriver):
    """Credentials as bytes.

    With text, pyghmi never finds its own session again and the second call
    to a BMC waits for ever.
    """

    def _find_bmc_by_host(self, host):
        found = super()._find_bmc_by_host(host)
        return {
            **found,
            'username': found['username'].encode(),
            'password': found['password'].encode(),
        }


def main(verb: str, *names: str) -> None:
    registry.get_drivers()[SafeIPMI.NAME] = SafeIPMI
    cloud = os_faults.connect(config_filename=os.environ['OS_FAULTS_CONFIG'])
    getattr(cloud.get_nodes(fqdns=list(names)), verb)()


if __name__ == '__main__':
    main(*sys.argv[1:])
