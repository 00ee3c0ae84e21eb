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

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import plans
from extreme_tempest_plugin.plan import model


class TestPlans(testtools.TestCase):
    def test_known_kinds_pass(self) -> None:
        plans.check(
            [
                model.Fault(fault='service.restart', target='a'),
                model.Fault(fault='service.terminate', target='a', hold=30),
                model.Fault(
                    fault='service.terminate', target='a', at=30, hold=None
                ),
            ]
        )

    def test_unknown_kind_names_the_known(self) -> None:
        error = self.assertRaises(
            errors.PlanError,
            plans.check,
            [model.Fault(fault='service.explode', target='a')],
        )
        self.assertIn("'service.explode'", str(error))
        self.assertIn(
            'clock.step, disk.full, host.command, network.delay, '
            'network.loss, network.partition, node.off, node.reset, '
            'node.shutdown, service.freeze, service.kill, service.restart, '
            'service.terminate, switch.flap, switch.port_down',
            str(error),
        )

    def test_hold_of_what_heals_itself_is_refused(self) -> None:
        for hold in (5.0, None):
            error = self.assertRaises(
                errors.PlanError,
                plans.check,
                [model.Fault(fault='service.restart', target='a', hold=hold)],
            )
            self.assertIn('`hold`', str(error))

    def test_recovery_within_the_hold_is_refused(self) -> None:
        error = self.assertRaises(
            errors.PlanError,
            plans.check,
            [
                model.Fault(
                    fault='service.terminate',
                    target='a',
                    hold=30,
                    recovery=30,
                )
            ],
        )
        self.assertIn('raise `recovery`', str(error))

    def test_target_that_is_still_held_is_refused(self) -> None:
        def stop(target: str, at: float) -> model.Fault:
            return model.Fault(
                fault='service.terminate', target=target, at=at, hold=None
            )

        both = model.Bounds(overlap=True)
        plans.check([stop('a', 1), stop('b', 2)], both)
        error = self.assertRaises(
            errors.PlanError,
            plans.check,
            [stop('a', 2), stop('a', 1)],
            both,
        )
        self.assertIn('faults: 1:', str(error))
        self.assertIn('fault 2 still holds', str(error))

    def test_one_at_a_time_unless_the_plan_overlaps_them(self) -> None:
        def faults(hold: float | None, at: float) -> list[model.Fault]:
            return [
                model.Fault(fault='service.restart', target='b', at=at),
                model.Fault(
                    fault='service.terminate', target='a', at=5, hold=hold
                ),
            ]

        for hold, at in ((10, 5.1), (10, 14.9), (None, 900)):
            error = self.assertRaises(
                errors.PlanError, plans.check, faults(hold, at)
            )
            self.assertIn('`overlap: true`', str(error))
            plans.check(faults(hold, at), model.Bounds(overlap=True))
        plans.check(faults(10, 15))
        plans.check(faults(10, 4.9))

    def test_freeze_may_hold_until_the_end(self) -> None:
        for hold in (0.0, 5.0, None):
            fault = model.Fault(
                fault='service.freeze', target='a', hold=hold, recovery=30
            )
            plans.check([fault])
            self.assertEqual(0.0, plans.dead_man(fault))

    def test_timer_on_the_target_must_know_when(self) -> None:
        fault = model.Fault(
            fault='network.partition', target='a', hold=20, recovery=30
        )
        plans.check([fault])
        self.assertEqual(50.0, plans.dead_man(fault))
        error = self.assertRaises(
            errors.PlanError,
            plans.check,
            [model.Fault(fault='network.partition', target='a', hold=None)],
        )
        self.assertIn('give `hold` in seconds', str(error))

    def test_power_may_be_off_until_the_end(self) -> None:
        for hold in (0.0, 5.0, None):
            for kind in ('node.off', 'node.shutdown'):
                plans.check(
                    [
                        model.Fault(
                            fault=kind, target='a', hold=hold, recovery=30
                        )
                    ]
                )
        self.assertRaises(
            errors.PlanError,
            plans.check,
            [model.Fault(fault='node.reset', target='a', hold=None)],
        )
