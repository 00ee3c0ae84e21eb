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
"""Refused creates, and what is there of them."""

import testtools

from extreme_tempest_plugin.tests.unit.checkers import histories


class TestRefused(testtools.TestCase):
    def judged(self, outcome='fail', state='ACTIVE', **census):
        self.built = built = histories.storm()
        built.call(
            40.0,
            'server.create',
            outcome=outcome,
            args={'name': 'asked-for'},
            status=499,
            effect='creates',
            allowed=(499,),
        )
        built.census('server/x', state, name='asked-for', **census)
        return built.verdict()

    def found(self, **more):
        return [
            one
            for one in self.judged(**more).findings
            if one.checker == 'refused'
        ]

    def test_it_is_there_all_the_same(self):
        (finding,) = self.found()
        self.assertEqual('server/x', finding.about)
        self.assertIn('refused with status 499', finding.what)
        self.assertEqual(3, len(finding.events))
        self.assertEqual('fail', self.built.verdict().verdict)

    def test_it_is_not_there(self):
        self.assertEqual([], self.found(state='DELETED'))

    def test_it_was_there_before(self):
        built = histories.storm()
        self.judged()
        built = self.built
        built.census('server/x', name='asked-for', phase='before', t=1.0)
        self.assertEqual((), built.verdict().findings)

    def test_nobody_knows(self):
        self.assertEqual([], self.found(outcome='info'))
        self.assertEqual([], self.found(outcome=None))

    def test_somebody_else_asked_for_that_name(self):
        self.judged()
        self.built.rename(50.0, 'a', 'asked-for')
        self.assertEqual(
            [],
            [
                one
                for one in self.built.verdict().findings
                if one.checker == 'refused'
            ],
        )

    def test_holes_make_it_a_doubt(self):
        self.judged()
        found = self.built.verdict(drop=lambda event: event.n == 5)
        self.assertNotIn('refused', [one.checker for one in found.findings])
        self.assertEqual('unknown', found.verdict)

    def test_without_a_refusal_there_is_no_row(self):
        name = 'refused and made all the same'
        rows = [row.name for row in histories.storm().verdict().slo]
        self.assertNotIn(name, rows)
        self.assertIn(name, [row.name for row in self.judged().slo])
