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
class ApisFrozenTest(base.DestructiveTest):
    """Each API hangs for a while."""

    services = ('nova', 'neutron', 'glance', 'cinder')
    plan_file = pathlib.Path(__file__).with_name('apis_frozen.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('22ea7952-7c60-42ab-8293-6101a252e48d')
    def test_apis_frozen(self):
        self.run_campaign()


@decorators.serial
class WorkersKilledTest(base.DestructiveTest):
    """Workers behind the APIs are killed."""

    services = ('nova', 'neutron', 'cinder')
    plan_file = pathlib.Path(__file__).with_name('workers_killed.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('605be7ef-b893-4b00-bbea-c457d8f72fc8')
    def test_workers_killed(self):
        self.run_campaign()


@decorators.serial
class MemcachedGoneTest(base.DestructiveTest):
    """memcached is away for a while."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('memcached_gone.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('182004d0-e831-4d48-b8d4-826a457578a1')
    def test_memcached_gone(self):
        self.run_campaign()


@decorators.serial
class RollingRestartTest(base.DestructiveTest):
    """Every service is restarted, one after the other."""

    services = ('nova', 'neutron', 'glance', 'cinder')
    plan_file = pathlib.Path(__file__).with_name('rolling_restart.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('1c935b86-47f8-4bb7-b3dc-3f2fa3307136')
    def test_rolling_restart(self):
        self.run_campaign()
