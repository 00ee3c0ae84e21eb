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
import copy
import json
import pathlib
import tempfile
from typing import Any

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import clocks
from extreme_tempest_plugin.faults import commands
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.faults import runtimes

GOOD: dict[str, Any] = {
    'cloud_management': {'driver': 'universal'},
    'node_discover': {
        'driver': 'node_list',
        'args': [
            {
                'ip': '10.0.0.1',
                'fqdn': 'ctl1',
                'mac': '02:00:00:00:00:01',
                'auth': {'username': 'stack', 'private_key_file': '/k/key'},
            }
        ],
    },
    'services': {
        'rabbitmq': {
            'driver': 'system_service',
            'args': {
                'service_name': 'rabbitmq-server',
                'grep': '/usr/lib/rabbitmq',
                'port': ['tcp', 5672],
            },
            'hosts': ['10.0.0.1'],
        }
    },
}


def changed(path: str, value: object) -> dict[str, Any]:
    """GOOD with one key set (None: removed)."""
    data = copy.deepcopy(GOOD)
    node: Any = data
    *parents, last = path.split('/')
    for step in parents:
        node = node[int(step) if step.isdigit() else step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return data


RABBIT = 'services/rabbitmq'
ARGS = 'services/rabbitmq/args'
NODE = 'node_discover/args/0'


def cut(name: str = 'cut', **changes: Any) -> dict[str, Any]:
    """GOOD with hosts more and a partition (None: a key is left out)."""
    data = copy.deepcopy(GOOD)
    nodes = data['node_discover']['args']
    nodes[0]['auth']['jump'] = {'host': '10.0.0.8'}
    others = ['10.0.0.2', '10.0.0.8', '2001:DB8:0::3', 'ctl3', '127.0.0.1']
    others += [peer for peer in changes.get('peers', []) if '%' in peer]
    nodes.extend({'ip': other} for other in others)
    part = {'host': '10.0.0.1', 'peers': ['10.0.0.2'], **changes}
    data['partitions'] = {
        name: {key: value for key, value in part.items() if value is not None}
    }
    return data


def link(**changes: Any) -> dict[str, Any]:
    """GOOD with a link and the hosts of a partition."""
    data = cut()
    part = {'host': '10.0.0.1', 'peers': ['10.0.0.2'], **changes}
    data['links'] = {'link': part}
    return data


def step(**changes: Any) -> dict[str, Any]:
    """GOOD with a clock."""
    part = {'host': '10.0.0.1', 'step_s': 300, **changes}
    return changed('clocks', {'clock': part})


def fill(**changes: Any) -> dict[str, Any]:
    """GOOD with a disk."""
    part = {'host': '10.0.0.1', 'path': '/var/lib', **changes}
    return changed('disks', {'var': part})


#: what is wrong, the key in the message, a word of the reason
BMC = {'address': '10.1.0.1', 'username': 'root', 'password': 'geheim'}
BMC2 = {**BMC, 'address': '10.1.0.2'}
MAC = '02:00:00:00:00:01'


def power(args: object = None, **changes: Any) -> dict[str, Any]:
    """GOOD with a BMC of its node."""
    args = args or {'mac_to_bmc': {MAC: {**BMC, **changes}}}
    return changed('power_managements', [{'driver': 'ipmi', 'args': args}])


def container(**changes: Any) -> dict[str, Any]:
    """GOOD with a container (None: a key is left out)."""
    given = {
        'driver': 'docker_container',
        'args': {'container_name': 'nova_api'},
        'hosts': ['10.0.0.1'],
        **changes,
    }
    given = {key: value for key, value in given.items() if value is not None}
    return changed('containers', {'nova-api': given})


def redfish(**changes: Any) -> dict[str, Any]:
    """The same, by Redfish."""
    args = {'mac_to_bmc': {MAC: {**BMC, **changes}}}
    return changed('power_managements', [{'driver': 'redfish', 'args': args}])


def switch(
    ports: dict[str, Any] | None = None, name: str = 'ctl1-net', **changes: Any
) -> dict[str, Any]:
    """GOOD with a switch (None: a key is left out).

    :param ports: what is different in its only target.
    """
    given = {
        'ip': '10.0.0.99',
        'auth': {'username': 'stack', 'private_key_file': '/k/key'},
        'down': ['switchport', 'down', 'all', 'PORT'],
        'up': ['switchport', 'up', 'all', 'PORT'],
        'status': ['switchport', 'show', 'all', 'PORT'],
        'targets': {
            name: {
                'ports': ['ctl1-eth0', 'Eth1/2:3'],
                'hosts': ['10.0.0.1'],
                **(ports or {}),
            }
        },
        **changes,
    }
    given = {key: value for key, value in given.items() if value is not None}
    return changed('switches', {'sw': given})


def command(name: str = 'alarm', **changes: Any) -> dict[str, Any]:
    """GOOD with commands (None: a key is left out)."""
    given = {
        'hosts': ['10.0.0.1'],
        'inject': ['rabbitmqctl', 'set_limit', 'absolute', '1'],
        'heal': ['rabbitmqctl', 'set_limit', '0.4'],
        'status': ['rabbitmq-diagnostics', '-q', 'check_local_alarms'],
        'says_broken': 'Memory alarm',
        **changes,
    }
    given = {key: value for key, value in given.items() if value is not None}
    return changed('commands', {name: given})


#: No list of words that a shell takes as they are.
BAD_WORDS = (
    (('x', 'y;id'), 'refused'),
    (('x', '$(id)'), 'refused'),
    (('x', '`id`'), 'refused'),
    (('x', 'a b'), 'refused'),
    (('x', '*'), 'refused'),
    (('x', '|'), 'refused'),
    (('x', '>y'), 'refused'),
    (('x', ','), 'refused'),
    (('x', '%h'), 'refused'),
    (('x', 'y\n'), 'refused'),
    (('x', ''), 'refused'),
    (('-x',), 'refused'),
    (('.',), 'refused'),
    (('sh', '-c', 'reboot'), 'something else'),
    (('/bin/bash',), 'something else'),
    (('nice', 'env', 'x'), 'something else'),
    ((), 'give a program'),
)
BAD = [
    *(
        (command(**{key: [*words]}), f'commands.alarm.{key}', reason)
        for key in ('inject', 'heal', 'status')
        for words, reason in BAD_WORDS
    ),
    (
        command(heal=['rabbitmqctl', 'set_limit', 'absolute', '1']),
        'commands.alarm.heal',
        'same as inject',
    ),
    *(
        (command(**{key: None}), 'commands.alarm', key)
        for key in ('hosts', 'inject', 'heal', 'status', 'says_broken')
    ),
    (command(inject='reboot'), 'commands.alarm.inject', 'array'),
    (command(hosts=[]), 'commands.alarm.hosts', 'length'),
    (command(hosts=['10.0.0.7']), 'commands.alarm.hosts', 'no ip of'),
    *(
        (command(says_broken=words), 'alarm.says_broken', 'refused')
        for words in ('', ' ', 'a  b', ' a', 'a|b', 'a\nb', '$x')
    ),
    (command(injcet=['x']), 'commands.alarm', 'injcet'),
    (command(name='rabbitmq'), 'commands.rabbitmq', 'name of another'),
    (command(name='a;b'), 'commands.a;b', 'refused'),
    (
        changed('targets', {'a': {'driver': 'x', 'hosts': ['10.0.0.1']}}),
        'targets.a.driver',
        'no driver',
    ),
    (
        changed('targets', {'a': {'driver': 'disk', 'hosts': ['10.0.0.1']}}),
        'targets.a.driver',
        'no driver',
    ),
    *(
        (container(**{key: value}), f'containers.nova-api{what}', reason)
        for key, value, what, reason in (
            ('driver', 'lxc', '.driver', 'must be docker_container'),
            ('driver', None, '', 'driver'),
            ('args', None, '', 'args'),
            ('args', {}, '.args', 'container_name'),
            ('args', {'container_name': 7}, '.args.container_name', 'str'),
            (
                'args',
                {'container_name': 'nova_api', 'grep': 'x'},
                '.args',
                'grep',
            ),
            *(
                (
                    'args',
                    {'container_name': name},
                    '.args.container_name',
                    'refused as a container',
                )
                for name in ('', '-f', 'a;id', '$(id)', 'a b', 'n/a', "a'b")
            ),
            ('hosts', None, '', 'hosts'),
            ('hosts', [], '.hosts', 'length'),
            ('hosts', ['10.0.0.7'], '.hosts', 'no ip of'),
            ('runtime', 'lxc', '.runtime', 'lxc'),
            ('unit', 'a b', '.unit', 'refused as a unit'),
            ('port', ['tcp', 'x'], '.port', 'is none: write'),
            ('image', 'x', '', 'image'),
        )
    ),
    *(
        (power(**{key: value}), f'power_managements[0].args: {what}', reason)
        for key, value, what, reason in (
            ('address', '-oProxyCommand=x', 'address', 'refused'),
            ('address', '10.1.0.1; id', 'address', 'refused'),
            ('username', 'u' * 17, 'username', 'longer than 16'),
            ('username', '', 'username', 'is empty'),
            ('password', '', 'password', 'is empty'),
            ('password', 'geheim' * 4, 'password', 'longer than 20'),
        )
    ),
    *(
        (redfish(**{key: value}), f'power_managements[0].args: {what}', reason)
        for key, value, what, reason in (
            ('address', 'ftp://10.1.0.1', 'address', 'refused'),
            ('address', 'https://10.1.0.1/x', 'address', 'refused'),
            ('address', 'https://root:geheim@10.1.0.1', 'address', 'a user'),
            ('address', '10.1.0.1 x', 'address', 'refused'),
            ('address', 'http://10.1.0.1', 'address', 'verify: false'),
            ('verify', '', 'verify', 'is empty'),
            ('system', '../Managers/1', 'system', 'refused'),
            ('username', '', 'username', 'is empty'),
            ('password', '', 'password', 'is empty'),
        )
    ),
    (redfish(verify=1), 'verify', 'Expected `bool | str`'),
    (power(verify=False), 'mac_to_bmc', 'verify'),
    (power(password=4711), 'password', 'Expected `str`'),
    (power(pasword='x'), 'mac_to_bmc', 'pasword'),
    (power({'mac_to_bmcs': {}}), 'power_managements[0].args', 'mac_to_bmcs'),
    (
        {**power(), 'disks': {'ctl1': fill()['disks']['var']}},
        'disks.ctl1',
        'name of another',
    ),
    (
        {
            **power(),
            'services': {'ctl1': GOOD['services']['rabbitmq']},
        },
        'node_discover.args[0].fqdn',
        'name of another',
    ),
    (
        {
            **power({'mac_to_bmc': {MAC: BMC, MAC[:-1] + '2': BMC2}}),
            'node_discover': {
                'driver': 'node_list',
                'args': [
                    {'ip': f'10.0.0.{n}', 'fqdn': 'ctl1', 'mac': MAC[:-1] + n}
                    for n in '12'
                ],
            },
        },
        'node_discover.args',
        'two nodes',
    ),
    *(
        (
            changed(
                'node_discover/args', [*GOOD['node_discover']['args'], *more]
            ),
            key,
            'there twice',
        )
        for more, key in (
            ([{'ip': '10.0.0.1'}], 'node_discover.args[1].ip'),
            (
                [{'ip': '2001:db8::1'}, {'ip': '2001:DB8:0::1'}],
                'node_discover.args[2].ip',
            ),
        )
    ),
    *(
        (switch(**{key: [*words]}), f'switches.sw.{key}', reason)
        for key in ('down', 'up', 'status')
        for words, reason in (
            (('switchport', 'x', 'PORT;id'), 'refused'),
            (('switchport', '$(id)', 'PORT'), 'refused'),
            (('switchport', '`id`', 'PORT'), 'refused'),
            (('switchport', 'a b', 'PORT'), 'refused'),
            (('switchport', '*', 'PORT'), 'refused'),
            (('switchport', '|', 'PORT'), 'refused'),
            (('switchport', '>x', 'PORT'), 'refused'),
            (('switchport', ',', 'PORT'), 'refused'),
            (('switchport', 'x\n', 'PORT'), 'refused'),
            (('switchport', '', 'PORT'), 'refused'),
            (('-x', 'PORT'), 'refused'),
            (('sh', '-c', 'reboot', 'PORT'), 'something else'),
            (('/bin/bash', 'PORT'), 'something else'),
            (('nice', 'env', 'PORT'), 'something else'),
            (('.', 'PORT'), 'refused'),
            (('switchport', 'PORT', 'PORT'), 'one word PORT'),
            (('PORT', 'down'), 'one word PORT'),
            ((), 'give a program'),
        )
    ),
    (switch(up=['switchport', 'down', 'all', 'PORT']), 'sw.up', 'same as'),
    (switch(up=['switchport', 'up', 'all']), 'sw.up', 'one word PORT'),
    (switch(up=None), 'switches.sw', 'up'),
    (switch(donw=['x']), 'switches.sw', 'donw'),
    (switch(says_up='a b'), 'switches.sw.says_up', 'refused'),
    (switch(says_up='Down'), 'switches.sw.says_up', 'same as says_down'),
    (switch(ip='-oProxyCommand=x'), 'switches.sw.auth: address', 'refused'),
    (switch(auth={'password': 'x'}), 'switches.sw.auth', 'passwords'),
    (switch(no_timer=True), 'switches.sw', 'are for netmiko'),
    (switch(verify=False), 'switches.sw', 'are for netmiko'),
    (switch(targets={}), 'switches.sw.targets', 'length'),
    (switch({'ports': []}), 'switches.sw.targets', 'length'),
    *(
        (switch({'ports': [port]}), 'sw.targets.ctl1-net.ports', 'refused')
        for port in ('', '-x', 'a b', 'a;b', '$x', 'a@b', ',', 'a*')
    ),
    (switch({'hosts': ['10.0.0.7']}), 'ctl1-net.hosts', 'no ip of'),
    (switch(ip='10.0.0.1'), 'ctl1-net.hosts', 'nobody could heal'),
    (
        switch(auth={'jump': {'host': '10.0.0.1'}}),
        'ctl1-net.hosts',
        'nobody could heal',
    ),
    (switch(name='rabbitmq'), 'sw.targets.rabbitmq', 'name of another'),
    (switch(name='a;b'), 'sw.targets.a;b', 'refused'),
    (changed('servces', {}), 'the file', 'servces'),
    (changed('cloud_management', None), 'the file', 'cloud_management'),
    (
        changed('cloud_management', {'driver': 'devstack'}),
        'cloud_management.driver',
        'universal',
    ),
    (changed('cloud_management/drivr', 'x'), 'cloud_management', 'drivr'),
    (
        changed('node_discover/driver', 'magic'),
        'node_discover.driver',
        'magic',
    ),
    (changed(f'{NODE}/ip', '-oProxyCommand=x'), 'address', 'refused'),
    (changed(f'{NODE}/ip', 'a b'), 'address', 'refused'),
    (changed(f'{NODE}/prot', 1), 'node_discover.args[0]', 'prot'),
    (changed(f'{NODE}/auth/username', 'a;b'), 'username', 'refused'),
    (changed(f'{NODE}/auth/username', '-l'), 'username', 'refused'),
    (
        changed(f'{NODE}/auth/private_key_file', '/k/$(id)'),
        'private_key_file',
        'refused',
    ),
    (changed(f'{NODE}/auth/password', 'x'), 'auth.password', 'passwords'),
    (
        changed(f'{NODE}/auth/become_password', 'x'),
        'auth.become_password',
        'passwords',
    ),
    (
        changed(f'{NODE}/auth/jump', {'host': 'a|b'}),
        'auth.jump: address',
        'refused',
    ),
    (changed(f'{RABBIT}/hots', []), 'services.rabbitmq', 'hots'),
    (changed(f'{RABBIT}/hosts', None), 'services.rabbitmq.hosts', 'missing'),
    (
        changed(f'{RABBIT}/hosts', ['10.0.0.9']),
        'services.rabbitmq.hosts',
        '10.0.0.9',
    ),
    (changed(f'{ARGS}/grpe', 'x'), 'services.rabbitmq.args', 'grpe'),
    (changed(f'{ARGS}/service_name', 'a b'), 'args.service_name', 'refused'),
    (changed(f'{ARGS}/service_name', '-H'), 'args.service_name', 'refused'),
    (changed(f'{ARGS}/service_name', None), 'services.rabbitmq', 'service_n'),
    (changed(f'{ARGS}/port', ['sctp', 1]), 'args.port', 'sctp'),
    (changed(f'{ARGS}/port', ['tcp', 70000]), 'args.port', '70000'),
    (changed(f'{ARGS}/port', ['tcp', '1']), 'args.port', 'none'),
    (changed(f'{ARGS}/port', ['tcp', 1, 'up']), 'args.port', 'up'),
    (changed(f'{ARGS}/port', ['tcp']), 'args.port', 'length'),
    (changed('services/a;b', GOOD['services']['rabbitmq']), 'a;b', 'refused'),
    (cut(host='10.0.0.7'), 'partitions.cut.host', 'no ip of'),
    (cut(host=None), 'partitions.cut', 'host'),
    (cut(hosts=['10.0.0.1']), 'partitions.cut', 'hosts'),
    (cut(peers=[]), 'partitions.cut.peers', 'length'),
    (cut(peers=['10.0.0.7']), 'partitions.cut.peers', 'no ip of'),
    (cut(peers=['10.0.0.2; id']), 'partitions.cut.peers', 'no ip of'),
    (cut(peers=['ctl3']), 'partitions.cut.peers', 'no address'),
    (cut(peers=['127.0.0.1']), 'partitions.cut.peers', 'another host'),
    (cut(peers=['fe80::1%eth0']), 'address', 'refused'),
    (cut(peers=['10.0.0.1']), 'partitions.cut.peers', 'host itself'),
    (cut(peers=['10.0.0.8']), 'partitions.cut.peers', 'on the way'),
    (cut(direction='down'), 'partitions.cut.direction', 'down'),
    (cut(port=0), 'partitions.cut.port', '>= 1'),
    (cut(ports=[0]), 'partitions.cut.ports', '>= 1'),
    (cut(ports=[4567], port=22), 'partitions.cut.port', 'none of ports'),
    (cut(name='rabbitmq'), 'partitions.rabbitmq', 'name of another'),
    (cut(name='a;b'), 'partitions.a;b', 'refused'),
    (link(loss=20, host='10.0.0.7'), 'links.link.host', 'no ip of'),
    (link(loss=20, peers=['10.0.0.7']), 'links.link.peers', 'no ip of'),
    (link(loss=20, peers=['10.0.0.1']), 'links.link.peers', 'host itself'),
    (link(delay_ms=200, peers=['10.0.0.8']), 'links.link.peers', 'on the way'),
    (link(loss=0), 'links.link.loss', '>= 1'),
    (link(loss=100), 'links.link.loss', '<= 99'),
    (link(loss=2.5), 'links.link.loss', 'int'),
    (link(loss=20, rate=1), 'links.link', 'rate'),
    (link(loss=20, delay_ms=200), 'links.link', 'either loss or'),
    (link(loss=20, jitter_ms=1), 'links.link', 'either loss or'),
    (link(), 'links.link', 'give loss'),
    (link(delay_ms=10), 'links.link.delay_ms', '>= 20'),
    (link(delay_ms=9999), 'links.link.delay_ms', '<= 2000'),
    (link(delay_ms=200, jitter_ms=101), 'links.link.jitter_ms', 'half'),
    (link(delay_ms=200, direction='out'), 'links.link.direction', 'of a loss'),
    (step(host='10.0.0.7'), 'clocks.clock.host', 'no ip of'),
    (step(step_s=9), 'clocks.clock.step_s', 'too few'),
    (step(step_s=-9), 'clocks.clock.step_s', 'too few'),
    (step(step_s=9999999), 'clocks.clock.step_s', '<= 2592000'),
    (step(step=300), 'clocks.clock', 'step'),
    (fill(host='10.0.0.7'), 'disks.var.host', 'no ip of'),
    (fill(leave_mb=-1), 'disks.var.leave_mb', '>= 0'),
    (fill(file='/x'), 'disks.var', 'file'),
    *(
        (fill(path=path), 'disks.var.path', 'refused')
        for path in ('var', '', '/var/', '/v ar', '/$HOME', '/a;b', '/a%b')
    ),
    *(
        (fill(path=path), 'disks.var.path', 'may be filled')
        for path in ('/run', '/dev/shm', '/proc', '/sys/fs', '/var/../etc')
    ),
    *(
        (changed(f'{ARGS}/grep', grep), 'services.rabbitmq.args.grep', 'ref')
        for grep in (
            "zzz'; touch /tmp/x; echo '",
            'a|b',
            'a&b',
            '$(id)',
            '`id`',
            'a"b',
            'a\nb',
            'a\\b',
            'a>b',
            '{a}',
            '-v',
            '',
            'é',
        )
    ),
]


class TestReading(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name, 'os-faults.yaml')

    def _read(self, data: object) -> configuration.Configuration:
        # Every JSON is YAML; operators have both.
        self.path.write_text(json.dumps(data))
        return reading.read(str(self.path))

    def test_target(self) -> None:
        target = self._read(GOOD).targets['rabbitmq']
        self.assertEqual('rabbitmq-server', target.unit)
        self.assertEqual(5672, target.port)
        (host,) = target.hosts
        self.assertEqual('10.0.0.1', host.address)
        self.assertEqual('stack', host.user)
        self.assertEqual('/k/key', host.key_file)

    def test_yaml_and_jump_host(self) -> None:
        self.path.write_text(
            'cloud_management: {driver: universal}\n'
            'node_discover:\n'
            '  driver: node_list\n'
            '  args:\n'
            '  - ip: h1\n'
            '    auth: {username: u, jump: {host: j, username: v}}\n'
            'services:\n'
            '  named:\n'
            '    driver: system_service\n'
            '    args: {service_name: named, grep: named -f,'
            ' port: [udp, 53, ingress]}\n'
            '    hosts: [h1]\n'
        )
        target = reading.read(str(self.path)).targets['named']
        self.assertEqual(0, target.port)
        jump = target.hosts[0].jump
        self.assertIsNotNone(jump)
        self.assertEqual(('j', 'v'), (jump.address, jump.user))

    def test_partition(self) -> None:
        peers = ['10.0.0.2', '2001:DB8:0::3', '10.0.0.2']
        read = self._read(cut(peers=peers, direction='in', port=5672))
        target = read.targets['cut']
        self.assertEqual(
            parts.Partition(
                peers=('10.0.0.2', '2001:db8::3'), direction='in', port=5672
            ),
            target.part,
        )
        self.assertEqual(['10.0.0.1'], [h.address for h in target.hosts])
        self.assertEqual(catalogue.Subject.PARTITION, target.subject)
        self.assertEqual('10.0.0.1 and 10.0.0.2, 2001:db8::3', str(target))
        target = self._read(cut(ports=[4568, 4567, 4568])).targets['cut']
        self.assertEqual(
            parts.Partition(
                peers=('10.0.0.2',), ports=(4567, 4568), port=4568
            ),
            target.part,
        )
        rabbit = read.targets['rabbitmq']
        self.assertEqual(catalogue.Subject.SERVICE, rabbit.subject)
        self.assertEqual('rabbitmq-server on 10.0.0.1', str(rabbit))

    def test_loss(self) -> None:
        peers = ['10.0.0.2', '2001:DB8:0::3']
        target = self._read(link(loss=20, peers=peers, port=5672)).targets[
            'link'
        ]
        self.assertEqual(
            links.Loss(
                peers=('10.0.0.2', '2001:db8::3'), percent=20, port=5672
            ),
            target.part,
        )
        self.assertEqual(catalogue.Subject.LOSS, target.subject)

    def test_delay(self) -> None:
        target = self._read(link(delay_ms=200, jitter_ms=100)).targets['link']
        self.assertEqual(
            links.Delay(peers=('10.0.0.2',), delay_ms=200, jitter_ms=100),
            target.part,
        )
        self.assertEqual(catalogue.Subject.DELAY, target.subject)
        self.assertEqual('200 ± 100 ms from 10.0.0.1 to 10.0.0.2', str(target))

    def test_clock(self) -> None:
        target = self._read(step(step_s=-10)).targets['clock']
        self.assertEqual(clocks.Clock(step_s=-10), target.part)
        self.assertEqual(catalogue.Subject.CLOCK, target.subject)

    def test_disk(self) -> None:
        target = self._read(fill(leave_mb=5)).targets['var']
        self.assertEqual(parts.Disk(path='/var/lib', leave_mb=5), target.part)
        self.assertEqual(catalogue.Subject.DISK, target.subject)
        self.assertEqual('/var/lib on 10.0.0.1', str(target))
        root = self._read(fill(path='/')).targets['var'].part
        self.assertEqual('/', root.path)

    def test_container(self) -> None:
        target = self._read(
            container(
                runtime='podman', unit='tripleo_nova_api', port=['tcp', 8774]
            )
        ).targets['nova-api']
        self.assertEqual(
            runtimes.Container(container='nova_api', runtime='podman'),
            target.part,
        )
        self.assertEqual(catalogue.Subject.SERVICE, target.subject)
        self.assertEqual(
            ('tripleo_nova_api', 8774, {'nova_api', 'tripleo_nova_api'}),
            (target.unit, target.port, target.runs_as),
        )
        self.assertEqual('the container nova_api on 10.0.0.1', str(target))

    def test_container_as_os_faults_knows_it(self) -> None:
        target = self._read(container()).targets['nova-api']
        self.assertEqual(('', 0), (target.unit, target.port))
        self.assertEqual(runtimes.Container(container='nova_api'), target.part)

    def test_power_waits_for_the_unit_of_a_container(self) -> None:
        for unit, wanted in (
            ('', ('rabbitmq-server',)),
            ('c.service', ('rabbitmq-server', 'c.service')),
        ):
            data = {
                **power(),
                'containers': container(unit=unit)['containers'],
            }
            part = self._read(data).targets['ctl1'].part
            assert isinstance(part, bmcs.Power)
            self.assertEqual(wanted, part.units)

    def test_each_mistake_is_refused_in_one_line(self) -> None:
        for data, key, reason in BAD:
            error = self.assertRaises(errors.UsageError, self._read, data)
            text = str(error)
            self.assertTrue(text.startswith(f'{self.path}: '), text)
            self.assertIn(key, text)
            self.assertIn(reason, text)
            self.assertNotIn('\n', text)

    def test_other_drivers_are_kept_but_unusable(self) -> None:
        data = changed(
            'services/app', {'driver': 'process', 'args': {'grep': 'a;b'}}
        )
        read = self._read(data)
        self.assertEqual(['rabbitmq'], list(read.targets))
        self.assertIn('process', read.unusable['app'])

    def test_other_power_does_no_harm(self) -> None:
        data = changed(
            'power_managements', [{'driver': 'libvirt', 'args': {'a': 1}}]
        )
        read = self._read(data)
        self.assertEqual(['rabbitmq'], list(read.targets))
        self.assertIn('power_managements has no BMC', read.unusable['ctl1'])

    def test_power(self) -> None:
        by_name = {'fqdn_to_bmc': {'ctl1': BMC}}
        by_other_case = {'mac_to_bmc': {MAC.upper(): BMC}}
        for data in (power(), power(by_name), power(by_other_case)):
            target = self._read(data).targets['ctl1']
            self.assertEqual(
                bmcs.Power(
                    file=str(self.path),
                    fqdn='ctl1',
                    bmc='10.1.0.1',
                    units=('rabbitmq-server',),
                ),
                target.part,
            )
            self.assertEqual(catalogue.Subject.NODE, target.subject)
            self.assertEqual('10.0.0.1 by its BMC 10.1.0.1', str(target))

    def test_redfish(self) -> None:
        long = 'geheim' * 9
        for address, url in (
            ('10.1.0.1', 'https://10.1.0.1'),
            ('bmc1:8443', 'https://bmc1:8443'),
            ('https://[2001:db8::1]:443/', 'https://[2001:db8::1]:443/'),
        ):
            read = self._read(redfish(address=address, password=long))
            target = read.targets['ctl1']
            self.assertEqual('redfish', target.part.driver)
            self.assertEqual('sushy, by Redfish', target.part.by)
            self.assertIn(f'by its BMC {address}', str(target))
            bmc = bmcs.credentials(target.part)
            self.assertEqual(
                (url, long, True), (bmc.url, bmc.password, bmc.verify)
            )
            self.assertNotIn('geheim', repr(bmc) + repr(read))
        # Never without a word that nobody vouches for it.
        read = self._read(redfish(address='http://bmc1', verify=False))
        self.assertIn('ctl1', read.targets)

    def test_secrets_are_read_when_they_are_needed(self) -> None:
        read = self._read(power())
        target = read.targets['ctl1']
        self.assertNotIn('geheim', repr(read) + str(msgspec.json.encode(read)))
        bmc = bmcs.credentials(target.part)
        self.assertEqual(('root', 'geheim'), (bmc.username, bmc.password))
        self.assertNotIn('geheim', repr(bmc))
        self._read(power(password='neu'))
        self.assertEqual('neu', bmcs.credentials(target.part).password)
        self._read(GOOD)
        error = self.assertRaises(
            errors.UsageError, bmcs.credentials, target.part
        )
        self.assertIn('the BMC of ctl1 no longer', str(error))

    def test_no_mistake_shows_a_password(self) -> None:
        for data in (
            power(usrname='x'),
            power(username='geheim' * 3),
            redfish(address='https://root:geheim@10.1.0.1'),
        ):
            error = self.assertRaises(errors.UsageError, self._read, data)
            self.assertNotIn('geheim', str(error))

    def test_switch(self) -> None:
        target = self._read(switch(says_up='Connected')).targets['ctl1-net']
        self.assertEqual(['10.0.0.99'], [h.address for h in target.hosts])
        self.assertEqual(catalogue.Subject.PORTS, target.subject)
        ports = target.part
        self.assertEqual(
            (
                ('switchport', 'down', 'all', 'ctl1-eth0'),
                ('switchport', 'down', 'all', 'Eth1/2:3'),
            ),
            ports.each(ports.down),
        )
        self.assertEqual('connected', ports.says_up)
        self.assertEqual(['10.0.0.1'], [h.address for h in ports.behind])
        self.assertEqual('ctl1-eth0, Eth1/2:3 of 10.0.0.99', str(target))

    def test_commands(self) -> None:
        target = self._read(command()).targets['alarm']
        self.assertEqual(
            commands.Commands(
                inject=('rabbitmqctl', 'set_limit', 'absolute', '1'),
                heal=('rabbitmqctl', 'set_limit', '0.4'),
                status=('rabbitmq-diagnostics', '-q', 'check_local_alarms'),
                says_broken='Memory alarm',
            ),
            target.part,
        )
        self.assertEqual(catalogue.Subject.COMMAND, target.subject)
        self.assertEqual('rabbitmqctl on 10.0.0.1', str(target))

    def test_status_of_all_ports_is_asked_once(self) -> None:
        data = switch(status=['switchport', 'show'])
        ports = self._read(data).targets['ctl1-net'].part
        self.assertEqual((('switchport', 'show'),), ports.each(ports.status))

    def test_jump_host_of_a_switch(self) -> None:
        auth = {'username': 'u', 'jump': {'host': 'j'}}
        target = self._read(switch(auth=auth)).targets['ctl1-net']
        self.assertEqual('j', target.hosts[0].jump.address)

    def test_no_file(self) -> None:
        error = self.assertRaises(
            errors.UsageError, reading.read, '/nonexistent/x'
        )
        self.assertIn('os_faults_config', str(error))

    def test_no_yaml(self) -> None:
        for text in ('a: [', '\x00', '- just\n- a list', 'word', ''):
            self.path.write_text(text)
            error = self.assertRaises(
                errors.UsageError, reading.read, str(self.path)
            )
            self.assertNotIn('\n', str(error))
