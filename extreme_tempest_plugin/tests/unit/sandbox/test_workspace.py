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
"""Files for the user of a sandbox."""

import collections
import configparser
import json
import pathlib
from unittest import mock

import fixtures
import msgspec
import os_faults
import testtools
import yaml
from os_faults.api import node_collection

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.faults import switches
from extreme_tempest_plugin.faults.drivers import ports
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.plan import ready
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox import workspace
from extreme_tempest_plugin.sandbox.guest import switchport
from extreme_tempest_plugin.sandbox.image import golden

SHAPE = topology.named('single')
GOLDEN = golden.Golden(
    'very-secret',
    golden.Seed('42', '84', 'img1', 'img2', 'pub', 'priv', 'router,quotas'),
)


def _by_chance(plan):
    """The faults that a plan may draw, each alone."""
    return [(one,) for one in plan.chaos.faults] if plan.chaos else []


class TestWorkspace(testtools.TestCase):
    def setUp(self):
        super().setUp()
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.layout = layout.Layout('dev', top / 'state', top / 'run')
        self.key = top / 'key'
        self.key.write_text('PRIVATE')
        self.made = self.write()

    def write(self, without=()):
        shape = services.select(SHAPE, without)
        return workspace.write(self.layout, shape, GOLDEN, self.key)

    def read(self, name):
        """Targets of a topology, as the fault layer reads them."""
        self.made = workspace.write(
            self.layout, topology.named(name), GOLDEN, self.key
        )
        return reading.read(str(self.made.os_faults_yaml)).targets

    def allowed(self):
        """All that the file offers may be broken."""
        path = str(self.made.os_faults_yaml)
        return settings.Destructive(
            allowed=True,
            targets=tuple(reading.read(path).targets),
            os_faults_config=path,
            call_timeout=60,
            state_dir=pathlib.Path('/nowhere'),
        )

    def tempest(self):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(self.made.tempest_conf)
        return parser

    def test_tempest_conf(self):
        conf = self.tempest()
        self.assertEqual('very-secret', conf['auth']['admin_password'])
        self.assertEqual('img1', conf['compute']['image_ref'])
        self.assertEqual('84', conf['compute']['flavor_ref_alt'])
        self.assertEqual('2', conf['compute']['min_compute_nodes'])
        self.assertEqual('pub', conf['network']['public_network_id'])
        self.assertEqual('true', conf['service_available']['nova'])

    def test_what_was_left_out_is_in_no_file(self):
        groups = {
            'cinder': 'volume',
            'swift': 'object-storage',
            'designate': 'dns',
        }
        conf = self.tempest()
        for name, group in groups.items():
            self.assertEqual('true', conf['service_available'][name])
            self.assertIn(group, conf)
            self.assertIn(f'/var/log/{name}', conf['stress']['log_files'])
            self.assertIn(f'{name}-', self.made.os_faults_yaml.read_text())
        self.made = self.write(groups)
        conf = self.tempest()
        for name, group in groups.items():
            self.assertEqual('false', conf['service_available'][name])
            self.assertNotIn(group, conf)
            self.assertNotIn(f'/var/log/{name}', conf['stress']['log_files'])
            self.assertNotIn(name, self.made.os_faults_yaml.read_text())

    def test_our_own_groups(self):
        conf = self.tempest()
        root = str(self.made.root)
        self.assertEqual(f'{root}/runs', conf['stress']['runs_dir'])
        self.assertEqual('stack', conf['stress']['ssh_user'])
        self.assertEqual(
            '10.88.0.11,10.88.0.21,10.88.0.22', conf['stress']['log_hosts']
        )
        self.assertIn('/var/log/nova/*.log', conf['stress']['log_files'])
        self.assertEqual('true', conf['destructive']['allowed'])
        targets = conf['destructive']['targets'].split(',')
        read = reading.read(str(self.made.os_faults_yaml))
        self.assertEqual(sorted(read.targets), sorted(targets))
        self.assertEqual(
            str(self.made.os_faults_yaml),
            conf['destructive']['os_faults_config'],
        )

    def test_clouds_yaml(self):
        clouds = yaml.safe_load(self.made.clouds_yaml.read_text())
        auth = clouds['clouds']['dev']['auth']
        self.assertEqual('http://10.88.0.11:5000/v3', auth['auth_url'])
        self.assertEqual('very-secret', auth['password'])

    def test_os_faults(self):
        config = yaml.safe_load(self.made.os_faults_yaml.read_text())
        nodes = config['node_discover']['args']
        self.assertEqual(['ctl1', 'cmp1', 'cmp2'], [n['fqdn'] for n in nodes])
        self.assertEqual(
            {'username': 'stack', 'private_key_file': str(self.made.ssh_key)},
            nodes[0]['auth'],
        )
        rabbit = config['services']['rabbitmq']
        self.assertEqual('rabbitmq-server', rabbit['args']['service_name'])
        self.assertEqual(['tcp', 5672], rabbit['args']['port'])
        self.assertEqual(['10.88.0.11'], rabbit['hosts'])
        compute = config['services']['nova-compute']
        self.assertEqual(['10.88.0.21', '10.88.0.22'], compute['hosts'])
        self.assertNotIn('port', compute['args'])
        self.assertIn('mysql', config['services'])

    def test_power_of_every_node(self):
        config = yaml.safe_load(self.made.os_faults_yaml.read_text())
        (power,) = config['power_managements']
        self.assertEqual('ipmi', power['driver'])
        bmcs = power['args']['mac_to_bmc']
        nodes = config['node_discover']['args']
        self.assertEqual({n['mac'] for n in nodes}, set(bmcs))
        self.assertEqual(
            {
                'address': '10.88.0.122',
                'username': 'admin',
                'password': 'very-secret',
            },
            bmcs[nodes[2]['mac']],
        )

    def test_our_own_reader_takes_what_we_write(self):
        for name in ('single', 'ha'):
            self.made = workspace.write(
                self.layout, topology.named(name), GOLDEN, self.key
            )
            read = reading.read(str(self.made.os_faults_yaml))
            self.assertEqual({}, read.unusable)
            allowed = self.tempest()['destructive']['targets'].split(',')
            self.assertEqual(set(), {*allowed} - {*read.targets})
            kinds = {read.targets[one].subject for one in allowed}
            none = {'delay', 'clock'}
            self.assertEqual({*catalogue.Subject} - none, kinds)

    def test_power_of_a_host_knows_its_services(self):
        read = self.read('single')
        power = read['cmp2'].part
        self.assertEqual('10.88.0.122', power.bmc)
        for unit in ('nova-compute', 'ovn-controller', 'ovs-vswitchd'):
            self.assertIn(unit, power.units)
        self.assertIn('rabbitmq-server', read['ctl1'].part.units)
        secret = bmcs.credentials(power)
        self.assertEqual('very-secret', secret.password)

    def test_partitions(self):
        read = self.read('single')
        cut = read['cmp2-no-controllers-in']
        self.assertEqual('10.88.0.22', cut.hosts[0].address)
        self.assertEqual(('10.88.0.11',), cut.part.peers)
        self.assertEqual('in', cut.part.direction)
        cut = read['ctl1-no-computes'].part
        self.assertEqual(('10.88.0.21', '10.88.0.22'), cut.peers)
        self.assertEqual('both', cut.direction)
        self.assertNotIn('ctl1-no-controllers', read)
        alone = self.read('ha')['ctl2-no-controllers'].part
        self.assertEqual(('10.88.0.11', '10.88.0.13'), alone.peers)
        self.assertEqual((), alone.ports)
        self.assertNotIn('ctl1-no-galera', read)
        galera = self.read('ha')['ctl2-no-galera'].part
        self.assertEqual(alone.peers, galera.peers)
        self.assertEqual((4444, 4567, 4568), galera.ports)
        self.assertEqual(4567, galera.port)
        rabbitmq = self.read('ha')['ctl3-no-rabbitmq'].part
        self.assertEqual(25672, rabbitmq.port)

    def test_alarms(self):
        name = 'rabbitmq-memory-alarm'
        read = self.read('single')
        self.assertEqual(('10.88.0.11',), read[name].addresses)
        self.assertNotIn(f'{name}-ctl1', read)
        read = self.read('ha')
        self.assertEqual(3, len(read[name].addresses))
        self.assertEqual(('10.88.0.12',), read[f'{name}-ctl2'].addresses)
        self.assertEqual((), losses.hit(read[name]))
        # What is given back is what was there.
        kept = templates.DATA / 'templates' / 'rabbitmq.conf.j2'
        self.assertIn(
            f'vm_memory_high_watermark.absolute = {read[name].part.heal[-1]}',
            kept.read_text(),
        )

    def test_links(self):
        read = self.read('single')
        for name, host, peers in (
            ('ctl1-lossy', '10.88.0.11', ('10.88.0.21', '10.88.0.22')),
            ('cmp1-lossy', '10.88.0.21', ('10.88.0.11',)),
        ):
            self.assertEqual(host, read[name].hosts[0].address)
            wanted = links.Loss(peers=peers, percent=20)
            self.assertEqual(wanted, read[name].part)
        part = self.read('ha')['cmp1-lossy'].part
        self.assertEqual(
            ('10.88.0.11', '10.88.0.12', '10.88.0.13'), part.peers
        )

    def test_clusters(self):
        self.read('ha')
        path = str(self.made.os_faults_yaml)
        found = {one.name: one for one in reading.read(path).clusters}
        self.assertEqual({'galera', 'rabbitmq', 'ovn'}, {*found})
        for one in found.values():
            self.assertEqual(
                ('10.88.0.11', '10.88.0.12', '10.88.0.13'), one.members
            )
        self.assertEqual(('mariadb',), found['galera'].units)
        self.assertEqual(('rabbitmq-server',), found['rabbitmq'].units)
        # Of OVN, its databases.
        self.assertEqual(
            ('ovn-ovsdb-server-nb', 'ovn-ovsdb-server-sb'), found['ovn'].units
        )
        wanted = self.allowed()
        for name in ('ovn-ovsdb-server-nb', 'ovn-ovsdb-server-sb'):
            kill = model.Fault(fault='service.kill', target=name)
            error = self.assertRaises(
                errors.RefusedError, guard.permitted, (kill,), wanted
            )
            self.assertIn('members of the cluster ovn', str(error))
            one = msgspec.structs.replace(kill, host='ctl2')
            guard.permitted((one,), wanted)
        self.read('single')
        self.assertEqual((), reading.read(path).clusters)

    def test_ready_plans_may_break_it(self):
        scenario = pathlib.Path(__file__).parents[2] / 'scenario/destructive'
        plans = [*ready.every().values(), *scenario.glob('*.yaml')]
        loaded = [loader.load(path) for path in plans]
        broken = [
            (plan.bounds, faults)
            for plan in loaded
            for faults in (plan.faults, *_by_chance(plan))
            if faults
        ]
        permitted = collections.Counter()
        for name in ('single', 'ha'):
            targets = {*self.read(name)}
            wanted = self.allowed()
            for bounds, faults in broken:
                named = {one.target for one in faults}
                named |= {one.host for one in faults if one.host}
                if name == 'ha' or named <= targets:
                    guard.permitted(faults, wanted, bounds)
                    permitted[name] += 1
        self.assertGreater(permitted['ha'], permitted['single'])
        self.assertGreaterEqual(permitted['single'], 20)

    def test_ports_of_the_switch(self):
        read = self.read('ha')
        whole = read['all-ports'].part
        self.assertEqual(3 + 2 * 3, len(whole.names))
        self.assertEqual(5, len(whole.behind))
        cmp1 = read['cmp1-ports']
        self.assertEqual('10.88.0.2', cmp1.hosts[0].address)
        self.assertEqual(
            ('cmp1-eth0', 'cmp1-eth1', 'cmp1-eth2'), cmp1.part.names
        )
        self.assertEqual('10.88.0.21', cmp1.part.behind[0].address)
        tunnel = read['cmp1-tunnel'].part
        self.assertEqual(('cmp1-eth1',), tunnel.names)
        self.assertEqual((), tunnel.behind)

    def test_ports_are_those_of_the_switch(self):
        # What its command shows and understands, by the names of the cables.
        links = [
            {
                'ifname': f'{host.name}-eth{number}',
                'master': {v: k for k, v in switchport._NETWORKS.items()}[
                    network
                ],
                'flags': ['UP', 'LOWER_UP'],
            }
            for host in topology.named('single').nodes
            for number, network in enumerate(host.networks)
        ]
        known = switchport.parse(json.dumps(links))
        for target in self.read('single').values():
            if not isinstance(target.part, switches.Ports):
                continue
            for command in target.part.each(target.part.down):
                program, order, *words = command
                self.assertEqual('/usr/local/bin/switchport', program)
                self.assertEqual('down', order)
                (port,) = switchport.chosen(known, *words)
                self.assertIn(port.name, target.part.names)
            (show,) = target.part.each(target.part.status)
            self.assertEqual(('/usr/local/bin/switchport', 'show'), show)
            text = ''.join(
                f'Said1={line}\n'
                for line in switchport.table(known).splitlines()
            )
            self.assertEqual(
                {'up'}, {state for _, state in ports.parse(text, target).ports}
            )

    def test_os_faults_takes_what_we_write(self):
        config = yaml.safe_load(self.made.os_faults_yaml.read_text())
        with mock.patch('os_faults.ansible.executor.AnsibleRunner'):
            cloud = os_faults.connect(config)
        (driver,) = cloud.power_manager.power_drivers
        for node in config['node_discover']['args']:
            host = node_collection.Host(
                ip=node['ip'], mac=node['mac'], fqdn=node['fqdn']
            )
            self.assertTrue(driver.supports(host))

    def test_secrets_are_private(self):
        for path in (
            self.made.ssh_key,
            self.made.tempest_conf,
            self.made.clouds_yaml,
        ):
            self.assertEqual(0o600, path.stat().st_mode & 0o777)
        self.assertEqual('PRIVATE', self.made.ssh_key.read_text())

    def test_results_survive_the_next_up(self):
        result = self.made.root / 'runs' / 'verdict.json'
        result.write_text('{}')
        self.write()
        self.assertTrue(result.exists())

    def test_stestr_conf_discovers_what_tempest_discovers(self):
        conf = configparser.RawConfigParser()
        conf.read(self.made.root / '.stestr.conf')
        discover = pathlib.Path(conf['DEFAULT']['test_path'])
        self.assertTrue((discover / 'plugins.py').is_file())

    def test_environment_of_a_command(self):
        variables = self.made.variables('dev')
        self.assertEqual('dev', variables['OS_CLOUD'])
        self.assertEqual(
            self.made.tempest_conf,
            pathlib.Path(variables['TEMPEST_CONFIG_DIR'])
            / variables['TEMPEST_CONFIG'],
        )
