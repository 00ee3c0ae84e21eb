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
"""Write probes: what they send, and what they owe a deletion."""

import email.message
import pathlib

import fixtures
import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.tests.unit.uptime import test_probes
from extreme_tempest_plugin.tests.unit.uptime import test_tokens
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import recipes
from extreme_tempest_plugin.uptime import things
from extreme_tempest_plugin.uptime import transport
from extreme_tempest_plugin.uptime import writes

STATUSES = {'POST': 201, 'PUT': 201, 'GET': 200, 'DELETE': 204}
#: By the end of the path, where it is another one.
POSTED = {'volumes': 202, 'metadata': 200, 'zones': 202, 'recordsets': 202}


class Service:
    """Answers as asked; a rule may answer instead, or raise."""

    def __init__(self):
        self.sent = []
        self.rules = {}
        self.body = (
            b'{"security_group": {"id": "an-id"}, "id": "an-id",'
            b' "volume": {"id": "an-id"}}'
        )

    def request(self, target, method, path, headers, deadline, body=None):
        self.sent.append(f'{method} {target.path}{path}')
        status = STATUSES[method]
        if method == 'POST':
            status = POSTED.get(path.rpartition('/')[2], status)
        instead = self.rules.get(method, status)
        if isinstance(instead, Exception):
            raise instead
        answer = email.message.Message()
        answer['X-Subject-Token'] = 'new'
        return transport.Answer(instead, self.body, answer)


STEM = 'xt-uptime-6a3c1c0e'
#: Of what the first sample makes.
NAME = f'{STEM}-1'


