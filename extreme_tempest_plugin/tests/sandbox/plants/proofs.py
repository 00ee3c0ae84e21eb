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
"""How a bug shows through the API: one attempt each.

A proof returns what it saw, or nothing. It finds out by itself, from the
cloud's answers: it does not know whether a plant is on.
"""

import collections
import contextlib
import functools
import time

from extreme_tempest_plugin.sandbox import api
from extreme_tempest_plugin.tests.sandbox.plants.site import at_once
from extreme_tempest_plugin.tests.sandbox.plants.site import CINDER
from extreme_tempest_plugin.tests.sandbox.plants.site import KEYSTONE
from extreme_tempest_plugin.tests.sandbox.plants.site import NEUTRON
from extreme_tempest_plugin.tests.sandbox.plants.site import NOVA
from extreme_tempest_plugin.tests.sandbox.plants.site import PLACEMENT
from extreme_tempest_plugin.tests.sandbox.plants.site import until

PUBLIC_KEY = (
    'ssh-ed25519 '
    'AAAAC3NzaC1lZDI1NTE5AAAAIJ1jYyUW3bBpRfxeUmSG9WuxTnhkqZxFXW3qfzVZ8K9d x'
)

_SIGNAL = ('systemctl', 'kill', '--signal')


def b01(site):
    """Computes are stopped; what is deleted keeps its allocation."""
    with site.tenant() as client:
        site.on_computes('systemctl', 'stop', 'nova-compute')
        try:
            with site.servers(client, 3, wait=False) as servers:
                for server in servers:
                    until(30, _allocations, site, server)
                for server in servers:
                    client.request('DELETE', NOVA, f'/v2.1/servers/{server}')
                for server in servers:
                    until(30, site.is_gone, client, server)
                left = [s for s in servers if _allocations(site, s)]
        finally:
            site.on_computes('systemctl', 'start', 'nova-compute')
            site.wait_for_computes()
    return left and f'{len(left)} of 3 deleted servers have allocations'


def _allocations(site, server):
    answer = site.admin.get(PLACEMENT, f'/allocations/{server}')
    return answer.field('allocations')


def b02(site):
    """Four equal attachments at once."""
    with (
        site.tenant() as client,
        _volumes(client, 1) as (volume,),
        site.servers(client, 1) as (server,),
    ):
        path = f'/v2.1/servers/{server}/os-volume_attachments'
        body = {'volumeAttachment': {'volumeId': volume}}
        at_once(4, lambda number: client.status('POST', NOVA, path, body))
        until(30, _is_settled, client, volume)
        listed = client.get(NOVA, path).items('volumeAttachments')
    return len(listed) > 1 and f'one volume is listed {len(listed)} times'


def b05(site):
    """Six keypairs at once, where two are allowed."""
    return _keypairs(site, {})


def b05i(site):
    """The same, with keys that the user brings."""
    return _keypairs(site, {'public_key': PUBLIC_KEY})


def _keypairs(site, key):
    with site.tenant() as client:
        site.admin.request(
            'PUT',
            NOVA,
            f'/v2.1/os-quota-sets/{client.project_id}',
            {'quota_set': {'key_pairs': 2}},
        )
        at_once(
            6,
            lambda number: client.status(
                'POST',
                NOVA,
                '/v2.1/os-keypairs',
                {'keypair': {'name': f'key{number}', **key}},
            ),
        )
        listed = client.get(NOVA, '/v2.1/os-keypairs').items('keypairs')
        for entry in listed:
            name = entry['keypair']['name']
            client.request('DELETE', NOVA, f'/v2.1/os-keypairs/{name}')
    return len(listed) > 2 and f'{len(listed)} keypairs, 2 are allowed'


def b07(site, rounds=150, seconds=60):
    """Two users give one server metadata; both are told that it is done."""
    end = time.monotonic() + seconds
    with site.tenant() as client, site.servers(client, 1) as (server,):
        path = f'/v2.1/servers/{server}/metadata'
        for number in range(rounds):
            client.request('PUT', NOVA, path, {'metadata': {}})
            done = at_once(2, functools.partial(_add, client, path))
            kept = client.get(NOVA, path).field('metadata')
            if done == [200, 200] and len(kept) < 2:
                return f'of two keys {list(kept)} is left, round {number + 1}'
            if time.monotonic() > end:
                break
    return ''


def _add(client, path, key):
    return client.status('POST', NOVA, path, {'metadata': {f'k{key}': 'x'}})


