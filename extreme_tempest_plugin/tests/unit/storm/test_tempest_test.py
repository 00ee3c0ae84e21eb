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
"""Tests of Tempest as actions: found by name, run, and judged."""

import contextlib
import io
import unittest

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.checkers import unexpected
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import tempest_server
from extreme_tempest_plugin.storm.actions import tempest_test

HERE = f'{__name__}.Sample'


class Sample(unittest.TestCase):
    """Not run by itself: it has no test_ in its names."""

    def fine(self):
        pass

    def broken(self):
        self.assertEqual(1, 2)

    def left_out(self):
        self.skipTest('no such thing')

    @unittest.expectedFailure
    def surprise(self):
        pass


class BrokenFixtures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError('no credentials')

    def fine(self):
        pass


def run(test):
    with contextlib.redirect_stderr(io.StringIO()):
        request = tempest_server.Request(test=test, timeout=30)
        return tempest_server.run(request)


class RunTest(testtools.TestCase):
    def test_ok(self):
        self.assertEqual('ok', run(f'{HERE}.fine').outcome)

    def test_attributes_are_not_part_of_the_name(self):
        self.assertEqual('ok', run(f'{HERE}.fine[id-1-2,smoke]').outcome)

    def test_failed(self):
        result = run(f'{HERE}.broken')
        self.assertEqual('failed', result.outcome)
        self.assertEqual('AssertionError: 1 != 2', result.text)

    def test_skipped(self):
        result = run(f'{HERE}.left_out')
        self.assertEqual('skipped', result.outcome)
        self.assertEqual('no such thing', result.text)

    def test_what_was_to_fail_and_did_not(self):
        self.assertEqual('failed', run(f'{HERE}.surprise').outcome)

    def test_fixtures_of_the_class(self):
        result = run(f'{__name__}.BrokenFixtures.fine')
        self.assertEqual('failed', result.outcome)
        self.assertIn('no credentials', result.text)

    def test_no_such_test(self):
        for name in ('nowhere.Test.test', f'{HERE}.nothing', 'sys', HERE):
            self.assertEqual('failed', run(name).outcome, name)


class PlanTest(testtools.TestCase):
    def _storm(self, name):
        return plan_model.Storm(actions={name: 1})

    def test_known(self):
        actions.check(self._storm(f'tempest.test:{HERE}.fine'))

    def test_unknown_test(self):
        name = f'tempest.test:{HERE}.nothing'
        error = self.assertRaises(
            errors.PlanError, actions.check, self._storm(name)
        )
        self.assertIn(name, str(error))
        self.assertEqual(('storm', 'actions', name), error.keys)
        self.assertNotIn('\n', str(error))

    def test_it_is_found_by_name_and_needs_nothing(self):
        storm = self._storm(f'tempest.test:{HERE}.fine')
        (entry,) = actions.weighted(storm)
        self.assertEqual(f'tempest.test:{HERE}.fine', entry.action.name)
        self.assertEqual((), actions.created(storm))
        self.assertEqual(tempest_test.TIMEOUT + 30, actions.longest(storm))


class JudgedTest(testtools.TestCase):
    def _end(self, outcome, text=''):
        action = tempest_test.named('tempest.test:some.Test.test')
        result = tempest_server.Result(outcome, text)
        self.patch(tempest_test._RUNNER, 'run', lambda test: result)
        answer = action.invoke(None, None)
        return action.look(None, None, answer)

    def test_ok(self):
        self.assertTrue(self._end('ok').reached)

    def test_failed(self):
        sight = self._end('failed', 'AssertionError: no')
        self.assertFalse(sight.reached)
        self.assertTrue(sight.final)
        self.assertEqual('AssertionError: no', sight.error)

    def test_a_skip_is_not_ok(self):
        error = self.assertRaises(
            ports.CallError, self._end, 'skipped', 'no such thing'
        )
        self.assertIs(ports.Kind.FAIL, error.refusal.kind)
        self.assertEqual('skipped: no such thing', error.refusal.error)
        self.assertEqual(unexpected.SKIPPED, tempest_test.SKIPPED)
