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
from typing import Any

from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.faults import test_losses
from extreme_tempest_plugin.tests.unit.faults import world

fault = test_losses.fault
BEYOND = model.Bounds(beyond_quorum=True, most_hosts=9)
OVERLAP = model.Bounds(beyond_quorum=True, most_hosts=9, overlap=True)
ONE_BY_ONE = ('mysql-ctl1', 'mysql-ctl2', 'mysql-ctl3')


class TestBeginning(test_losses.LossesTest):
    def setUp(self) -> None:
        super().setUp()
        self.configure()

    def configure(self, unit: str = 'mariadb', **changes: Any) -> None:
        bmc = {'address': '198.51.100.1', 'username': 'u', 'password': 'p'}
        services = {
            'mysql': world.service(unit, *world.CONTROLLERS),
            **{
                f'mysql-{name}': world.service(unit, name)
                for name in world.CONTROLLERS
            },
        }
        self.world.configure(
            **{
                'services': services,
                'containers': {
                    'inside': world.container('db', *world.CONTROLLERS),
                    'inside-ctl1': world.container('db', 'ctl1'),
                },
                'clusters': {
                    'galera': {
                        'hosts': [*world.CONTROLLERS],
                        'services': ['mysql', 'inside'],
                        'kind': 'galera',
                    }
                },
                'power_managements': [
                    {
                        'driver': 'ipmi',
                        'args': {
                            'fqdn_to_bmc': dict.fromkeys(world.ADDRESSES, bmc)
                        },
                    }
                ],
                **changes,
            }
        )
        self.world.allow()

    def stays_down(
        self, *faults: model.Fault, bounds: model.Bounds = OVERLAP
    ) -> None:
        text = self.refused(*faults, bounds=bounds)
        self.assertIn('last member of the cluster galera', text)
        self.assertIn('nobody would begin it again', text)
        self.assertNotIn('\n', text)

    def test_a_service_on_all_hosts_is_begun(self) -> None:
        for unit in ('mariadb', 'mysql.service', 'mysqld'):
            self.configure(unit)
            for kind in ('restart', 'kill', 'terminate', 'freeze'):
                one = fault(f'service.{kind}', 'mysql')
                self.permit(one, bounds=BEYOND)
                self.permit(one, bounds=OVERLAP)

    def test_a_unit_that_is_not_known_is_not(self) -> None:
        self.configure('percona')
        for kind in ('restart', 'terminate'):
            self.stays_down(fault(f'service.{kind}', 'mysql'), bounds=BEYOND)
        self.permit(fault('service.kill', 'mysql'), bounds=BEYOND)

    def test_containers_are_not(self) -> None:
        for kind in ('restart', 'terminate'):
            self.stays_down(fault(f'service.{kind}', 'inside'), bounds=BEYOND)
            self.permit(fault(f'service.{kind}', 'inside-ctl1'))
        for kind in ('kill', 'freeze'):
            self.permit(fault(f'service.{kind}', 'inside'), bounds=BEYOND)

    def test_one_by_one_while_others_last(self) -> None:
        stops = [
            fault('service.terminate', name, at)
            for at, name in enumerate(ONE_BY_ONE)
        ]
        self.stays_down(*stops)
        self.permit(*stops[:2], bounds=OVERLAP)
        late = fault('service.terminate', ONE_BY_ONE[2], 62)
        self.permit(*stops[:2], late, bounds=OVERLAP)
        # Each is whole before the next.
        self.permit(*stops, bounds=BEYOND)

    def test_hosts_that_are_shut_down(self) -> None:
        for kinds, begins in (
            (('shutdown', 'shutdown', 'shutdown'), False),
            (('off', 'off', 'shutdown'), False),
            # A power cut leaves them to find each other.
            (('off', 'off', 'off'), True),
            (('off', 'reset', 'off'), True),
        ):
            faults = [
                fault(f'node.{kind}', host, at)
                for at, (kind, host) in enumerate(
                    zip(kinds, world.CONTROLLERS, strict=True)
                )
            ]
            if begins:
                self.permit(*faults, bounds=OVERLAP)
            else:
                self.stays_down(*faults)

    def test_a_cluster_that_does_not_say_what_it_is(self) -> None:
        named = {'hosts': [*world.CONTROLLERS], 'services': ['mysql']}
        self.configure(clusters={'galera': named})
        self.stays_down(
            *(fault('service.terminate', name) for name in ONE_BY_ONE)
        )

    def test_others_begin_by_themselves(self) -> None:
        named = {'hosts': [*world.CONTROLLERS], 'kind': 'rabbitmq'}
        self.configure(clusters={'rabbitmq': named})
        shut = [fault('node.shutdown', name) for name in world.CONTROLLERS]
        self.permit(*shut, bounds=OVERLAP)
