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
"""The table of services and what is made of it."""

import configparser
import hashlib
import re

import fixtures
import jinja2
import testtools
import yaml

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.services import cinder
from extreme_tempest_plugin.sandbox.services import model
from extreme_tempest_plugin.sandbox.services import nova
from extreme_tempest_plugin.sandbox.topology import Role

SHAPE = topology.named('single')
PASSWORD = 'very-secret'
#: Files that have no sections.
OWN_FORMATS = ('rabbitmq', 'memcached', 'named.conf')


def files(host):
    site = templates.Site(SHAPE, host, PASSWORD)
    return {file.path: file for file in templates.host_files(site)}


def parsed(file):
    parser = configparser.ConfigParser(
        interpolation=None, strict=False, allow_no_value=True
    )
    parser.read_string(file.text)
    return parser


class TestTable(testtools.TestCase):
    def test_units_have_one_place(self):
        for role in Role:
            names = services.unit_names(SHAPE, role)
            self.assertEqual(sorted(set(names)), sorted(names))

    def test_an_endpoint_has_a_unit_that_listens(self):
        for service in services.SERVICES:
            if service.endpoint:
                ports = {unit.port for unit in service.units}
                self.assertIn(service.endpoint.port, ports)

    def test_patterns_are_absolute_paths_without_shell_characters(self):
        # os-faults hands the pattern to a shell, as root.
        for service in services.SERVICES:
            for unit in service.with_processes:
                self.assertTrue(re.match(r'/[\w./@:+-]+\Z', unit.pattern))

    def test_daemons_report_to_a_service_that_lists_them(self):
        listing = {s.name for s in services.SERVICES if s.agents}
        for service in services.SERVICES:
            for unit in service.units:
                if unit.reports_to:
                    self.assertIn(unit.reports_to, listing)

    def test_every_template_is_used(self):
        used = {
            config.template
            for service in services.SERVICES
            for config in service.configs
        } | {'hosts.j2', 'macros.j2', 'openrc.j2', 'tempest.conf.j2'}
        used.add('swift-macros.j2')
        used |= {'uwsgi.ini.j2', 'unit.service.j2'}
        there = {
            item.name for item in (templates.DATA / 'templates').iterdir()
        }
        self.assertEqual(there, used)


class TestSelection(testtools.TestCase):
    def setUp(self):
        super().setUp()
        table = (
            model.Service('needed', Role.CONTROLLER),
            model.Service('extra', Role.CONTROLLER, optional=True),
            model.Service('quorum', Role.CONTROLLER, clustered_only=True),
            model.Service('helper', Role.CONTROLLER, part_of='extra'),
        )
        self.useFixture(fixtures.MockPatchObject(services, 'SERVICES', table))

    def names(self, shape):
        return [service.name for service in services.of(shape)]

    def test_nothing_is_left_out_unasked(self):
        self.assertEqual(['needed', 'extra', 'helper'], self.names(SHAPE))

    def test_an_optional_service_is_left_out_with_its_parts(self):
        chosen = services.select(SHAPE, ['extra', 'extra'])
        self.assertEqual(['needed'], self.names(chosen))
        self.assertEqual('single without extra', chosen.label)

    def test_a_cluster_has_more_services(self):
        hosts = [
            topology.Host(f'ctl{n}', Role.CONTROLLER, f'10.0.0.{n}')
            for n in (1, 2, 3)
        ]
        shape = topology.Topology('ha', tuple(hosts), '10.0.0.9', 1)
        self.assertEqual(
            ['needed', 'extra', 'quorum', 'helper'], self.names(shape)
        )

    def test_what_cannot_be_left_out_is_refused_with_the_reason(self):
        for name, reason in (
            ('needed', 'others need it'),
            ('galactica', 'there is no such service'),
        ):
            error = self.assertRaises(
                errors.UsageError, services.select, SHAPE, [name]
            )
            self.assertIn(f'{name!r} cannot be left out: {reason}', str(error))
            self.assertIn('can be left out: extra', str(error))


