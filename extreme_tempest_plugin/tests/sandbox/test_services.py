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
"""Every service of the sandbox does its work for real.

Needs a sandbox that is up::

    tempest extreme sandbox exec -- stestr --test-path \
        ./extreme_tempest_plugin/tests/sandbox run --serial
"""

import os
import pathlib
import socket
import struct
import subprocess
import time
import urllib.parse

import testtools
import yaml

from extreme_tempest_plugin.sandbox import api

GLANCE, NOVA, CINDER, NEUTRON = 9292, 8774, 8776, 9696
SWIFT, DESIGNATE = 8080, 9001
#: What a guest reaches by the translated address of its router.
OUTSIDE = '10.88.1.1'


def on_host(name):
    """The beginning of a command that runs on a host, as root."""
    config = yaml.safe_load(
        pathlib.Path(os.environ['OS_FAULTS_CONFIG']).read_text()
    )
    (node,) = (
        node
        for node in config['node_discover']['args']
        if node['fqdn'] == name
    )
    options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null']
    return [
        *('ssh', '-q', '-i', node['auth']['private_key_file']),
        *(f'-o{option}' for option in options),
        f'{node["auth"]["username"]}@{node["ip"]}',
        'sudo',
    ]


def greeting(address, port):
    """What a guest says first, or why it says nothing."""
    try:
        with socket.create_connection((address, port), 2) as connection:
            if port == 80:
                connection.sendall(b'GET / HTTP/1.0\r\n\r\n')
            with connection.makefile('rb') as answer:
                return answer.read().decode()
    except OSError as error:
        return type(error).__name__


def echoes(address):
    """Whether a ping from here comes back. Not every machine has ping."""
    request = struct.pack('!BBHHH', 8, 0, 0xE5CA, 0x1234, 1)
    with socket.socket(
        socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP
    ) as connection:
        connection.settimeout(2)
        connection.connect((address, 0))
        connection.send(request)
        try:
            # Behind the header of IP: the type, 0 for an answer.
            return connection.recv(1500)[20] == 0
        except OSError:
            return False


