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
"""What actions on zones see, of a cloud that does it and one that lies."""

import testtools

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.tests.unit.storm import canned

ZONE = 'designate:v2/zones/a'
RECORDS = 'designate:v2/zones/z/recordsets/r'
OFFER = 'designate:v2/zones/tasks/transfer_requests/a'


def shows(path, status='ACTIVE', **fields):
    return {path: {'id': 'a', 'status': status, **fields}}


def case(action, path, args, fields, **more):
    """It must be shown, ACTIVE, and with its fields as asked for."""
    wrong = ({**fields, key: 'other'} for key in fields)
    return canned.Case(
        action=action,
        args=args,
        done=shows(path, **fields),
        lies=(
            {path: None},
            shows(path, 'PENDING', **fields),
            shows(path, 'ERROR', **fields),
            *(shows(path, **one) for one in wrong),
        ),
        **more,
    )


def deletes(action, path, **more):
    lies = (shows(path), shows(path, 'PENDING'))
    return canned.Case(action=action, done={}, lies=lies, **more)


class LooksTest(canned.Looks, testtools.TestCase):
    kinds = frozenset({'zone', 'recordset', 'zone_transfer'})
    cases = (
        case(
            'zone.create',
            ZONE,
            {'name': 'n.example.', 'email': 'e@x'},
            {'name': 'n.example.', 'email': 'e@x'},
        ),
        case('zone.set_ttl', ZONE, {'ttl': 60}, {'ttl': 60}),
        case('zone.set_email', ZONE, {'email': 'e@x'}, {'email': 'e@x'}),
        deletes('zone.delete', ZONE),
        case(
            'recordset.create',
            RECORDS,
            {'name': 'd', 'record': 'w.e.', 'address': '198.51.100.1'},
            {
                'name': 'w.e.',
                'description': 'd',
                'type': 'A',
                'records': ['198.51.100.1'],
            },
            id='z/r',
        ),
        case(
            'recordset.update',
            RECORDS,
            {'address': '198.51.100.2', 'ttl': 60},
            {'records': ['198.51.100.2'], 'ttl': 60},
            id='z/r',
        ),
        deletes('recordset.delete', RECORDS, id='z/r'),
        case(
            'zone_transfer.create', OFFER, {'name': 'd'}, {'description': 'd'}
        ),
        canned.Case(
            action='zone_transfer.accept',
            done=shows(OFFER, 'COMPLETE'),
            lies=({OFFER: None}, shows(OFFER)),
        ),
        deletes('zone_transfer.delete', OFFER),
    )

    def test_an_error_is_not_the_end(self):
        """Designate's producer tries it again."""
        for one in self.cases:
            sight = one.look({path: {'status': 'ERROR'} for path in one.done})
            self.assertFalse(sight.final, one.action)

    def test_what_is_pending_does_not_rest(self):
        path = 'designate:v2/zones/a'
        call = canned.Case(action='zone.set_ttl', done={}, lies=()).call()
        for status, rests in (('PENDING', False), ('ACTIVE', True)):
            cloud = canned.Cloud({path: {'status': status}})
            self.assertEqual(rests, call.action.at_rest(cloud, call))

    def test_the_key_of_a_transfer_is_used_and_kept_nowhere(self):
        call = canned.Case(
            action='zone_transfer.accept', done={}, lies=()
        ).call()
        cloud = canned.Cloud(
            {
                OFFER: {'key': 'S3CRET'},
                'designate:v2/zones/tasks/transfer_accepts': {'key': 'S3CRET'},
            }
        )
        answer = call.action.invoke(cloud, call)
        self.assertIsInstance(answer, ports.Answer)
        self.assertEqual('S3CRET', cloud.sent[-1][2]['key'])
        self.assertNotIn('S3CRET', repr(call))

    def test_names_of_zones_are_below_example(self):
        action = actions.catalogue()['zone.create']
        asked = action.arguments(None, 'xt-r-1-2', None)
        self.assertEqual('xt-r-1-2.example.', asked['name'])
