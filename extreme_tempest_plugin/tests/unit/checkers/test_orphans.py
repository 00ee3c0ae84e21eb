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

from extreme_tempest_plugin.checkers import orphans
from extreme_tempest_plugin.tests.unit.checkers import histories


class TestOrphans(testtools.TestCase):
    """What is left of what is gone."""

    def begin(self, gone, outcome='ok', reached=True, listed=False):
        self.built = histories.Builder()
        self.built.process('campaign')
        self.built.process('storm/0', 1.0, 80.0)
        kind = gone.partition('/')[0]
        made = self.built.call(
            3.0, f'{kind}.create', value=gone, effect='creates'
        )
        self.built.settle(4.0, made, 'present')
        op = self.built.call(
            10.0, f'{kind}.delete', gone, outcome, effect='consumes'
        )
        if outcome == 'ok':
            self.built.settle(11.0, op, 'deleted', reached)
        if listed:
            self.built.census(gone, 'present')
        self.built.complete(kind)

    def found(self):
        return [
            one
            for one in self.built.verdict().findings
            if one.checker == 'references'
        ]

    def test_each_kind(self):
        for kind, refs in orphans.BELONGS.items():
            for ref, owner in refs.items():
                for id_, expected in (('gone', 1), ('other', 0)):
                    self.begin(f'{owner}/gone')
                    self.built.census(
                        f'{kind}/x', 'present', service='s', **{ref: id_}
                    )
                    found = self.found()
                    self.assertEqual(expected, len(found), (kind, ref))
                    for one in found:
                        self.assertEqual(f'{kind}/x', one.about)
                        self.assertEqual(f'{owner}.delete', one.action)
                        self.assertIn(f'its {ref} {owner}/gone', one.what)
                        self.assertEqual(('req-2',), one.request_ids)

    def test_ports_of_routers(self):
        for owner, expected in (
            ('network:router_interface', 1),
            ('network:router_gateway', 1),
            ('network:dhcp', 0),
            ('', 0),
        ):
            self.begin('router/r')
            self.built.census(
                'port/p', 'present', device='r', device_owner=owner
            )
            self.assertEqual(expected, len(self.found()), owner)

    def test_whether_it_is_gone_is_not_known(self):
        for how in (
            {'outcome': 'fail'},
            {'outcome': 'info'},
            {'reached': False},
            {'listed': True},
        ):
            self.begin('volume/v', **how)
            self.built.census('volume_snapshot/s', 'available', volume='v')
            self.assertEqual([], self.found(), how)

    def test_one_that_is_listed_as_gone(self):
        self.begin('volume/v')
        self.built.census('volume_snapshot/s', 'deleted', volume='v')
        self.assertEqual([], self.found())
