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

import datetime
import pathlib

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import known_issues

GOOD = """
known_issues:
  - id: one
    checker: stuck
    reference: LP1
    reason: it is so
    expires: 2030-01-01
"""


class LoadTest(testtools.TestCase):
    def _load(self, text):
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = directory / 'known.yaml'
        self.path.write_text(text)
        return known_issues.load([self.path])

    def _complaint(self, text):
        said = str(self.assertRaises(errors.PlanError, self._load, text))
        self.assertNotIn('\n', said)
        return said.removeprefix(str(self.path))

    def test_good(self):
        (issue,) = self._load(GOOD)
        self.assertEqual(datetime.date(2030, 1, 1), issue.expires)
        self.assertTrue(issue.matches('stuck', 'nova', '', 'server/a', 'x'))
        self.assertFalse(issue.matches('lost', 'nova', '', 'server/a', 'x'))

    def test_none(self):
        self.assertEqual((), self._load('known_issues: []'))

    def test_shipped(self):
        shipped = known_issues.load([known_issues.SHIPPED])
        self.assertGreater(len(shipped), 0)

    def test_what_shipped_ones_are_about(self):
        shipped = known_issues.load([known_issues.SHIPPED])
        for id_, finding in (
            (
                'cinder-metadata-twice',
                (
                    'registers',
                    'cinder',
                    'volume.set_metadata',
                    'volume/v',
                    'metadata.k of volume/v',
                ),
            ),
            (
                'nova-attach-port-twice',
                (
                    'unexpected',
                    'nova',
                    'server.attach_interface',
                    'nova',
                    'nova answered 500 to server.attach_interface 3 times. '
                    "So this is the cloud's own: Failed to attach network "
                    'adapter device to 7.',
                ),
            ),
            (
                'neutron-quota-no-lock',
                (
                    'quotas',
                    'neutron',
                    'router.create',
                    'quota/router',
                    'There were 11 routers at one time, and the quota of the '
                    'project is 10.',
                ),
            ),
        ):
            matching = [one.id for one in shipped if one.matches(*finding)]
            self.assertEqual([id_], matching)

    def test_patterns(self):
        (issue,) = self._load(
            GOOD.replace(
                'checker: stuck',
                'checker: stuck\n    resource: server/.*\n'
                "    what: 'BUILD$'",
            )
        )
        for resource, what, matches in (
            ('server/a', 'it is in BUILD', True),
            ('server/a', 'it is in BUILD now', False),
            ('a/server/a', 'it is in BUILD', False),
        ):
            self.assertEqual(
                matches, issue.matches('stuck', '', '', resource, what)
            )

    def test_bad(self):
        for old, new, said in (
            ('reference: LP1', 'reference: ""', ':5: known_issues.0.ref'),
            ('expires: 2030-01-01', 'expires: soon', ':7: known_issues.0.exp'),
            ('    reason: it is so\n', '', 'reason'),
            ('checker: stuck', 'checkre: stuck', 'checkre: unknown key'),
            ('checker: stuck', 'checker: stuck\n    what: "("', 'no pattern'),
        ):
            self.assertIn(said, self._complaint(GOOD.replace(old, new)))

    def test_twice(self):
        twice = GOOD + GOOD.replace('known_issues:\n', '').lstrip('\n')
        self.assertIn('stands there twice', self._complaint(twice))
