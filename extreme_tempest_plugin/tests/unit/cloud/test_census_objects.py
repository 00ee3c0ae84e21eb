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

import hashlib
import urllib.parse

import msgspec
import testtools

from extreme_tempest_plugin.cloud import census_objects
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.tests.unit.cloud import fakes


def md5(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Swift(ports.Service):
    """Containers in memory, with lists of their own.

    :ivar rows: container to the rows that its list has.
    :ivar late: seconds on the clock from which lists are right.
    """

    def __init__(self, clock):
        self.clock = clock
        self.there = {}
        self.rows = {}
        self.late = None
        self.large = {}
        self.failing = []

    def put(self, container, **objects):
        self.there[container] = {
            name: data.encode() for name, data in objects.items()
        }
        self.rows[container] = [
            self.row(name, data)
            for name, data in self.there[container].items()
        ]

    def row(self, name, data):
        return {'name': name, 'hash': md5(data), 'bytes': len(data)}

    def list_of(self, container):
        if self.late is not None and self.clock.seconds() >= self.late:
            return [
                self.row(name, data)
                for name, data in self.there[container].items()
            ]
        return self.rows[container]

    def send(self, method, path, body=None, *, version='', headers=None):
        if self.failing:
            raise self.failing.pop()
        path, _, query = path.partition('?')
        parts = [urllib.parse.unquote(part) for part in path.split('/')]
        match method, parts:
            case 'GET', ['']:
                return self.page([{'name': name} for name in self.rows], query)
            case 'GET', [container]:
                return self.page(self.list_of(container), query)
            case 'HEAD', [container] if container in self.there:
                size = sum(map(len, self.there[container].values()))
                return self.head(
                    {
                        'x-container-object-count': str(
                            len(self.list_of(container))
                        ),
                        'x-container-bytes-used': str(size),
                    }
                )
            case 'HEAD', [container, name] if name in self.there.get(
                container, ()
            ):
                data = self.there[container][name]
                etag = self.large.get(name, md5(data))
                return self.head(
                    {'etag': etag, 'content-length': str(len(data))}
                )
        raise fakes.refusal(404)

    def page(self, rows, query):
        left = [] if 'marker=' in query else rows
        return ports.Answer(status=200, body=msgspec.json.encode(left))

    def head(self, headers):
        return ports.Answer(status=200, headers=headers)


class Cloud(fakes.Cloud):
    def __init__(self, swift):
        super().__init__()
        self.swift = swift

    def service(self, name):
        assert name == 'swift', name
        return self.swift


class LookTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.clock = fakes.Clock()
        self.swift = Swift(self.clock)
        self.swift.put('xt-c', a='abc', b='')
        self.made = {'object': ['xt-c/a', 'xt-c/b'], 'container': ['xt-c']}

    def look(self):
        cloud = Cloud(self.swift)
        seen = census_objects.Objects(
            cloud=cloud,
            made=self.made,
            clock=self.clock.seconds,
            sleep=self.clock.sleep,
        )
        found = (*seen.objects(cloud), *seen.containers(cloud))
        return {one.id: (one.state, one.refs) for one in found}

    def waited(self):
        return self.clock.seconds() - 1000

    def test_all_agree(self):
        self.assertEqual(
            {
                'xt-c/a': (
                    'present',
                    {
                        'etag': md5(b'abc'),
                        'size': '3',
                        'listed_name': 'a',
                        'listed_etag': md5(b'abc'),
                        'listed_size': '3',
                    },
                ),
                'xt-c/b': (
                    'present',
                    {
                        'etag': md5(b''),
                        'size': '0',
                        'listed_name': 'b',
                        'listed_etag': md5(b''),
                        'listed_size': '0',
                    },
                ),
                'xt-c': (
                    'present',
                    {
                        'count': '2',
                        'bytes': '3',
                        'listed_name': 'xt-c',
                        'listed_count': '2',
                        'listed_bytes': '3',
                    },
                ),
            },
            self.look(),
        )
        self.assertEqual(0, self.waited())

    def test_a_list_that_lags(self):
        del self.swift.rows['xt-c'][0]
        self.swift.late = 1010
        self.assertEqual('a', self.look()['xt-c/a'][1]['listed_name'])
        self.assertEqual(10, self.waited())

    def test_a_list_that_never_has_it(self):
        del self.swift.rows['xt-c'][0]
        state, refs = self.look()['xt-c/a']
        self.assertEqual('present', state)
        self.assertEqual('', refs['listed_name'])
        self.assertEqual(census_objects.PATIENCE, self.waited())

    def test_listed_and_gone(self):
        del self.swift.there['xt-c']['a']
        state, refs = self.look()['xt-c/a']
        self.assertEqual('missing', state)
        self.assertEqual('a', refs['listed_name'])
        self.assertNotIn('etag', refs)
        self.assertEqual(census_objects.PATIENCE, self.waited())

    def test_what_is_gone_for_good(self):
        self.made['object'].append('xt-c/deleted')
        self.made['container'].append('xt-deleted')
        self.made['object'].append('xt-deleted/x')
        self.assertEqual(['xt-c', 'xt-c/a', 'xt-c/b'], sorted(self.look()))
        self.assertEqual(0, self.waited())

    def test_a_container_that_the_account_does_not_list(self):
        rows = self.swift.rows.pop('xt-c')
        self.swift.list_of = lambda container: rows
        state, refs = self.look()['xt-c']
        self.assertEqual('present', state)
        self.assertEqual('', refs['listed_name'])

    def test_other_bytes(self):
        self.swift.there['xt-c']['a'] = b'xyz'
        refs = self.look()['xt-c/a'][1]
        self.assertEqual(md5(b'xyz'), refs['etag'])
        self.assertEqual(md5(b'abc'), refs['listed_etag'])

    def test_a_large_one(self):
        """Its etag is quoted, and its container counts its list of parts."""
        self.swift.large['a'] = '"0123"'
        row = self.swift.rows['xt-c'][0]
        row.update(slo_etag='"0123"', hash='of its list of parts')
        found = self.look()
        self.assertEqual('0123', found['xt-c/a'][1]['etag'])
        self.assertEqual('0123', found['xt-c/a'][1]['listed_etag'])
        self.assertNotIn('listed_bytes', found['xt-c'][1])
        # What its create writes, so that no update of it is lost.
        create = actions.catalogue()['object.create_large']
        call = model.Call(
            op='0-1',
            action=create,
            resource=None,
            args={'name': 'a', 'content': 1, 'size': 5096},
            choice={},
        )
        wrote = create.attributes(call)['large']
        self.assertEqual(wrote, found['xt-c/a'][1]['large'])
        self.assertEqual(0, self.waited())

    def test_those_of_others(self):
        self.swift.put('backups', x='x')
        self.assertEqual(['xt-c', 'xt-c/a', 'xt-c/b'], sorted(self.look()))

    def test_nobody_knows(self):
        self.swift.failing = [fakes.refusal(503)]
        self.assertRaises(ports.CallError, self.look)

    def test_too_many(self):
        many = {f'n{number}': '' for number in range(census_objects.MOST)}
        self.swift.put('xt-d', **many)
        found = self.look()
        self.assertIn('etag', found['xt-c/a'][1])
        self.assertEqual(('present', {}), found['xt-d/n7'])
        self.assertEqual(0, self.waited())