def b09(site):
    """Computes are killed while they delete servers, and start again."""
    with site.tenant() as client, site.servers(client, 3) as servers:
        # A deletion waits for neutron, so it is under way for long enough.
        site.on_controllers(*_SIGNAL, 'STOP', 'neutron-api')
        try:
            for server in servers:
                client.request('DELETE', NOVA, f'/v2.1/servers/{server}')
            time.sleep(2)
            site.on_computes(*_SIGNAL, 'KILL', 'nova-compute')
        finally:
            site.on_controllers(*_SIGNAL, 'CONT', 'neutron-api')
        site.on_computes('systemctl', 'restart', 'nova-compute')
        site.wait_for_computes()
        # Time for what a compute takes up again when it starts.
        with contextlib.suppress(AssertionError):
            until(20, _are_gone, site, client, servers)
        left = _left(site, client, servers)
        for server in left:
            # Else nova ignores that they are deleted once more.
            path = f'/v2.1/servers/{server}/action'
            reset = {'os-resetState': {'state': 'error'}}
            site.admin.request('POST', NOVA, path, reset)
    return left and f'{len(left)} of 3 deleted servers: {set(left.values())}'


def _left(site, client, servers):
    states = {server: site.state(client, server) for server in servers}
    return {server: state for server, state in states.items() if state[0]}


def _are_gone(site, client, servers):
    return not _left(site, client, servers)


def b12(site):
    """Six volumes come and go at once; then none may be counted."""
    with site.tenant() as client:
        with _volumes(client, 6):
            pass
        # A volume is gone a moment before it is no longer counted.
        with contextlib.suppress(AssertionError):
            until(10, _is_counted_right, client)
        wrong = _counted(client)
    return wrong and f'no volume is left, in use and reserved are {wrong}'


def _is_counted_right(client):
    return not _counted(client)


def _counted(client):
    """What cinder counts in a project without volumes."""
    base = f'/v3/{client.project_id}/os-quota-sets'
    answer = client.get(CINDER, f'{base}/{client.project_id}?usage=True')
    usage = answer.field('quota_set')
    return {
        name: (usage[name]['in_use'], usage[name]['reserved'])
        for name in ('volumes', 'gigabytes')
        if usage[name]['in_use'] or usage[name]['reserved']
    }


@contextlib.contextmanager
def _volumes(client, count):
    """Ids of volumes, made at once and removed at once."""
    base = f'/v3/{client.project_id}/volumes'
    answers = at_once(
        count,
        lambda number: client.post(CINDER, base, {'volume': {'size': 1}}),
    )
    made = [answer.field('volume', 'id') for answer in answers]
    try:
        for volume in made:
            until(60, _is_made, client, volume)
        yield made
    finally:
        for volume in made:
            until(60, _is_made, client, volume)
        at_once(
            count,
            lambda number: client.request(
                'DELETE', CINDER, f'{base}/{made[number]}'
            ),
        )
        for volume in made:
            until(60, _is_gone, client, volume)


def _volume(client, volume):
    """The status of a volume; empty when there is none."""
    try:
        answer = client.get(
            CINDER, f'/v3/{client.project_id}/volumes/{volume}'
        )
    except api.ApiError as error:
        if error.status != 404:
            raise
        return ''
    return answer.field('volume', 'status')


def _is_made(client, volume):
    # An attempt that a deadlock in the database spoils is not seen: no more.
    return _volume(client, volume) in ('available', 'error')


def _is_gone(client, volume):
    return not _volume(client, volume)


def _is_settled(client, volume):
    return _volume(client, volume) not in ('reserved', 'attaching')


def b16(site):
    """Four equal rules at once, of which one may be made."""
    with site.tenant() as client:
        made = client.post(
            NEUTRON,
            '/v2.0/security-groups',
            {'security_group': {'name': 'proof'}},
        )
        group = made.field('security_group', 'id')
        rule = {
            'security_group_id': group,
            'direction': 'ingress',
            'protocol': 'tcp',
            'port_range_min': 80,
            'port_range_max': 80,
        }
        path = '/v2.0/security-group-rules'
        at_once(
            4,
            lambda number: client.status(
                'POST', NEUTRON, path, {'security_group_rule': rule}
            ),
        )
        listed = client.get(NEUTRON, f'{path}?security_group_id={group}')
        ports = collections.Counter(
            entry['port_range_min']
            for entry in listed.items('security_group_rules')
        )
        client.request('DELETE', NEUTRON, f'/v2.0/security-groups/{group}')
    return ports[80] > 1 and f'{ports[80]} identical rules'


def b24(site):
    """A role is taken away; the next token for the project is refused."""
    with site.tenant() as client:
        client.authenticate()
        site.admin.request('DELETE', KEYSTONE, site.grant(client))
        try:
            client.authenticate()
        except api.ApiError as error:
            if error.status != 401:
                raise
            return ''
    return 'a token for a project without a role in it'
