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

import json
import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.uptime import canary

RUN = '6a3c1c0e-5f0f-4a53-8f0e-3b7f2ad6d0f1'
NAME = 'xt-uptime-6a3c1c0e-canary-1'

#: Key of a body to the kind in a list.
KEYS = {
    'server': 'servers',
    'volume': 'volumes',
    'port': 'ports',
    'floatingip': 'floatingips',
    'security_group': 'security_groups',
}


class Service(ports.Service):
    """Any of them, over what is in memory."""

    def __init__(self, name, cloud):
        self._name = name
        self._cloud = cloud

    def send(self, method, path, body=None, *, version='', headers=None):
        cloud = self._cloud
        path = path.partition('?')[0].removeprefix('v2.0/')
        cloud.sent.append(f'{method} {path}')
        if (wrong := cloud.wrong.get(f'{method} {path}')) is not None:
            raise wrong
        parts = path.split('/')
        match method, parts:
            case 'POST', ['servers', _, 'os-volume_attachments']:
                volume = body['volumeAttachment']['volumeId']
                cloud.there['volumes'][volume]['status'] = 'in-use'
                return self._say({})
            case 'POST', ['security-group-rules']:
                return self._say({})
            case 'POST', [_]:
                ((key, asked),) = body.items()
                return self._say({key: self._make(key, asked)})
            case 'GET', [_, 'detail'] | [_]:
                kind = parts[0].replace('-', '_')
                rows = list(cloud.there[kind].values())
                return self._say({kind: rows})
            case 'GET', [kind, id_]:
                return self._say({kind.removesuffix('s'): self._of(kind, id_)})
            case 'DELETE', [kind, id_]:
                self._of(kind, id_)
                if kind not in cloud.stays:
                    del cloud.there[kind.replace('-', '_')][id_]
                return self._say({})
        raise AssertionError(f'{method} {path}')

    def _make(self, key, asked):
        kind = KEYS[key]
        id_ = f'{key}-id'
        made = {'id': id_, 'status': self._cloud.states.get(key), **asked}
        if key == 'floatingip':
            made['floating_ip_address'] = '203.0.113.9'
        self._cloud.there[kind][id_] = made
        return made

    def _of(self, kind, id_):
        found = self._cloud.there[kind.replace('-', '_')].get(id_)
        if found is None:
            raise fakes.refusal(404)
        return found

    def _say(self, body):
        return ports.Answer(status=200, body=json.dumps(body).encode())


class Cloud:
    project = 'project-1'
    user = 'user-1'
    boot = ports.Boot(
        image='image-1',
        flavor='flavor-1',
        public_network='public',
    )

    def __init__(self):
        self.there = {kind: {} for kind in KEYS.values()}
        self.states = {'server': 'ACTIVE', 'volume': 'available'}
        self.sent = []
        self.wrong = {}
        self.stays = set()
        self.tried = []
        self.answer = ''

    def service(self, name):
        return Service(name, self)

    def attempt(self, address):
        self.tried.append(address)
        if isinstance(self.answer, Exception):
            raise self.answer
        return ports.Attempt(at=f'{address}:22', error=self.answer)


