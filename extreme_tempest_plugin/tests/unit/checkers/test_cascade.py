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

from extreme_tempest_plugin.checkers import cascade
from extreme_tempest_plugin.plan import model

ALL = ('nova', 'neutron', 'glance', 'cinder')


def down(*names: str) -> dict[str, bool | None]:
    return {name: name not in names for name in ALL}


class TestCascade(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cascade = cascade.Cascade(
            model.Abort(down_services=2, seconds=30)
        )

    def test_nothing_is_down(self) -> None:
        self.cascade.see(down(), 5)
        self.assertEqual('', self.cascade.excess())
        self.assertEqual('', self.cascade.passed(900))

    def test_as_many_as_the_plan_allows(self) -> None:
        self.cascade.see(down('nova', 'glance'), 5)
        self.assertEqual('', self.cascade.excess())
        self.assertEqual('', self.cascade.passed(900))

    def test_more_for_longer(self) -> None:
        self.cascade.see(down('nova', 'glance', 'cinder'), 5)
        self.assertEqual('cinder, glance, nova', self.cascade.excess())
        self.assertEqual('', self.cascade.passed(34.9))
        self.assertEqual(
            '3 services are down (cinder, glance, nova), more than '
            'abort.down_services: 2; for 30 s and more',
            self.cascade.passed(35),
        )

    def test_one_that_comes_back_begins_again(self) -> None:
        self.cascade.see(down(*ALL[:3]), 0)
        self.cascade.see(down(*ALL[:2]), 20)
        self.cascade.see(down(*ALL[:3]), 21)
        self.assertEqual('', self.cascade.passed(50))
        self.assertIn('3 services', self.cascade.passed(51))

    def test_what_nobody_knows_stays_as_it_was(self) -> None:
        unknown: dict[str, bool | None] = dict.fromkeys(ALL)
        self.cascade.see(unknown, 0)
        self.assertEqual('', self.cascade.excess())
        self.cascade.see(down(*ALL), 1)
        self.cascade.see(unknown, 20)
        self.assertIn('4 services', self.cascade.passed(31))

    def test_the_tester_s_own_network(self) -> None:
        self.cascade.see({**down(*ALL), model.CONTROL: False}, 0)
        self.assertEqual('', self.cascade.passed(900))
        self.cascade.see({**down(*ALL), model.CONTROL: True}, 0)
        self.assertIn('4 services', self.cascade.passed(900))

    def test_one_unit_that_is_lost_is_enough(self) -> None:
        self.cascade.see_lost(['mariadb of c1'], 10)
        self.assertEqual('mariadb of c1', self.cascade.excess())
        self.cascade.see_lost(['mariadb of c1', 'b'], 39)
        self.assertEqual('', self.cascade.passed(39))
        said = self.cascade.passed(40)
        self.assertIn('lost, though it was there before', said)
        self.assertIn('mariadb of c1', said)
        self.assertNotIn(', b', said)
        self.cascade.see_lost([], 41)
        self.assertEqual('', self.cascade.passed(900))
