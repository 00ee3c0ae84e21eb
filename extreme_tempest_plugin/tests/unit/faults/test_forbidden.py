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
import dataclasses
import pathlib
import subprocess
import tempfile
from typing import Any
from unittest import mock

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bystanders
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.tests.unit import configuration as settings
from extreme_tempest_plugin.tests.unit.faults import forbidden
from extreme_tempest_plugin.tests.unit.faults import world


def _touched(*args: object, **more: object) -> Any:
    raise AssertionError(f'touched: {args} {more}')


class TestForbidden(testtools.TestCase):
    """Each as a campaign would ask for it; whatever touches is a failure."""

    def setUp(self) -> None:
        super().setUp()
        for place, name in (
            (engines, 'engine'),
            (engines, 'observer'),
            (bystanders, 'over_ssh'),
            (ssh, 'run'),
            (subprocess, 'Popen'),
            (subprocess, 'run'),
        ):
            made = mock.patch.object(place, name, _touched)
            made.start()
            self.addCleanup(made.stop)
        ours = mock.patch.object(
            guard, '_leads_to_us', lambda one: one == world.ADDRESSES['me']
        )
        ours.start()
        self.addCleanup(ours.stop)

    def _ask(
        self, case: forbidden.Case, rehearsal: bool
    ) -> tuple[configuration.Target, ...]:
        """As ``cmd.run`` and ``campaign.run`` do, one after the other."""
        with tempfile.TemporaryDirectory() as directory:
            there = world.World(pathlib.Path(directory))
            observer = world.Observer()
            case.change(there, observer)
            before = self._files(there)
            wanted = dataclasses.replace(there.destructive, **case.settings)
            try:
                plan = preparation.prepare(
                    loader.parse(case.plan),
                    settings.settings(destructive=wanted),
                )
                return guard.check(
                    plan.faults,
                    wanted,
                    plan.bounds,
                    rehearsal=rehearsal,
                    observer=observer,
                    preflight=case.preflight,
                )
            finally:
                left = self._files(there)
                if not rehearsal:
                    left = {name for name in left if name.suffix == '.json'}
                    before = {one for one in before if one.suffix == '.json'}
                self.assertEqual(before, left, case.name)

    @staticmethod
    def _files(there: world.World) -> set[pathlib.Path]:
        return {*there.directory.rglob('*')}

    def test_there_are_enough_and_each_once(self) -> None:
        names = [case.name for case in forbidden.CASES]
        self.assertGreaterEqual(len(names), 25)
        self.assertEqual(len({*names}), len(names))

    def test_what_they_change_is_granted(self) -> None:
        granted = forbidden.Case(name='granted', says=())
        for rehearsal in (False, True):
            (target,) = self._ask(granted, rehearsal)
            self.assertEqual('nova-api', target.unit)

    def test_faults_by_chance_are_granted_as_well(self) -> None:
        granted = forbidden.Case(
            name='chaos', says=(), plan=forbidden.by_chance('nova-api')
        )
        targets = self._ask(granted, rehearsal=False)
        self.assertEqual({'nova-api'}, {one.unit for one in targets})
        self.assertGreater(len(targets), 5)

    def test_each_is_refused_before_anything_is_touched(self) -> None:
        for case in forbidden.CASES:
            for rehearsal in (False, True):
                try:
                    self._ask(case, rehearsal)
                except errors.UsageError as error:
                    said = str(error)
                else:
                    self.fail(f'{case.name}: granted')
                for part in case.says:
                    self.assertIn(part, said, case.name)
                self.assertNotIn('\n', said, case.name)
