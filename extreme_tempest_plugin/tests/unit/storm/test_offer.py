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
"""What is left of a storm on a cloud that lacks something."""

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import offer


def _fit(offered, weights, **more):
    storm = plan_model.Storm(actions=weights, **more)
    return storm, offer.fit(storm, offered, lambda name: f'no {name}')


class TestFit(testtools.TestCase):
    def test_all_is_there(self):
        storm, fitted = _fit({'nova'}, {'server.create': 1.0})
        self.assertIs(storm, fitted.storm)
        self.assertEqual((), fitted.remarks)

    def test_a_missing_service_takes_its_actions_alone(self):
        _, fitted = _fit(
            {'nova'},
            {
                'volume.create': 1.0,
                'server.create': 2.0,
                'volume.delete': 1.0,
                'server.delete': 3.0,
            },
        )
        self.assertEqual(
            {'server.create': 2.0, 'server.delete': 3.0}, fitted.storm.actions
        )
        self.assertEqual(
            ('no cinder: volume.create, volume.delete left out',),
            fitted.remarks,
        )

    def test_what_acts_on_what_nobody_makes(self):
        """Nova could attach, but there is nothing to attach."""
        _, fitted = _fit(
            {'nova'},
            {'volume.create': 1.0, 'server.create': 1.0, 'volume.attach': 1.0},
        )
        self.assertEqual({'server.create': 1.0}, fitted.storm.actions)
        self.assertIn(
            'nothing makes a volume: volume.attach left out', fitted.remarks
        )

    def test_what_is_shared_needs_its_service_too(self):
        _, fitted = _fit(
            {'nova'},
            {'server.rename': 1.0, 'volume.rename': 1.0},
            shared={'server': 1, 'volume': 2},
        )
        self.assertEqual({'server': 1}, fitted.storm.shared)
        self.assertEqual({'server.rename': 1.0}, fitted.storm.actions)

    def test_an_administrator(self):
        weights = {'server.create': 1.0, 'server.live_migrate': 1.0}
        rest = {'nova', 'computes:2'}
        admin = offer.needs(actions.catalogue()['server.live_migrate'])
        _, fitted = _fit(rest | admin, weights)
        self.assertEqual(weights, fitted.storm.actions)
        _, fitted = _fit((rest | admin) - {'admin'}, weights)
        self.assertEqual({'server.create': 1.0}, fitted.storm.actions)
        self.assertIn('no admin', fitted.remarks[0])

    def test_a_plan_that_never_creates_is_left_alone(self):
        """That is no fault of the cloud's."""
        _, fitted = _fit({'nova'}, {'server.delete': 1.0})
        self.assertEqual((), fitted.remarks)

    def test_nothing_is_left(self):
        error = self.assertRaises(
            errors.UsageError, _fit, {'nova'}, {'volume.create': 1.0}
        )
        self.assertIn('no cinder: volume.create left out', str(error))

    def test_what_is_left_has_no_weight(self):
        self.assertRaises(
            errors.UsageError,
            _fit,
            {'nova'},
            {'volume.create': 1.0, 'server.create': 0.0},
        )
