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
"""Ready plans as tests, each for half a minute."""

from tempest.lib import decorators

from extreme_tempest_plugin.tests.scenario import base


class StormTest(base.CampaignTest):
    """A storm of a ready plan, shortened."""

    duration = 30.0


class StormAttachDetachTest(StormTest):
    """Volumes go to servers and back."""

    services = ('nova', 'cinder')
    plan_name = 'attach_detach'

    @decorators.attr(type='storm')
    @decorators.idempotent_id('80be00ab-50bc-4f2e-8b8b-c88d8bdb01a9')
    def test_storm_on_attachments(self):
        self.run_campaign()


class StormFloatingIpsTest(StormTest):
    """Floating IPs on ports behind routers."""

    services = ('neutron',)
    plan_name = 'floating_ips'

    @decorators.attr(type='storm')
    @decorators.idempotent_id('ff6bc805-6b31-41e0-b9f7-27f0eb71a9b5')
    def test_storm_on_floating_ips(self):
        self.run_campaign()


class StormImagesTest(StormTest):
    """Images are filled and read."""

    services = ('glance',)
    plan_name = 'images'

    @decorators.attr(type='storm')
    @decorators.idempotent_id('bc656b03-acb8-469a-9848-f22e64f3f9be')
    def test_storm_on_images(self):
        self.run_campaign()


class StormObjectsTest(StormTest):
    """Objects are written and read."""

    services = ('swift',)
    plan_name = 'objects'

    @decorators.attr(type='storm')
    @decorators.idempotent_id('adaaa1f1-490b-4b5a-8a79-8a8e992271f5')
    def test_storm_on_objects(self):
        self.run_campaign()


class StormSharedSecurityGroupsTest(StormTest):
    """Many users add rules to the same groups."""

    services = ('neutron',)
    plan_name = 'security_groups'

    @decorators.attr(type='storm')
    @decorators.idempotent_id('b095b467-acb9-4d3c-b9e4-11a056d7cd1d')
    def test_storm_on_shared_security_groups(self):
        self.run_campaign()
