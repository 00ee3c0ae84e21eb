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
"""Servers that are booted to see whether a cloud works."""

from extreme_tempest_plugin.sandbox import api


def start(cloud):
    """Ask for a server; returns its id."""
    image = cloud.get(9292, '/v2/images?name=tiny').items('images')[0]
    nets = cloud.get(9696, '/v2.0/networks?name=private').items('networks')
    server = {
        'name': 'benchmark',
        'flavorRef': '42',
        'imageRef': image['id'],
        'networks': [{'uuid': nets[0]['id']}],
    }
    made = cloud.request('POST', 8774, '/v2.1/servers', {'server': server})
    return made.field('server', 'id')


def why_not_active(cloud, server):
    """Empty when the server and its port are ACTIVE."""
    state = cloud.get(8774, f'/v2.1/servers/{server}').field('server')
    if state['status'] == 'ERROR':
        raise api.ApiError(f'ERROR: {state.get("fault", {}).get("message")}')
    found = cloud.get(9696, f'/v2.0/ports?device_id={server}').items('ports')
    ports = [port['status'] for port in found]
    if state['status'] == 'ACTIVE' and ports == ['ACTIVE']:
        return ''
    return f'server {state["status"]}, ports {ports}'