class TestRendering(testtools.TestCase):
    def test_what_a_template_is_not_given_is_an_error(self):
        unit = nova.NOVA_COMPUTE.units[0]
        error = self.assertRaises(
            jinja2.UndefinedError,
            templates.render,
            'unit.service.j2',
            unit=unit,
        )
        self.assertIn('is undefined', str(error))

    def test_hosts(self):
        hosts = files(SHAPE.hosts[0])['/etc/hosts'].text
        self.assertIn('10.88.0.22 cmp2\n', hosts)

    def test_configuration_files_can_be_read(self):
        for host in SHAPE.hosts:
            for path, file in files(host).items():
                if path.endswith(('.conf', '.ini', '.service')):
                    if any(name in path for name in OWN_FORMATS):
                        continue
                    read = parsed(file)
                    self.assertTrue(read.sections() or read.defaults(), path)

    def test_no_line_is_left_open(self):
        for host in SHAPE.hosts:
            for file in files(host).values():
                self.assertNotIn('{{', file.text)
                self.assertNotIn('{%', file.text)
                self.assertTrue(file.text.endswith('\n'), file.path)

    def test_a_compute_has_no_database(self):
        (compute, *_) = SHAPE.computes
        for file in files(compute).values():
            self.assertNotIn('mysql', file.text)

    def test_controller(self):
        nova = parsed(files(SHAPE.controllers[0])['/etc/nova/nova.conf'])
        self.assertEqual(
            f'rabbit://openstack:{PASSWORD}@10.88.0.11:5672/',
            nova['DEFAULT']['transport_url'],
        )
        self.assertEqual(
            f'mysql+pymysql://openstack:{PASSWORD}@10.88.0.11/nova_api'
            '?charset=utf8mb4',
            nova['api_database']['connection'],
        )
        self.assertEqual('true', nova['DEFAULT']['use_stderr'])
        self.assertEqual('oslo_cache.memcache_pool', nova['cache']['backend'])

    def test_no_process_gives_the_only_cache_up(self):
        # For a minute it could not tell the others what it had changed.
        controller = files(SHAPE.controllers[0])
        for path in ('/etc/keystone/keystone.conf', '/etc/nova/nova.conf'):
            cache = parsed(controller[path])['cache']
            self.assertEqual('0', cache['memcache_dead_retry'], path)

    def test_the_share_of_cinder_is_where_its_driver_looks(self):
        controller = files(SHAPE.controllers[0])
        share = controller['/etc/cinder/nfs_shares'].text.strip()
        self.assertEqual(cinder.SHARE, share)
        conf = parsed(controller['/etc/cinder/cinder.conf'])
        # As os-brick makes it of the share.
        name = hashlib.md5(share.encode(), usedforsecurity=False).hexdigest()
        mount = f'{conf["nfs"]["nfs_mount_point_base"]}/{name}'
        self.assertIn(mount, cinder.CINDER.shared)
        self.assertEqual(cinder.VOLUME_HOST, conf['nfs']['backend_host'])
        locks = conf['coordination']['backend_url'].removeprefix('file://')
        self.assertIn(locks, cinder.CINDER.shared)

    def test_every_controller_has_a_copy_of_each_object(self):
        third = topology.Host('ctl3', Role.CONTROLLER, '10.88.0.13')
        shape = topology.Topology(
            'x', (*SHAPE.controllers, third), '10.88.0.10', 1
        )
        site = templates.Site(shape, third, 'p')
        rings = templates.render('swift-rings.j2', site=site)
        self.assertIn('create 2 2 1\n', rings)
        self.assertIn('--zone 2 \\\n    --ip 10.88.0.13 ', rings)
        names = {unit.name for s in services.of(shape) for unit in s.units}
        self.assertIn('swift-object-replicator', names)

    def test_every_part_of_the_pipeline_is_defined(self):
        text = files(SHAPE.controllers[0])['/etc/swift/proxy-server.conf']
        conf = parsed(text)
        *filters, app = conf['pipeline:main']['pipeline'].split()
        self.assertIn(f'app:{app}', conf)
        for name in filters:
            self.assertIn(f'filter:{name}', conf)

    def test_names_are_asked_for_where_they_are_answered(self):
        controller = files(SHAPE.controllers[0])
        (pool,) = yaml.safe_load(controller['/etc/designate/pools.yaml'].text)
        (target,) = pool['targets']
        mdns = '{host} port {port};'.format(**target['masters'][0])
        named = controller['/etc/bind/named.conf'].text
        self.assertIn(mdns, named)
        catalog = pool['catalog_zone']['catalog_zone_fqdn'].rstrip('.')
        self.assertEqual(2, named.count(f'zone "{catalog}"'))
        conf = parsed(controller['/etc/designate/designate.conf'])
        self.assertEqual(
            conf['service:mdns']['listen'],
            '{host}:{port}'.format(**target['masters'][0]),
        )

    def test_a_pool_survives_the_loss_of_a_name_server(self):
        second = topology.Host('ctl2', Role.CONTROLLER, '10.88.0.12')
        shape = topology.Topology(
            'x', (*SHAPE.controllers, second), '10.88.0.10', 1
        )
        site = templates.Site(shape, second, 'p')
        text = templates.render('pools.yaml.j2', site=site)
        (pool,) = yaml.safe_load(text)
        hosts = ['10.88.0.11', '10.88.0.12']
        self.assertEqual(hosts, [n['host'] for n in pool['nameservers']])
        for target in pool['targets']:
            self.assertEqual(hosts, [m['host'] for m in target['masters']])
        conf = templates.render('designate.conf.j2', site=site)
        self.assertIn('threshold_percentage = 50\n', conf)

    def test_units_of_apis_wait_for_their_application(self):
        controller = files(SHAPE.controllers[0])
        unit = controller['/etc/systemd/system/nova-api.service'].text
        self.assertIn('Type=notify\n', unit)
        self.assertIn('Restart=always\n', unit)
        self.assertIn('/etc/uwsgi/nova-api.ini', unit)
        scheduler = controller['/etc/systemd/system/nova-scheduler.service']
        self.assertIn('Type=simple\n', scheduler.text)

    def test_no_two_apis_share_a_queue_for_replies(self):
        controller = files(SHAPE.controllers[0])
        for name in ('nova-api', 'neutron-api', 'cinder-api'):
            unit = controller[f'/etc/systemd/system/{name}.service'].text
            self.assertIn(
                f'Environment=OS_OSLO_MESSAGING_RABBIT__PROCESSNAME={name}\n',
                unit,
            )

    def test_passwords_are_where_only_root_reads(self):
        openrc = files(SHAPE.controllers[0])['/root/openrc']
        self.assertIn(PASSWORD, openrc.text)
        self.assertEqual(0o600, openrc.mode)


