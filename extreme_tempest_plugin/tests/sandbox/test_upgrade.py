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
"""What an operator does with ``uptime`` while a cloud is upgraded.

Every service of the sandbox is restarted in turn, under watch and marked, as
in doc/source/user/uptime.rst: with one controller each API is away while
its own mark says so, and all that was there before is there after.

Needs a sandbox that is up, see ``test_services``.
"""

import subprocess
import time

from extreme_tempest_plugin.sandbox import api
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox.topology import Role
from extreme_tempest_plugin.tests.sandbox import commands
from extreme_tempest_plugin.tests.sandbox import test_services

#: What is restarted, in the order in which OpenStack is upgraded, and where
#: it answers.
STEPS = {
    'keystone': (5000, '/v3'),
    'glance': (test_services.GLANCE, '/v2/images?limit=1'),
    'placement': (8778, '/'),
    'nova': (test_services.NOVA, '/v2.1/servers?limit=1'),
    'neutron': (test_services.NEUTRON, '/v2.0/networks?limit=1'),
    'cinder': (test_services.CINDER, '/v3/volumes?limit=1'),
    'swift': (test_services.SWIFT, '/info'),
    'designate': (test_services.DESIGNATE, '/v2/zones?limit=1'),
    'nova-compute': (test_services.NOVA, '/v2.1/servers?limit=1'),
}

APIS = [step for step in STEPS if step != 'nova-compute']

GUESTS = 'guest-answers'

HOSTS = {Role.CONTROLLER: ('ctl1',), Role.COMPUTE: ('cmp1', 'cmp2')}

#: Seconds that an API may be away while it is restarted.
LONGEST = 60

#: Seconds that an API answers without a break until it is up: while one
#: worker answers another may still load. An outage ends before the next mark.
PAUSE = 2


class UpgradeTest(test_services.GuestTest, commands.SandboxTest):
    def test_what_was_there_is_there_and_each_outage_is_explained(self):
        self.make_what_must_stay()
        watch = self.watch()
        for step in STEPS:
            self.mark(f'upgrading {step}')
            self.restart(step)
        self.mark('--end')
        (self.directory / 'stop').touch()
        self.assertEqual(0, watch.wait(120))
        self.see_what_must_stay()
        run, verdict = self.verdict()
        told = self.call('tempest', 'extreme', 'check', str(run)).stdout
        self.assertEqual('pass', verdict['verdict'], told)
        for name in APIS:
            outages = verdict['uptime'][name]['outages']
            # One that starts may answer, and once more not.
            self.assertNotEqual([], outages, told)
            for one in outages:
                self.assertEqual([f'upgrading {name}'], one['marks'], told)
        for name in self.others:
            self.assertEqual([], verdict['uptime'][name]['outages'], told)

    def make_what_must_stay(self):
        self.allow('tcp', port_range_min=22, port_range_max=22)
        server = self.guest()
        self.address = self.float(server)
        self.greets = f'SSH-2.0-sandbox {server["id"]}\r\n'
        self.wait('ssh', self.greeting, self.greets, seconds=30)
        made = self.cloud.request(
            'POST',
            test_services.CINDER,
            '/v3/volumes',
            {'volume': {'size': 1, 'imageRef': server['image']['id']}},
        )
        self.volume = f'/v3/volumes/{made.field("volume", "id")}'
        self.addCleanup(self.gone, 'volume', test_services.CINDER, self.volume)
        self.wait('volume', self.volume_status, 'available')
        self.content = self.content_of_volume()
        container = f'/v1/AUTH_{self.cloud.project_id}/upgrade'
        self.object = f'{container}/thing'
        for path, body in ((container, None), (self.object, {'is': 'kept'})):
            self.cloud.request('PUT', test_services.SWIFT, path, body)
            self.addCleanup(self.gone, path, test_services.SWIFT, path)
        self.make_zone()
        self.others = [
            f'tcp:{self.address}:22',
            f'dns:www.upgrade.test@{self.cloud.address}',
        ]

    def make_zone(self):
        zone = {'name': 'upgrade.test.', 'email': 'root@upgrade.test'}
        made = self.cloud.request(
            'POST', test_services.DESIGNATE, '/v2/zones', zone
        )
        path = f'/v2/zones/{made.field("id")}'
        self.addCleanup(self.gone, 'zone', test_services.DESIGNATE, path)
        record = {
            'name': 'www.upgrade.test.',
            'type': 'A',
            'records': ['192.0.2.8'],
        }
        self.cloud.request(
            'POST', test_services.DESIGNATE, f'{path}/recordsets', record
        )
        self.wait('record', self.resolved, {'192.0.2.8'})

    def see_what_must_stay(self):
        self.assertEqual(self.greets, self.greeting())
        self.assertEqual('available', self.volume_status())
        self.assertEqual(self.content, self.content_of_volume())
        kept = self.cloud.get(test_services.SWIFT, self.object)
        self.assertEqual({'is': 'kept'}, kept.body)
        self.assertEqual({'192.0.2.8'}, self.resolved())

    def greeting(self):
        return test_services.greeting(self.address, 22)

    def resolved(self):
        return test_services.resolve(self.cloud.address, 'www.upgrade.test.')

    def volume_status(self):
        found = self.cloud.get(test_services.CINDER, self.volume)
        return found.field('volume', 'status')

    def content_of_volume(self):
        """A checksum; no API shows the content of a volume."""
        name = f'volume-{self.volume.rpartition("/")[2]}'
        return self.root(
            'ctl1',
            f'find /var/lib/cinder -name {name} -exec sha256sum {{}} +',
        ).split()[0]

    def root(self, host, script):
        done = subprocess.run(
            [*test_services.on_host(host), f"sh -ec '{script}'"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(0, done.returncode, f'{script}: {done.stderr}')
        return done.stdout

    def watch(self):
        """The watch, once it has begun."""
        watch = self.begin(
            *('tempest', 'extreme', 'uptime', '-d', '--interval', '0.5'),
            *('--sentinel', str(self.directory / 'stop')),
            *('--longest-outage', str(LONGEST)),
            *('-s', ','.join([*APIS, *self.others])),
        )
        self.wait_for_event('uptime-designate', '"type":"sample"', 90)
        return watch

    def mark(self, text):
        done = self.call('tempest', 'extreme', 'mark', text)
        self.assertEqual(0, done.returncode, done.stdout)

    def restart(self, step):
        (service,) = (one for one in services.SERVICES if one.name == step)
        # What answers inside the guests is theirs.
        names = ' '.join(
            unit.name for unit in service.units if unit.name != GUESTS
        )
        for host in HOSTS[service.role]:
            self.root(host, f'systemctl restart {names}')
        self.wait(step, self.steady(step), True)

    def steady(self, step):
        """To be asked whether it has answered for long enough by now."""
        since = time.monotonic()

        def steady():
            nonlocal since
            began = time.monotonic()
            if not self.answers(*STEPS[step]):
                since = time.monotonic()
            return began - since >= PAUSE

        return steady

    def answers(self, port, path):
        try:
            self.cloud.get(port, path)
        except api.ApiError:
            return False
        return True
