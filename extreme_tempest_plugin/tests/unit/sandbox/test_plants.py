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
"""Which plants there are, and what is wrong with a file that is none."""

import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import plants
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import topology

GOOD = """\
title: what is seen
reference: LP1
units: [nova-api]
rewrites:
  - module: nova.compute.api
    old: |2-
          if right:
    new: |2-
          if False:
"""


class PlantsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def write(self, text=GOOD, name='x1.yaml'):
        path = self.top / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def wrong(self, function, *arguments):
        error = self.assertRaises(errors.UsageError, function, *arguments)
        (line,) = str(error).splitlines()
        return line


class TestRead(PlantsTest):
    def test_a_plant(self):
        plant = plants.read(self.write())
        self.assertEqual(
            ('x1', 'what is seen', 'LP1', ('nova-api',)),
            (plant.id, plant.title, plant.reference, plant.units),
        )
        (rewrite,) = plant.rewrites
        self.assertEqual('    if right:', rewrite.old)

    def test_another_content_has_another_name_on_a_host(self):
        before = plants.read(self.write())
        again = plants.read(self.write(GOOD.replace('LP1', 'LP2')))
        after = plants.read(self.write(GOOD.replace('False', 'True')))
        self.assertEqual(before.file_name, again.file_name)
        self.assertNotEqual(before.file_name, after.file_name)
        self.assertEqual('x1', plants.id_of(after.file_name))

    def test_what_is_wrong_and_where(self):
        for wanted, text in (
            ('unknown field `tilte`', GOOD.replace('title', 'tilte')),
            ('unknown field `count`', GOOD + '    count: 2\n'),
            ('missing required field `new`', GOOD[: GOOD.index('    new')]),
            ('$.units', GOOD.replace('[nova-api]', '[]')),
            ('$.units', GOOD.replace('[nova-api]', 'nova-api')),
            ('$.rewrites', GOOD[: GOOD.index('\n  -')] + ' []\n'),
            ('.module', GOOD.replace('nova.compute.api', 'nova/api.py')),
            ('.title', GOOD.replace('what is seen', '7')),
            ('Expected `object`', ''),
            ('mapping values', 'a: b: c'),
            ("'new' is there twice", GOOD + "    new: ''\n"),
            ('not a plant', '\0'),
        ):
            line = self.wrong(plants.read, self.write(text))
            self.assertIn(wanted, line)
            self.assertIn('x1.yaml: not a plant: ', line)

    def test_not_text(self):
        path = self.write()
        path.write_bytes(b'\xff\xfe\xff')
        self.assertIn('x1.yaml: not a plant', self.wrong(plants.read, path))

    def test_a_directory(self):
        (self.top / 'x1.yaml').mkdir()
        line = self.wrong(plants.read, self.top / 'x1.yaml')
        self.assertIn('cannot be read', line)

    def test_a_name_that_cannot_be_an_id(self):
        for name in ('X1.yaml', '1.yaml', 'a-b.yaml', 'a b.yaml'):
            line = self.wrong(plants.read, self.write(name=name))
            self.assertIn('cannot be the id', line)


class TestKnown(PlantsTest):
    def test_our_own(self):
        self.assertEqual(
            ['b01', 'b02', 'b05', 'b09', 'b12', 'b24'], sorted(plants.known())
        )

    def test_of_others_too(self):
        self.write()
        self.write('nothing of ours', 'README')
        known = plants.known([self.top, self.top])
        self.assertIn('b24', known)
        self.assertEqual(self.top / 'x1.yaml', known['x1'].path)

    def test_two_of_one_name(self):
        path = self.write(name='b24.yaml')
        line = self.wrong(plants.known, [self.top])
        self.assertIn(f'{path}: there is a plant of that name', line)

    def test_a_directory_that_is_not_there(self):
        line = self.wrong(plants.known, [self.top / 'no'])
        self.assertIn('No such file', line)


class TestChoose(PlantsTest):
    def test_each_once_in_the_order_of_the_user(self):
        chosen = plants.choose(plants.known(), ['b24', 'b05', 'b24'])
        self.assertEqual(['b24', 'b05'], [plant.id for plant in chosen])

    def test_unknown(self):
        line = self.wrong(plants.choose, plants.known(), ['b24', 'b99'])
        self.assertIn("'b99'", line)
        self.assertIn('known: b01, b02', line)


class TestCheck(PlantsTest):
    def setUp(self):
        super().setUp()
        self.shape = topology.named('single')

    def test_there(self):
        plants.check(self.shape, [plants.read(self.write())])

    def test_a_service_that_was_left_out(self):
        shape = services.select(self.shape, [])
        shape = type(shape)(
            shape.name, shape.hosts, shape.api_address, 1, ('nova',)
        )
        plant = plants.read(self.write())
        line = self.wrong(plants.check, shape, [plant])
        self.assertIn('plant x1 needs the service nova, which is not', line)
        self.assertIn('single without nova', line)

    def test_no_such_unit(self):
        plant = plants.read(self.write(GOOD.replace('nova-api', 'nova-apy')))
        line = self.wrong(plants.check, self.shape, [plant])
        self.assertIn("there is no unit 'nova-apy'", line)

    def test_a_unit_that_is_not_python(self):
        plant = plants.read(self.write(GOOD.replace('nova-api', 'mariadb')))
        line = self.wrong(plants.check, self.shape, [plant])
        self.assertIn("there is no unit 'mariadb'", line)
