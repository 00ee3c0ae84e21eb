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
from unittest import mock

import testtools

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import power


class TestEngines(testtools.TestCase):
    def test_each_kind_has_the_engine_that_it_names(self) -> None:
        for kind in catalogue.KINDS.values():
            is_node = kind.of is catalogue.Subject.NODE
            by_os_faults = kind.by is catalogue.By.OS_FAULTS and not is_node
            engine, observer = engines.engine(kind, 60), engines.observer(kind)
            for one, parent, wanted in (
                (engine, power.Power, is_node),
                (observer, power.Power, is_node),
                (engine, os_faults.OsFaults, by_os_faults),
                (observer, evidence.OverSsh, by_os_faults),
            ):
                self.assertEqual(wanted, isinstance(one, parent), kind.name)

    def test_os_faults_is_needed_for_its_own_kinds_alone(self) -> None:
        kinds = catalogue.KINDS
        with mock.patch.object(os_faults, 'preflight') as asked:
            engines.preflight(
                [
                    kinds['service.freeze'],
                    kinds['network.partition'],
                    kinds['switch.port_down'],
                ]
            )
            asked.assert_not_called()
            for name in ('service.kill', 'node.off'):
                asked.reset_mock()
                engines.preflight([kinds['service.freeze'], kinds[name]])
                asked.assert_called_once_with()
