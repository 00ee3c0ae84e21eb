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
"""Answers against Tempest's schemas: which ones, and what breaks them."""

import random

import msgspec
import testtools
from tempest.lib.common import api_version_request

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import schema_routes
from extreme_tempest_plugin.cloud import schemas
from extreme_tempest_plugin.cloud import transport
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import registers
from extreme_tempest_plugin.tests.unit.cloud import bodies
from extreme_tempest_plugin.tests.unit.storm import canned

ID = '6f1c2b52-6a7e-4a0d-9f0a-5b8d0f3b9d31'
SHOWN = bodies.server(ID, 'x')


def changed(**fields):
    """A server with other fields; GONE takes one out."""
    given = {**SHOWN, **fields}
    return {
        'server': {
            key: value for key, value in given.items() if value != 'GONE'
        }
    }


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.recorded = []
        self.schemas = schemas.Schemas(
            'storm/0', self.recorded.append, lambda: 7
        )

    def see(
        self,
        body,
        method='GET',
        path=f'servers/{ID}',
        *,
        service='nova',
        asked=None,
        version='',
        status=200,
        **headers,
    ):
        """What is recorded of one answer."""
        before = len(self.recorded)
        answer = body if isinstance(body, bytes) else msgspec.json.encode(body)
        response = transport.Response(
            {'x-openstack-request-id': 'req-1', **headers},
            status=status,
            reason='',
            version=11,
            url='http://x/',
        )
        self.schemas.see(
            service, method, path, asked, version, response, answer
        )
        return self.recorded[before:]

    def broken(self, *args, **more):
        """Places and rules."""
        return [(one.where, one.why) for one in self.see(*args, **more)]

    def notes(self):
        before = len(self.recorded)
        self.schemas.ended()
        return [
            (note.what, note.about, note.text)
            for note in self.recorded[before:]
        ]


class TestSchemas(Case):
    def test_good(self):
        self.assertEqual([], self.see({'server': SHOWN}))
        self.assertEqual([(events.Topic.VALIDATED, 'nova', '1')], self.notes())

    def test_a_violation_says_where_and_why(self):
        (found,) = self.see(changed(status=5))
        self.assertEqual(
            events.Violation(
                t=7,
                actor='storm/0',
                service='nova',
                request='GET servers/*',
                where='body.server.status',
                why='is integer, not string',
                status=200,
                request_id='req-1',
            ),
            found,
        )

    def test_rules(self):
        for fields, expected in (
            ({'id': 'GONE'}, ('body.server', 'without id')),
            (
                {'colour': 'red'},
                (
                    'body.server',
                    'with colour, which the schema does not know',
                ),
            ),
            (
                {'updated': 'x'},
                (
                    'body.server.updated',
                    "breaks format 'iso8601-date-time'",
                ),
            ),
            (
                {'links': [{'rel': 'self'}]},
                ('body.server.links[0]', 'without href'),
            ),
            (
                {'accessIPv4': None},
                ('body.server.accessIPv4', 'is null, not string'),
            ),
        ):
            self.assertEqual([expected], self.broken(changed(**fields)))

    def test_no_value_is_told(self):
        secret = 'hunter2'
        found = self.see(
            changed(
                status=[secret],
                updated=secret,
                metadata={'password': [secret]},
                links=secret,
            )
        )
        self.assertEqual(schemas.MOST, len(found))
        self.assertNotIn(secret, str(found))

    def test_what_is_told_is_bounded(self):
        (found,) = self.see(changed(**{'x\n' * 5000: 1}))
        self.assertLess(len(found.why), 400)
        self.assertNotIn('\n', found.why)

    def test_no_json(self):
        for body in (b'', b'x', b'\xff', b'[' * 100_000):
            self.assertEqual([('body', 'is no JSON')], self.broken(body))

    def test_another_status(self):
        self.assertEqual(
            [('status', 'is 201, not 200')],
            self.broken({'server': SHOWN}, status=201),
        )

    def test_no_body_where_one_should_be_and_the_other_way_round(self):
        for body, expected in (
            (b'', []),
            (b'{}', [('body', '2 bytes where none should be')]),
        ):
            self.assertEqual(
                expected, self.broken(body, method='DELETE', status=204)
            )

    def test_a_header(self):
        asked = {'createImage': {'name': 'x'}}
        given = {'method': 'POST', 'asked': asked, 'status': 202}
        path = f'servers/{ID}/action'
        self.assertEqual(
            [('header', 'without location')],
            self.broken(b'', path=path, **given),
        )
        self.assertEqual(
            [], self.broken(b'', path=path, location='http://x/', **given)
        )

    def test_a_tag_that_was_there(self):
        """204, not 201: nothing was created that a header could locate."""
        given = {
            'method': 'PUT',
            'path': f'servers/{ID}/tags/x',
            'version': '2.26',
        }
        self.assertEqual([], self.broken(b'', status=204, **given))
        self.assertEqual(
            [('header', 'without location')],
            self.broken(b'', status=201, **given),
        )

    def test_the_schema_of_the_version(self):
        body = {'image_id': ID}
        given = {
            'method': 'POST',
            'path': f'servers/{ID}/action',
            'asked': {'createImage': {'name': 'x'}},
            'status': 202,
        }
        self.assertEqual([], self.see(body, version='2.45', **given))
        self.assertEqual(
            [('body', '51 bytes where none should be')],
            self.broken(body, location='http://x/', **given),
        )
        (found,) = self.see(b'', version='2.45', **given)
        self.assertEqual('2.45', found.version)

    def test_one_of_two_schemas(self):
        made = {'id': ID, 'links': []}
        given = {'method': 'POST', 'path': 'servers', 'status': 202}
        self.assertEqual([], self.see({'server': made}, **given))
        self.assertEqual(
            [], self.see({'server': {**made, 'adminPass': 'x'}}, **given)
        )
        self.assertEqual(
            [('body.server', 'without links')],
            self.broken({'server': {'id': ID}}, **given),
        )

    def test_a_volume(self):
        self.assertEqual(
            [('body', 'without volume')],
            self.broken({}, path=f'volumes/{ID}', service='cinder'),
        )

    def test_no_schema(self):
        self.assertIsNone(self.schemas.of('neutron'))
        self.assertIs(self.schemas, self.schemas.of('nova'))
        self.assertEqual([], self.see(b'x', path='os-foo'))
        self.assertEqual(
            [
                (
                    events.Topic.REMARK,
                    'storm/0',
                    'Tempest has no schema for answers of neutron, nova GET '
                    'os-foo: not validated',
                )
            ],
            self.notes(),
        )