class TestCluster(testtools.TestCase):
    shape = topology.named('ha')

    def files(self, number):
        host = self.shape.controllers[number]
        site = templates.Site(self.shape, host, PASSWORD)
        return {f.path: f.text for f in templates.host_files(site)}

    def test_clients_know_all_nodes(self):
        site = templates.Site(self.shape, self.shape.hosts[1], 'p')
        self.assertEqual(
            'rabbit://openstack:p@10.88.0.11:5672,'
            'openstack:p@10.88.0.12:5672,openstack:p@10.88.0.13:5672/',
            site.transport_url,
        )
        self.assertEqual(
            '10.88.0.11:11211,10.88.0.12:11211,10.88.0.13:11211',
            site.memcached_servers,
        )
        self.assertEqual('http://10.88.0.10:5000/v3', site.keystone_url)
        self.assertIn('@10.88.0.10/nova?', site.database_url('nova'))

    def test_services_listen_on_their_host_and_haproxy_for_all(self):
        files = self.files(1)
        self.assertIn('10.88.0.12:5000', files['/etc/uwsgi/keystone.ini'])
        haproxy = files['/etc/haproxy/haproxy.cfg']
        for unit in services.apis(self.shape):
            self.assertIn(f'bind 10.88.0.10:{unit.port}\n', haproxy)
            for host in self.shape.controllers:
                self.assertIn(f'{host.address}:{unit.port} check', haproxy)

    def test_one_database_is_written(self):
        haproxy = self.files(0)['/etc/haproxy/haproxy.cfg']
        servers = [
            line for line in haproxy.splitlines() if ':3306 check' in line
        ]
        self.assertEqual(
            [False, True, True], [line.endswith('backup') for line in servers]
        )

    def test_each_api_has_one_process(self):
        self.assertIn(
            'processes = 1\n', self.files(0)['/etc/uwsgi/keystone.ini']
        )

    def test_the_first_begins_and_the_others_join(self):
        first, second = (
            self.files(number)['/etc/default/ovn-central'] for number in (0, 1)
        )
        self.assertNotIn('remote-addr', first)
        self.assertIn('--db-sb-cluster-remote-addr=10.88.0.11', second)
        self.assertIn('--db-sb-cluster-local-addr=10.88.0.12', second)

    def test_members_of_the_clusters(self):
        files = self.files(2)
        self.assertIn(
            'gcomm://10.88.0.11,10.88.0.12,10.88.0.13\n',
            files['/etc/mysql/mariadb.conf.d/99-sandbox.cnf'],
        )
        self.assertIn(
            'classic_config.nodes.3 = rabbit@ctl3\n',
            files['/etc/rabbitmq/rabbitmq.conf'],
        )

    def test_no_option_is_set_twice(self):
        without_sections = (*OWN_FORMATS, 'keepalived', 'rsyncd')
        for path, text in self.files(0).items():
            if path.endswith(('.cnf', '.conf', '.ini')) and not any(
                name in path for name in without_sections
            ):
                strict = configparser.ConfigParser(
                    interpolation=None, allow_no_value=True
                )
                strict.read_string(text, path)
                self.assertTrue(strict.sections() or strict.defaults(), path)

    def test_others_wait_for_keystone(self):
        files = self.files(0)
        path = '/etc/systemd/system/{}.service'
        wait = 'http://10.88.0.10:5000/v3\n'
        self.assertIn(wait, files[path.format('nova-conductor')])
        self.assertNotIn('ExecStartPre', files[path.format('keystone')])

    def test_priorities_for_the_address_differ(self):
        found = {
            re.search(
                r'priority (\d+)',
                self.files(number)['/etc/keepalived/keepalived.conf'],
            ).group(1)
            for number in range(3)
        }
        self.assertEqual({'100', '99', '98'}, found)

    def test_a_single_controller_has_none_of_it(self):
        host = SHAPE.controllers[0]
        for path, file in files(host).items():
            for word in ('wsrep', 'cluster', 'haproxy.cfg', 'keepalived'):
                self.assertNotIn(word, file.text, path)
