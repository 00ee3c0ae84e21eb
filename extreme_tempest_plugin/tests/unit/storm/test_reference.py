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
"""The reference of actions in doc/ is that of the catalogue."""

import pathlib

import testtools

from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm.actions import reference

PAGE = pathlib.Path(__file__).parents[4] / 'doc/source/reference/actions.rst'


class ReferenceTest(testtools.TestCase):
    def test_page_is_up_to_date(self):
        """If not: see the docstring of storm/actions/reference.py."""
        self.assertEqual(reference.text(), PAGE.read_text())

    def test_every_action_says_when_it_is_settled(self):
        for action in actions.own():
            said = reference.settled_when(action)
            self.assertTrue(said.endswith('.'), action.name)
            # Not the docstring of the base class.
            self.assertNotEqual(
                'Something a virtual user may do; one small class each.', said
            )