class TestWrite(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.service = Service()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def probe(self, name='nova', path='/v2.1'):
        """With a ledger of its own."""
        self.path = self.folder / f'{len(list(self.folder.iterdir()))}.jsonl'
        self.ledger = ledger.Ledger(self.path)
        recipe = recipes.RECIPES[name]
        return writes.Write(
            recipe,
            things.Things(
                STEM,
                recipe.version,
                endpoints.Endpoint('c', 80, path, None),
                test_probes.Keeper(),
                self.ledger,
                self.service.request,
            ),
        )

    def owed(self):
        return [
            (one.kind, one.name, one.id) for one in ledger.read([self.path])
        ]

    def test_make_look_delete(self):
        for name, path, wanted in (
            ('nova', '/v2.1', '/v2.1/os-keypairs'),
            ('nova', '', '/v2.1/os-keypairs'),
            ('glance', '', '/v2/images'),
            ('swift', '/v1/AUTH_a', '/v1/AUTH_a/xt-uptime-6a3c1c0e'),
            ('neutron', '', '/v2.0/security-groups'),
        ):
            self.service.sent.clear()
            made = self.probe(name, path)
            self.assertEqual('', made.send(made.headers(), 0).error)
            self.assertEqual([], self.owed())
            self.assertEqual(3, len(self.service.sent))
            for line in self.service.sent:
                self.assertTrue(line.split()[1].startswith(wanted), line)
            self.assertTrue(self.service.sent[-1].startswith('DELETE'))

    def test_names_differ(self):
        made = self.probe()
        made.send(made.headers(), 0)
        made.send(made.headers(), 0)
        self.assertEqual(2, len(set(self.service.sent[2::3])))

    def test_the_first_failure_is_the_samples(self):
        made = self.probe()
        self.service.rules = {'GET': 503}
        reply = made.send(made.headers(), 0)
        self.assertEqual((503, 'http-5xx'), (reply.status, reply.error))

    def test_what_may_be_there_is_owed(self):
        self.service.rules = {'POST': transport.Failed('timeout')}
        made = self.probe()
        self.assertEqual('timeout', made.send(made.headers(), 0).error)
        self.assertEqual([('keypair', NAME, NAME)], self.owed())

    def test_what_stays_is_owed(self):
        for name, kind, id_ in (
            ('nova', 'keypair', NAME),
            ('neutron', 'security_group', 'an-id'),
        ):
            self.service.rules = {'DELETE': 500}
            made = self.probe(name, '')
            self.assertEqual('http-5xx', made.send(made.headers(), 0).error)
            self.assertEqual([(kind, NAME, id_)], self.owed())

    def test_an_id_that_nobody_was_told(self):
        self.service.body = b'{}'
        made = self.probe('neutron', '')
        self.assertEqual('malformed', made.send(made.headers(), 0).error)
        self.assertEqual([('security_group', NAME, '')], self.owed())

    def test_nothing_is_made_without_a_ledger(self):
        made = self.probe()
        self.ledger.close()
        self.assertRaises(transport.NotSent, made.send, made.headers(), 0)
        self.assertEqual([], self.service.sent)

    def test_gone_already_is_deleted(self):
        made = self.probe()
        self.service.rules = {'DELETE': 404}
        self.assertEqual('', made.send(made.headers(), 0).error)

    def test_a_container_for_all_objects(self):
        made = self.probe('swift', '/v1/AUTH_a')
        made.prepare(0)
        self.assertEqual('', made.send(made.headers(), 0).error)
        container = NAME.removesuffix('-1')
        self.assertEqual(
            [
                f'PUT /v1/AUTH_a/{container}',
                f'PUT /v1/AUTH_a/{container}/{NAME}',
                f'GET /v1/AUTH_a/{container}/{NAME}',
                f'DELETE /v1/AUTH_a/{container}/{NAME}',
            ],
            self.service.sent,
        )
        self.assertEqual([('container', container, container)], self.owed())

    def test_a_key_in_the_metadata_of_a_volume_for_all(self):
        for path in ('/v3/p', ''):
            self.service.sent.clear()
            made = self.probe('cinder', path)
            made.prepare(0)
            self.assertEqual('', made.send(made.headers(), 0).error)
            at = f'{path or "/v3"}/volumes'
            self.assertEqual(
                [
                    f'POST {at}',
                    f'POST {at}/an-id/metadata',
                    f'GET {at}/an-id/metadata/{NAME}',
                    f'DELETE {at}/an-id/metadata/{NAME}',
                ],
                self.service.sent,
            )
            # Its end is that of all keys.
            self.assertEqual([('volume', STEM, 'an-id')], self.owed())

    def test_a_recordset_in_a_zone_for_all(self):
        made = self.probe('designate', '')
        made.prepare(0)
        self.assertEqual('', made.send(made.headers(), 0).error)
        at = '/v2/zones'
        self.assertEqual(
            [
                f'POST {at}',
                f'POST {at}/an-id/recordsets',
                f'GET {at}/an-id/recordsets/an-id',
                f'DELETE {at}/an-id/recordsets/an-id',
            ],
            self.service.sent,
        )
        self.assertEqual([('zone', f'{STEM}.example.', 'an-id')], self.owed())

    def test_a_recordset_is_of_its_zone(self):
        (zone, recordset) = (
            msgspec.json.decode(recipe.create(name, 'an-id').body)
            for recipe, name in (
                (recipes.RECIPES['designate'].around, f'{STEM}.example.'),
                (recipes.RECIPES['designate'], NAME),
            )
        )
        self.assertEqual(f'{NAME}.{zone["name"]}', recordset['name'])
        self.assertEqual(f'{STEM}.example.', zone['name'])

    def test_no_home(self):
        for name, method, kind in (
            ('swift', 'PUT', 'container'),
            ('cinder', 'POST', 'volume'),
            ('designate', 'POST', 'zone'),
        ):
            made = self.probe(name, '')
            self.service.rules = {method: 403}
            error = self.assertRaises(errors.UsageError, made.prepare, 0)
            self.assertIn(f'no {kind} {STEM}', str(error))
            self.assertIn('http-4xx, status 403', str(error))
            self.assertEqual([kind], [one[0] for one in self.owed()])

    def test_no_home_without_a_ledger(self):
        made = self.probe('cinder')
        self.ledger.close()
        self.assertRaises(errors.HarnessError, made.prepare, 0)
        self.assertEqual([], self.service.sent)

    def test_which_services(self):
        recipes.check('keystone')
        error = self.assertRaises(errors.UsageError, recipes.check, 'heat')
        self.assertIn(
            'cinder, designate, glance, keystone, neutron, nova, swift',
            str(error),
        )


class TestToken(testtools.TestCase):
    def send(self, **rules):
        service = Service()
        service.rules = rules
        made = writes.Token(
            endpoints.Endpoint('c', 80, '/v3', None),
            test_tokens.spec(),
            service.request,
        )
        return made.send(made.headers(), 0), service.sent

    def test_issued_and_known(self):
        reply, sent = self.send()
        self.assertEqual('', reply.error)
        self.assertEqual(['POST', 'GET'], [line.split()[0] for line in sent])

    def test_not_issued(self):
        self.assertEqual('http-5xx', self.send(POST=503)[0].error)

    def test_not_known(self):
        self.assertEqual('http-4xx', self.send(GET=404)[0].error)

    def test_no_answer(self):
        reply, _ = self.send(GET=transport.Failed('reset'))
        self.assertEqual('reset', reply.error)