def resolve(server, name):
    """The IPv4 addresses that a name server has for a name."""
    labels = name.rstrip('.').split('.')
    question = b''.join(bytes([len(x)]) + x.encode() for x in labels)
    question += b'\0' + struct.pack('!HH', 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(5)
        connection.connect((server, 53))
        connection.send(struct.pack('!6H', 7, 0, 1, 0, 0, 0) + question)
        answer = connection.recv(512)
    count = struct.unpack('!6H', answer[:12])[3]
    rest = answer[12 + len(question) :]
    found = set()
    for _ in range(count):
        # The name is a pointer of two bytes to the one in the question.
        kind, _, _, length = struct.unpack('!HHIH', rest[2:12])
        if kind == 1:
            found.add(socket.inet_ntoa(rest[12 : 12 + length]))
        rest = rest[12 + length :]
    return found


class ServiceTest(testtools.TestCase):
    """Talks to the sandbox as its administrator."""

    def setUp(self):
        super().setUp()
        path = os.environ.get('OS_CLIENT_CONFIG_FILE')
        if not path:
            self.fail('not in a sandbox: use `tempest extreme sandbox exec`')
        clouds = yaml.safe_load(pathlib.Path(path).read_text())['clouds']
        auth = clouds[os.environ['OS_CLOUD']]['auth']
        address = urllib.parse.urlsplit(auth['auth_url']).hostname
        self.cloud = api.Cloud(address, auth['password'], timeout=60)
        self.cloud.authenticate()

    def wait(self, what, ask, *wanted, seconds=90):
        """Ask until the answer is one of what is wanted; returns it."""
        deadline = time.monotonic() + seconds
        while (answer := ask()) not in wanted:
            if str(answer).lower().startswith('error'):
                self.fail(f'{what}: {answer}')
            if time.monotonic() > deadline:
                self.fail(f'{what}: {answer} after {seconds} s')
            time.sleep(0.3)
        return answer

    def gone(self, what, port, path):
        """Delete something and wait until it is not there any more."""
        self.cloud.request('DELETE', port, path)

        def there():
            try:
                self.cloud.get(port, path)
            except api.ApiError as error:
                return str(error).rpartition(' ')[2]
            return 'there'

        self.wait(what, there, '404')

    def boot(self, **more):
        """A server with an address on the private network, ACTIVE."""
        image = self.cloud.get(GLANCE, '/v2/images?name=tiny')
        network = self.cloud.get(NEUTRON, '/v2.0/networks?name=private')
        wanted = {
            'name': self.id().rpartition('.')[2],
            'flavorRef': '42',
            'imageRef': image.items('images')[0]['id'],
            'networks': [{'uuid': network.items('networks')[0]['id']}],
            **more,
        }
        path = '/v2.1/servers'
        made = self.cloud.request('POST', NOVA, path, {'server': wanted})
        path = f'{path}/{made.field("server", "id")}'
        self.addCleanup(self.gone, 'server', NOVA, path)
        self.wait(
            'server',
            lambda: self.cloud.get(NOVA, path).field('server', 'status'),
            'ACTIVE',
        )
        return self.cloud.get(NOVA, path).field('server', 'id')


class TestVolumes(ServiceTest):
    def create(self, kind, **wanted):
        """A volume or a snapshot, available; returns its path."""
        wanted.setdefault('name', self.id().rpartition('.')[2])
        made = self.cloud.request(
            'POST', CINDER, f'/v3/{kind}s', {kind: wanted}
        )
        path = f'/v3/{kind}s/{made.field(kind, "id")}'
        self.addCleanup(self.gone, kind, CINDER, path)
        self.becomes(path, 'available')
        return path

    def becomes(self, path, status):
        kind = path.split('/')[2].removesuffix('s')
        self.wait(
            f'{kind} {path}',
            lambda: self.cloud.get(CINDER, path).field(kind, 'status'),
            status,
        )

    def act(self, path, action, **arguments):
        self.cloud.request(
            'POST', CINDER, f'{path}/action', {action: arguments}
        )

    def test_a_volume_is_attached_and_detached(self):
        server = self.boot()
        path = self.create('volume', size=1)
        volume = path.rpartition('/')[2]
        attachments = f'/v2.1/servers/{server}/os-volume_attachments'
        self.cloud.request(
            'POST',
            NOVA,
            attachments,
            {'volumeAttachment': {'volumeId': volume}},
        )
        self.becomes(path, 'in-use')
        attached = self.cloud.get(CINDER, path).field('volume', 'attachments')
        self.assertEqual([server], [entry['server_id'] for entry in attached])
        self.cloud.request('DELETE', NOVA, f'{attachments}/{volume}')
        self.becomes(path, 'available')

    def test_a_snapshot_becomes_a_volume(self):
        path = self.create('volume', size=1)
        snapshot = self.create('snapshot', volume_id=path.rpartition('/')[2])
        copy = self.create(
            'volume', size=1, snapshot_id=snapshot.rpartition('/')[2]
        )
        volume = self.cloud.get(CINDER, copy).field('volume')
        self.assertEqual('nfs', volume['volume_type'])

    def test_a_volume_from_an_image_grows(self):
        image = self.cloud.get(GLANCE, '/v2/images?name=tiny')
        path = self.create(
            'volume', size=1, imageRef=image.items('images')[0]['id']
        )
        volume = self.cloud.get(CINDER, path).field('volume')
        self.assertEqual('true', volume['bootable'])
        self.act(path, 'os-extend', new_size=2)
        self.becomes(path, 'available')
        self.assertEqual(
            2, self.cloud.get(CINDER, path).field('volume', 'size')
        )

    def test_a_volume_becomes_an_image(self):
        path = self.create('volume', size=1)
        body = {'os-volume_upload_image': {'image_name': 'from-volume'}}
        made = self.cloud.request('POST', CINDER, f'{path}/action', body)
        image = made.field('os-volume_upload_image', 'image_id')
        where = f'/v2/images/{image}'
        self.addCleanup(self.cloud.request, 'DELETE', GLANCE, where)
        self.wait(
            'image',
            lambda: self.cloud.get(GLANCE, where).field('status'),
            'active',
        )
        self.becomes(path, 'available')


class TestObjects(ServiceTest):
    def test_an_object_is_kept_and_listed(self):
        container = f'/v1/AUTH_{self.cloud.project_id}/box'
        self.cloud.request('PUT', SWIFT, container)
        self.addCleanup(self.gone, 'container', SWIFT, container)
        self.cloud.request('PUT', SWIFT, f'{container}/thing', {'is': 'kept'})
        self.addCleanup(self.gone, 'object', SWIFT, f'{container}/thing')
        kept = self.cloud.get(SWIFT, f'{container}/thing')
        self.assertEqual({'is': 'kept'}, kept.body)

        def listed():
            body = self.cloud.get(SWIFT, f'{container}?format=json').body
            return [entry['name'] for entry in body]

        self.wait('listing', listed, ['thing'])

    def test_nothing_without_a_token(self):
        self.cloud.token = ''
        path = f'/v1/AUTH_{self.cloud.project_id}'
        error = self.assertRaises(api.ApiError, self.cloud.get, SWIFT, path)
        self.assertIn('401', str(error))


class TestNames(ServiceTest):
    def becomes_active(self, path):
        self.wait(
            path,
            lambda: self.cloud.get(DESIGNATE, path).field('status'),
            'ACTIVE',
        )

    def test_a_name_is_answered_by_the_name_server(self):
        zone = {'name': 'services.test.', 'email': 'root@services.test'}
        made = self.cloud.request('POST', DESIGNATE, '/v2/zones', zone)
        path = f'/v2/zones/{made.field("id")}'
        self.addCleanup(self.gone, 'zone', DESIGNATE, path)
        self.becomes_active(path)
        record = {
            'name': 'www.services.test.',
            'type': 'A',
            'records': ['192.0.2.7'],
        }
        self.assertEqual(set(), resolve(self.cloud.address, record['name']))
        made = self.cloud.request(
            'POST', DESIGNATE, f'{path}/recordsets', record
        )
        self.becomes_active(f'{path}/recordsets/{made.field("id")}')
        self.assertEqual(
            {'192.0.2.7'}, resolve(self.cloud.address, record['name'])
        )


class GuestTest(ServiceTest):
    """The test side is outside the cloud, on its external network."""

    def setUp(self):
        super().setUp()
        self.group = self.create(
            'security-group', name=self.id().rpartition('.')[2]
        )

    def create(self, kind, **wanted):
        """Something of neutron; returns its id."""
        path, key = f'/v2.0/{kind}s', kind.replace('-', '_')
        made = self.cloud.request('POST', NEUTRON, path, {key: wanted})
        found = made.field(key, 'id')
        self.addCleanup(self.gone, kind, NEUTRON, f'{path}/{found}')
        return found

    def allow(self, protocol, **ports):
        self.create(
            'security-group-rule',
            security_group_id=self.group,
            direction='ingress',
            protocol=protocol,
            **ports,
        )

    def guest(self, **more):
        """A server in our security group; returns it."""
        name = {'name': self.group}
        server = self.boot(security_groups=[name], **more)
        return self.cloud.get(NOVA, f'/v2.1/servers/{server}').field('server')

    def port_of(self, server):
        path = f'/v2.0/ports?device_id={server["id"]}'
        (port,) = self.cloud.get(NEUTRON, path).items('ports')
        return port

    def float(self, server):
        """Give it a floating IP address, and return that."""
        path = '/v2.0/networks?name=public'
        (network,) = self.cloud.get(NEUTRON, path).items('networks')
        made = self.create(
            'floatingip',
            floating_network_id=network['id'],
            port_id=self.port_of(server)['id'],
        )
        path = f'/v2.0/floatingips/{made}'
        found = self.cloud.get(NEUTRON, path)
        return found.field('floatingip', 'floating_ip_address')

    def power(self, server, action, status):
        path = f'/v2.1/servers/{server["id"]}'
        self.cloud.request('POST', NOVA, f'{path}/action', {action: None})
        self.wait(
            action,
            lambda: self.cloud.get(NOVA, path).field('server', 'status'),
            status,
        )


class TestGuests(GuestTest):
    def inside(self, server):
        """The beginning of a command that runs inside a guest."""
        return [
            *on_host(server['OS-EXT-SRV-ATTR:host']),
            *('ip', 'netns', 'exec', f'vm-{server["id"]}'),
        ]

    def test_security_groups_and_power_decide_who_is_answered(self):
        server = self.guest()
        address = self.float(server)
        name = server['id']
        # A rule for one port opens that and nothing else: the way is there.
        self.allow('tcp', port_range_min=22, port_range_max=22)
        ssh = f'SSH-2.0-sandbox {name}\r\n'
        self.wait('ssh', lambda: greeting(address, 22), ssh, seconds=30)
        self.assertEqual('TimeoutError', greeting(address, 80))
        self.assertFalse(echoes(address))
        self.allow('tcp', port_range_min=80, port_range_max=80)
        self.allow('icmp')
        self.wait(
            'http',
            lambda: greeting(address, 80).rpartition('\r\n')[2],
            f'{name}\n',
            seconds=30,
        )
        self.wait('ping', lambda: echoes(address), True, seconds=30)
        for off, on in (
            (('os-stop', 'SHUTOFF'), ('os-start', 'ACTIVE')),
            (('pause', 'PAUSED'), ('unpause', 'ACTIVE')),
        ):
            self.power(server, *off)
            self.assertIn(greeting(address, 22), ('TimeoutError', 'OSError'))
            self.power(server, *on)
            self.wait(on[0], lambda: greeting(address, 22), ssh, seconds=30)

    def test_guests_reach_each_other_and_the_outside(self):
        self.allow('icmp')
        first, second = (
            self.guest(availability_zone=f'nova:{host}')
            for host in ('cmp1', 'cmp2')
        )
        fixed = self.port_of(second)['fixed_ips'][0]['ip_address']
        for target in (fixed, OUTSIDE):
            ping = ['ping', '-c', '1', '-W', '2', target]
            command = [*self.inside(first), *ping]
            self.wait(
                f'ping of {target}',
                lambda command=command: (
                    subprocess.run(
                        command, stdout=subprocess.DEVNULL
                    ).returncode
                ),
                0,
                seconds=30,
            )
