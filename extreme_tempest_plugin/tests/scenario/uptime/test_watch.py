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

from extreme_tempest_plugin.tests.scenario import base


class UptimeWatchTest(base.CampaignTest):
    """Every API is watched for a while and is not away at all."""

    plan_file = pathlib.Path(__file__).with_name('uptime_watch.yaml')

    @decorators.attr(type='uptime')
    @decorators.idempotent_id('0b7a55a4-7b0f-4e39-8f2e-6a1d3d6f2d02')
    def test_every_api_is_up(self):
        self.run_campaign()
