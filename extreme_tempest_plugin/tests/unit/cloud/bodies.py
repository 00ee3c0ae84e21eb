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
"""Bodies as nova gives them to a member of a project.

https://docs.openstack.org/api-ref/compute/
"""

PROJECT = '11111111111111111111111111111111'

LINKS = [{'rel': 'self', 'href': 'http://nova/v2.1/x'}]


def server(id_: str, name: str, **fields: object) -> dict[str, object]:
    """A server, by default ACTIVE, without a port.

    :param fields: others than usual.
    """
    return {
        'id': id_,
        'name': name,
        'status': 'ACTIVE',
        'tenant_id': PROJECT,
        'user_id': PROJECT,
        'hostId': '',
        'image': '',
        'flavor': {'id': '1', 'links': LINKS},
        'created': '2026-11-21T00:00:00Z',
        'updated': '2026-11-21T00:00:00Z',
        'addresses': {},
        'accessIPv4': '',
        'accessIPv6': '',
        'links': LINKS,
        'metadata': {},
        'key_name': None,
        'config_drive': '',
        'progress': 0,
        'OS-DCF:diskConfig': 'MANUAL',
        'OS-EXT-AZ:availability_zone': 'nova',
        'OS-EXT-STS:power_state': 1,
        'OS-EXT-STS:task_state': None,
        'OS-EXT-STS:vm_state': 'active',
        'OS-SRV-USG:launched_at': None,
        'OS-SRV-USG:terminated_at': None,
        'os-extended-volumes:volumes_attached': [],
        **fields,
    }


def updated(id_: str, name: str, **fields: object) -> dict[str, object]:
    """A server as the answer to a change of it, which shows less."""
    return {
        key: value
        for key, value in server(id_, name, **fields).items()
        if not key.startswith(('OS-EXT', 'OS-SRV', 'os-ext'))
        and key not in ('config_drive', 'key_name')
    }


def keypair(name: str, **fields: object) -> dict[str, object]:
    """A key pair, as it is created.

    :param fields: more of them.
    """
    return {
        'name': name,
        'fingerprint': '00:11',
        'public_key': 'ssh-ed25519 AAAA',
        'user_id': PROJECT,
        **fields,
    }


def shown_keypair(name: str) -> dict[str, object]:
    """A key pair, as it is shown."""
    return keypair(
        name,
        id=1,
        created_at='2026-11-21T00:00:00.000000',
        updated_at=None,
        deleted_at=None,
        deleted=False,
    )


def action(
    request_id: str, *events: tuple[str, str | None]
) -> dict[str, object]:
    """An instance action, microversion 2.51.

    :param events: names and results.
    """
    return {
        'action': 'reboot',
        'instance_uuid': PROJECT,
        'message': None,
        'project_id': PROJECT,
        'user_id': PROJECT,
        'request_id': request_id,
        'start_time': '2026-11-21T00:00:00.000000',
        'events': [
            {
                'event': name,
                'result': result,
                'start_time': '2026-11-21T00:00:00.000000',
                'finish_time': None,
            }
            for name, result in events
        ],
    }