class TestCanary(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = Cloud()
        self.clock = fakes.Clock()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'l')
        self.ended = False
        self.remarks = []

    def sing(self, **changes):
        return self.make(**changes)()

    def make(self, **changes):
        one = canary.Canary(
            self.cloud,
            self.path,
            RUN,
            **{'network': 'network-1', 'volume': True, 'port': 22, **changes},
            over=lambda: self.ended,
            remark=self.remarks.append,
            clock=self.clock.seconds,
            sleep=self.clock.sleep,
        )
        self.addCleanup(one.close)
        return one

    def assertNothingLeft(self):
        self.assertEqual({}, {k: v for k, v in self.cloud.there.items() if v})
        self.assertEqual((), ledger.read((self.path,)))

    def test_it_sings(self):
        self.assertEqual('', self.sing())
        self.assertEqual(
            [
                'POST security-groups',
                'POST security-group-rules',
                'POST ports',
                'POST servers',
                'POST volumes',
                'POST servers/server-id/os-volume_attachments',
                'POST floatingips',
            ],
            [one for one in self.cloud.sent if one.startswith('POST')],
        )
        self.assertEqual(['203.0.113.9'], self.cloud.tried)
        self.assertNothingLeft()

    def test_without_a_volume_and_a_way_there(self):
        self.assertEqual('', self.sing(volume=False, port=0))
        self.assertEqual(
            ['POST ports', 'POST servers'],
            [one for one in self.cloud.sent if one.startswith('POST')],
        )
        self.assertEqual([], self.cloud.tried)
        self.assertNothingLeft()

    def test_where_nova_chooses_the_network(self):
        self.assertEqual('', self.sing(network='', volume=False))
        self.assertEqual(
            ['POST servers'],
            [one for one in self.cloud.sent if one.startswith('POST')],
        )

    def test_all_of_it_is_owed_by_names_of_its_own(self):
        for kind in ('volumes', 'servers'):
            self.cloud.stays.add(kind)
        self.assertIn('delete: server/server-id: ', self.sing())
        self.assertEqual(
            {(NAME, 'server'), (NAME, 'volume')},
            {
                (debt.name, debt.kind)
                for debt in ledger.read((self.path,))
                if debt.kind in ('server', 'volume')
            },
        )

    def test_each_step_that_fails(self):
        for call, said in (
            ('POST security-groups', 'port: told to'),
            ('POST ports', 'port: told to'),
            ('POST servers', 'boot: told to'),
            ('GET servers/server-id', 'boot: told to'),
            ('POST volumes', 'volume: told to'),
            (
                'POST servers/server-id/os-volume_attachments',
                'volume: told to',
            ),
            ('POST floatingips', 'floating IP: told to'),
        ):
            self.cloud.wrong = {call: fakes.refusal(503)}
            self.assertEqual(said, self.sing())
            self.assertNothingLeft()

    def test_a_server_in_error(self):
        self.cloud.states['server'] = 'ERROR'
        self.assertEqual('boot: the server is in boot-error', self.sing())
        self.assertNothingLeft()

    def test_a_server_that_stays_on_its_way(self):
        self.cloud.states['server'] = 'BUILD'
        self.assertEqual('boot: the server is not ACTIVE', self.sing())
        self.assertNothingLeft()

    def test_a_volume_in_error_or_not_there(self):
        for state, said in (
            ('error', 'volume: the volume is in error'),
            ('creating', 'volume: the volume is creating'),
        ):
            self.cloud.states['volume'] = state
            self.assertEqual(said, self.sing())
            self.assertNothingLeft()

    def test_nothing_answers(self):
        self.cloud.answer = 'no answer'
        self.assertEqual('floating IP: 203.0.113.9:22: no answer', self.sing())
        self.assertNothingLeft()

    def test_a_floating_ip_that_cannot_be_tried_from_here(self):
        self.cloud.answer = fakes.refusal(0, 'no route')
        self.assertEqual('', self.sing())
        self.assertEqual(['without a floating IP: no route'], self.remarks)

    def test_one_that_could_be_tried_before(self):
        one = self.make()
        self.assertEqual('', one())
        self.cloud.answer = fakes.refusal(0, 'no route')
        self.assertIsNone(one())
        # What is known to be wrong is said all the same.
        self.cloud.stays.add('servers')
        self.assertIn('delete: server/server-id: ', one())
        self.cloud.stays.clear()
        self.cloud.answer = ''
        self.assertEqual('', one())
        self.assertNothingLeft()

    def test_no_quota_says_nothing(self):
        self.cloud.wrong = {
            'POST servers': fakes.refusal(403, 'Quota exceeded for instances')
        }
        self.assertIsNone(self.sing())
        self.assertEqual(
            ['not tried: boot: Quota exceeded for instances'], self.remarks
        )
        self.assertNothingLeft()

    def test_nothing_is_awaited_when_the_run_is_over(self):
        self.cloud.states['server'] = 'BUILD'
        self.ended = True
        before = self.clock.seconds()
        self.assertEqual('boot: the server is not ACTIVE', self.sing())
        self.assertLess(self.clock.seconds() - before, 10)
        self.assertNothingLeft()