class TestSample(Case):
    def count(self, number, **more):
        """How many of so many answers are validated."""
        for _ in range(number):
            self.see(b'', method='DELETE', status=204, **more)
        return sum(int(text) for _, _, text in self.notes())

    def test_nine_of_each_power_of_ten(self):
        self.assertEqual(9, self.count(9))
        # The numbers go on.
        self.assertEqual(18, self.count(90))
        self.assertEqual(27, self.count(900))
        self.assertEqual(29, self.count(2000))

    def test_ids_are_not_counted_apart(self):
        for number in range(99):
            self.see(b'', method='DELETE', path=f'servers/{number}?x={number}')
        self.assertEqual('18', self.notes()[0][2])

    def test_requests_versions_and_statuses_are(self):
        server = {'server': SHOWN}
        for _ in range(9):
            self.see(server)
            self.see(server, version='2.3')
            self.see(server, status=201)
            self.see(server, method='PUT')
            self.see({'servers': []}, path='servers/detail')
        self.assertEqual('45', self.notes()[0][2])

    def test_shapes(self):
        for path, body, expected in (
            ('servers', None, 'servers'),
            ('servers/a', None, 'servers/*'),
            ('servers/detail?limit=1', None, 'servers/detail'),
            ('servers/a/metadata/b', None, 'servers/*/metadata/*'),
            ('servers/a/action', {'reboot': {}}, 'servers/*/action reboot'),
            ('servers/a/action', {}, 'servers/*/action'),
            ('servers/a/action', b'x', 'servers/*/action'),
        ):
            self.assertEqual(expected, schemas.shaped(path, body))


class Service(canned.Service):
    """Writes down what is asked of it, and has nothing."""

    def send(self, method, path, body=None, *, version='', headers=None):
        shape = schemas.shaped(path, body)
        self._cloud.asked.add((self._name, f'{method} {shape}', version))
        return super().send(method, path, body, version=version)


class Cloud(canned.Cloud):
    def __init__(self):
        super().__init__({})
        self.asked = set()

    def service(self, name):
        return Service(name, self)


class TestRoutes(testtools.TestCase):
    def test_each_has_a_schema_in_each_version(self):
        versions = ['', '2.1', '2.51', '2.64', '2.100', '2.500']
        for service, request in schema_routes.requests():
            for version in versions if service == 'nova' else ['', '3.70']:
                for one in schema_routes.find(service, request, version):
                    self.assertIn('status_code', one, (request, version))

    def test_versions_are_those_of_tempest(self):
        servers = 'GET servers/*'
        old = schema_routes.find('nova', servers, '')
        self.assertEqual(old, schema_routes.find('nova', servers, '2.2'))
        self.assertNotEqual(old, schema_routes.find('nova', servers, '2.3'))
        self.assertRaises(
            api_version_request.exceptions.InvalidAPIVersionString,
            schema_routes.find,
            'nova',
            servers,
            'x',
        )

    def call(self, action):
        """A call of an action, on resources that are made up."""
        resource = (
            None
            if action.effect is model.Effect.CREATES
            else model.Resource(
                key='0-0',
                kind=action.kind,
                id='a',
                name='n',
                attributes={
                    'size': 1,
                    f'metadata.{registers.KEYS[0]}': 'v',
                    f'tag.{registers.KEYS[0]}': registers.THERE,
                },
            )
        )
        partners = {
            role: model.Resource(key=role, kind=one.kind, id=role, name=role)
            for role, one in action.partners.items()
        }
        chosen = model.Chosen(resource=resource, partners=partners)
        return model.Call(
            op='0-1',
            action=action,
            resource=resource,
            partners=partners,
            args=action.arguments(random.Random(1), 'xt-r-0-1', chosen),
            choice={},
            allowed=frozenset(),
        )

    def test_what_actions_ask_for_has_a_schema(self):
        cloud = Cloud()
        for action in actions.own():
            if action.service not in schema_routes.SERVICES:
                continue
            call = self.call(action)
            for ask in (action.invoke, action.at_rest):
                try:
                    ask(cloud, call)
                except ports.CallError:
                    continue
        asked = {one for one in cloud.asked if one[0] in ('nova', 'cinder')}
        self.assertGreater(len(asked), 45)
        # See there.
        asked.discard(('cinder', 'GET backups/detail', ''))
        without = [one for one in asked if not schema_routes.find(*one)]
        self.assertEqual([], without)
