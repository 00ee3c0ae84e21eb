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
"""Tempest's client of servers, as it is, shows one server again and again.

usage: tempest_loop.py URL SECONDS full|bare
"""

import json
import sys
import time

from tempest.lib import auth
from tempest.lib.services.compute import servers_client

URL, SECONDS = sys.argv[1], float(sys.argv[2])

provider = auth.KeystoneV3AuthProvider(
    auth.KeystoneV3Credentials(
        username='bench',
        password='bench',
        user_domain_name='Default',
        project_name='bench',
        project_domain_name='Default',
    ),
    f'{URL}/v3',
)
client = servers_client.ServersClient(
    provider, 'compute', 'RegionOne', endpoint_type='public'
)


def full():
    """As tests do it: the body is checked against a schema."""
    client.show_server('bench')


def bare():
    """Without the check of the body."""
    _, body = client.get('servers/bench')
    json.loads(body)


def main():
    call = {'full': full, 'bare': bare}[sys.argv[3]]
    for _ in range(20):
        call()
    end = time.monotonic() + SECONDS
    operations, cpu = 0, time.process_time()
    while time.monotonic() < end:
        call()
        operations += 1
    cpu_s = time.process_time() - cpu
    print(json.dumps({'operations': operations, 'cpu_s': cpu_s}))


main()
