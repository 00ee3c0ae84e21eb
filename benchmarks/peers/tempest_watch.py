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
"""Tempest's client of servers, as it is, lists servers until stdin closes.

usage: tempest_watch.py KEYSTONE PASSWORD
"""

import json
import sys
import threading
import time

from tempest.lib import auth
from tempest.lib.services.compute import servers_client

provider = auth.KeystoneV3AuthProvider(
    auth.KeystoneV3Credentials(
        username='demo',
        password=sys.argv[2],
        user_domain_name='Default',
        project_name='demo',
        project_domain_name='Default',
    ),
    f'{sys.argv[1]}/v3',
)
client = servers_client.ServersClient(
    provider, 'compute', 'here', endpoint_type='public', http_timeout=10
)


def main():
    over = threading.Event()

    def wait():
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    samples, failures = 0, []
    while not over.wait(0.05):
        begun = time.monotonic_ns()
        try:
            client.list_servers()
        except Exception:
            failures.append((begun, time.monotonic_ns()))
        samples += 1
    print(json.dumps({'samples': samples, 'failures': failures}))


main()
