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
import pathlib

from tempest.lib import decorators

from extreme_tempest_plugin.tests.scenario.destructive import base


@decorators.serial
class DatabaseDowntimeTest(base.DestructiveTest):
    """The database is away for a while; every API comes back by itself."""

    services = ('nova', 'neutron', 'glance')
    plan_file = pathlib.Path(__file__).with_name('database_downtime.yaml')

    @decorators.attr(type='destructive')
    @decorators.idempotent_id('20ee58bb-1420-4bd4-8a04-1c96ed9f44a9')
    def test_database_downtime(self):
        self.run_campaign()


@decorators.serial
class DatabaseNodeTest(base.DestructiveTest):
    """Nodes of Galera are away, one at a time."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('database_node.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('ec786566-9fe4-4764-b8cf-f79f732e2bf0')
    def test_database_node(self):
        self.run_campaign()


@decorators.serial
class DatabasePartitionTest(base.DestructiveTest):
    """A node of Galera is cut off from the others, and nothing else is."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('database_partition.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('101d8587-abb5-44d9-9b12-5ded21bb363f')
    def test_database_partition(self):
        self.run_campaign()
