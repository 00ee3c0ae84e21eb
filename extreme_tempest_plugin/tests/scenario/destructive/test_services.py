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


class EveryServiceTest(base.DestructiveTest):
    """One fault of every API and every worker, one after the other."""

    services = ('nova', 'neutron', 'glance', 'cinder', 'swift', 'designate')


@decorators.serial
class ServicesKilledTest(EveryServiceTest):
    """Every API and every worker is killed."""

    plan_file = pathlib.Path(__file__).with_name('services_killed.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('31a6685a-d8b2-4f4f-8237-f4c3ee3e2506')
    def test_services_killed(self):
        self.run_campaign()


@decorators.serial
class ServicesTerminatedTest(EveryServiceTest):
    """Every API and every worker is away for a while."""

    plan_file = pathlib.Path(__file__).with_name('services_terminated.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('aaafb115-714c-492e-8018-9243fe8d18d2')
    def test_services_terminated(self):
        self.run_campaign()


@decorators.serial
class ServicesFrozenTest(EveryServiceTest):
    """Every API and every worker hangs for a while."""

    plan_file = pathlib.Path(__file__).with_name('services_frozen.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('c46bcfd7-4a5c-4573-81b3-9f363a652ebb')
    def test_services_frozen(self):
        self.run_campaign()


@decorators.serial
class RollingRestartTest(EveryServiceTest):
    """Every service is restarted, on all of its hosts at once."""

    plan_file = pathlib.Path(__file__).with_name('rolling_restart.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('d11195c3-d74a-4869-ba7b-a0bb785c1250')
    def test_rolling_restart(self):
        self.run_campaign()


@decorators.serial
class MemcachedGoneTest(base.DestructiveTest):
    """memcached is away for a while."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('memcached_gone.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('695a404c-6d32-4fdb-bac8-73290ee75158')
    def test_memcached_gone(self):
        self.run_campaign()


@decorators.serial
class StorageFullTest(base.DestructiveTest):
    """There is no room for images and volumes."""

    services = ('glance', 'cinder')
    plan_file = pathlib.Path(__file__).with_name('storage_full.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('94be7bfe-3ffb-4a37-9f43-0e5787bed31d')
    def test_storage_full(self):
        self.run_campaign()


@decorators.serial
class ChaosTest(base.DestructiveTest):
    """Services are broken by chance."""

    services = ('nova', 'neutron', 'cinder')
    plan_name = 'chaos'

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('1471bbb5-56dc-478e-86f5-ac6a1dc3e14c')
    def test_chaos(self):
        self.run_campaign()
