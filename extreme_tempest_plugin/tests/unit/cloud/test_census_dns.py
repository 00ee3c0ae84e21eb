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

import testtools

from extreme_tempest_plugin.cloud import census_dns
from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.cloud import name_servers
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned

ONE = name_servers.Server('192.0.2.1')
TWO = name_servers.Server('192.0.2.2', 5353)

SOA = 'ns1.example. storm.example.org. {} 3600 600 86400 3600'


def zone(id_='z', name='xt-r-1.example.', state='ACTIVE', serial=7):
    return {
        'id': id_,
        'name': name,
        'status': state,
        'serial': serial,
        'ttl': 3600,
        'email': 'a@example.org',
    }


def recordset(id_='r', of_type='A', **more):
    return {
        'id': id_,
        'zone_id': 'z',
        'name': 'a.xt-r-1.example.',
        'type': of_type,
        'status': 'ACTIVE',
        'records': ['198.51.100.7'],
        'ttl': None,
        **more,
    }


ZONES = (zone(),)
RECORDSETS = (recordset(),)


def cloud(zones=ZONES, recordsets=RECORDSETS, hosts=('ns1.example.',)):
    bodies = {}
    for kind, rows in (('zones', zones), ('recordsets', recordsets)):
        path = f'designate:v2/{kind}?limit=200'
        bodies[path] = {kind: rows}
        if rows:
            bodies[f'{path}&marker={rows[-1]["id"]}'] = {kind: []}
    bodies['designate:v2/zones/z/nameservers'] = {
        'nameservers': [{'hostname': host, 'priority': 1} for host in hosts]
    }
    return canned.Cloud(bodies)


class Servers:
    """Name servers: question to reply, by server.

    :ivar late: seconds on the clock from which all is as in ``then``.
    """

    def __init__(self, clock):
        self.clock = clock
        self.replies = {
            ('xt-r-1.example.', 'SOA'): self.soa(7),
            ('a.xt-r-1.example.', 'A'): self.reply('198.51.100.7'),
        }
        self.silent = set()
        self.then = {}
        self.late = 2000
        self.asked = 0

    def soa(self, serial):
        return self.reply(SOA.format(serial))

    def reply(self, *records, ttl=3600):
        return name_servers.Reply(
            code=name_servers.FOUND, records=records, ttl=ttl
        )

    def ask(self, server, name, of_type):
        self.asked += 1
        if server in self.silent:
            raise name_servers.SilentError('no answer: timed out')
        if self.clock.seconds() >= self.late:
            self.replies.update(self.then)
        return self.replies.get(
            (name, of_type), name_servers.Reply(code='NXDOMAIN')
        )


class AnswersTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.clock = fakes.Clock()
        self.servers = Servers(self.clock)

    def rows(self, of=None, servers=(ONE,), made=None, resolved=()):
        answers = census_dns.Answers(
            cloud=of or cloud(),
            prefix='xt-r',
            made=made or {},
            servers=servers,
            ask=self.servers.ask,
            resolve=lambda host: resolved,
            clock=self.clock.seconds,
            sleep=self.clock.sleep,
        )
        self.got = {}
        for row in answers.view().rows():
            self.got[row.id] = row
        return self.got

    def waited(self):
        return self.clock.seconds() - 1000

    def test_what_designate_shows_and_what_is_answered(self):
        found = self.rows()
        self.assertEqual(
            {
                'of': 'zone/z',
                'server': '192.0.2.1:53',
                'question': 'xt-r-1.example. SOA',
                'reply': 'NOERROR',
                'serial': '7',
                'answered_serial': '7',
            },
            found['z@192.0.2.1:53'].refs,
        )
        self.assertEqual(
            {
                'of': 'recordset/z/r',
                'server': '192.0.2.1:53',
                'question': 'a.xt-r-1.example. A',
                'reply': 'NOERROR',
                'records': '198.51.100.7',
                'ttl': '3600',
                'answered_records': '198.51.100.7',
                'answered_ttl': '3600',
            },
            found['z/r@192.0.2.1:53'].refs,
        )
        self.assertEqual(0, self.waited())

    def test_each_server(self):
        found = self.rows(servers=(ONE, TWO))
        self.assertEqual(4, len(found))
        self.assertIn('z@192.0.2.2:5353', found)

    def test_it_is_asked_again(self):
        self.servers.replies[('a.xt-r-1.example.', 'A')] = self.servers.reply(
            '198.51.100.8'
        )
        self.servers.then = {
            ('a.xt-r-1.example.', 'A'): self.servers.reply('198.51.100.7')
        }
        self.servers.late = 1010
        found = self.rows()
        self.assertEqual(10, self.waited())
        refs = found['z/r@192.0.2.1:53'].refs
        self.assertEqual('198.51.100.7', refs['answered_records'])

    def test_it_stays_so(self):
        self.servers.replies = {}
        found = self.rows()
        self.assertEqual(census_dns.PATIENCE, self.waited())
        self.assertEqual('NXDOMAIN', found['z@192.0.2.1:53'].refs['reply'])
        self.assertEqual('', found['z@192.0.2.1:53'].refs['answered_serial'])
        self.assertEqual(
            '', found['z/r@192.0.2.1:53'].refs['answered_records']
        )

    def test_another_ttl(self):
        self.rows(cloud(recordsets=(recordset(ttl=60),)))
        self.assertEqual(census_dns.PATIENCE, self.waited())

    def test_what_is_pending_may_come_to_rest(self):
        self.rows(cloud(recordsets=(recordset(status='PENDING'),)))
        self.assertEqual(census_dns.PATIENCE, self.waited())

    def test_what_is_in_error_does_not(self):
        found = self.rows(cloud(recordsets=(recordset(status='ERROR'),)))
        self.assertEqual(0, self.waited())
        self.assertEqual('ERROR', found['z/r@192.0.2.1:53'].state)

    def test_a_zone_that_designate_no_longer_has(self):
        found = self.rows(made={'gone': 'xt-r-2.example.', 'z': 'xt-r-1'})
        self.assertEqual(0, self.waited())
        self.assertEqual('absent', found['gone@192.0.2.1:53'].state)
        self.servers.replies[('xt-r-2.example.', 'SOA')] = self.servers.soa(3)
        found = self.rows(made={'gone': 'xt-r-2.example.'})
        self.assertEqual(census_dns.PATIENCE, self.waited())
        self.assertEqual(
            '3', found['gone@192.0.2.1:53'].refs['answered_serial']
        )

    def test_zones_of_others(self):
        of = cloud(
            zones=(zone(), zone('o', 'of-others.example.', serial=1)),
            recordsets=(recordset(), recordset('x', zone_id='o')),
        )
        self.assertEqual(
            ['z/r@192.0.2.1:53', 'z@192.0.2.1:53'], sorted(self.rows(of))
        )

    def test_the_serial_of_a_soa_is_that_of_its_zone(self):
        of = cloud(recordsets=(recordset(of_type='SOA', records=['x']),))
        self.assertEqual(['z@192.0.2.1:53'], sorted(self.rows(of)))

    def test_one_that_was_named_is_silent(self):
        self.servers.silent = {TWO}
        error = self.assertRaises(
            ports.CallError, self.rows, servers=(ONE, TWO)
        )
        self.assertIs(ports.Kind.INFO, error.refusal.kind)
        self.assertIn('192.0.2.2:5353: no answer', str(error))
        # What the other one says counts all the same.
        self.assertEqual(2, len(self.got))
        self.assertEqual(census_dns.PATIENCE, self.waited())

    def test_those_that_designate_names(self):
        found = self.rows(servers=(), resolved=(ONE,))
        self.assertEqual(2, len(found))

    def test_a_machine_that_has_no_zone_of_ours(self):
        self.servers.replies = {}
        self.assertRaises(
            census_views.HiddenError, self.rows, servers=(), resolved=(ONE,)
        )
        self.assertEqual(0, self.waited())

    def test_one_that_nobody_named_is_silent(self):
        self.servers.silent = {ONE}
        self.assertRaises(
            census_views.HiddenError, self.rows, servers=(), resolved=(ONE,)
        )

    def test_names_that_lead_nowhere(self):
        error = self.assertRaises(
            census_views.HiddenError, self.rows, servers=()
        )
        self.assertIn('[stress] name_servers', str(error))

    def test_no_zone_no_question(self):
        of = cloud(zones=(), recordsets=())
        self.assertEqual({}, self.rows(of))
        self.assertEqual({}, self.rows(of, servers=()))
        self.assertEqual(0, self.servers.asked)
