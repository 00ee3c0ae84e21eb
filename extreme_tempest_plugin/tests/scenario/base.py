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
"""What the scenarios share: each is one campaign, judged by the checkers."""

import collections.abc
import contextlib
import pathlib
import typing

from tempest import config
from tempest import test
from testtools import content

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin import campaign
from extreme_tempest_plugin import interruption
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin import watching
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.plan import ready
from extreme_tempest_plugin.reports import text

CONF = config.CONF


class CampaignTest(test.BaseTestCase):
    """A test class that runs a plan.

    ``plan_file`` is the plan beside the test, ``plan_name`` a ready plan; a
    plan of the same name in ``[stress] plans_dir`` takes its place.

    :cvar services: that it cannot do without.
    :cvar duration: seconds, instead of those of the plan; None keeps them.
    :cvar router: whether its network is to have a way out.
    """

    settings: settings_.Settings
    plan: model.Plan
    access: credentials.Access
    credentials = ['primary']
    plan_file: pathlib.Path | None = None
    plan_name = ''
    services: tuple[str, ...] = ()
    duration: float | None = None
    router = False

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not CONF.identity.uri_v3:
            raise cls.skipException('no cloud: set [identity] uri_v3')
        cls.settings = settings_.from_conf(CONF)
        cls.plan = cls.load_plan()
        missing = settings_.unavailable(CONF, cls.services)
        if missing:
            raise cls.skipException(
                f'no {" and no ".join(missing)}: see [service_available]'
            )
        if 'nova' in cls.services and not CONF.compute.image_ref:
            raise cls.skipException(
                'no image to boot: set [compute] image_ref'
            )

    @classmethod
    def setup_credentials(cls) -> None:
        breaking.heal_dead_runs(cls.settings.destructive, cls.plan.faults)
        # Servers need a network.
        cls.set_network_resources(
            network=True, subnet=True, dhcp=True, router=cls.router
        )
        super().setup_credentials()

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        network = cls.get_tenant_network() if cls.plan.storm else {}
        user = credentials.of_tempest(
            cls.os_primary.credentials, network.get('id', '')
        )
        dynamic = CONF.auth.use_dynamic_credentials
        cls.access = credentials.Access(
            user=user,
            admin=credentials.administrator(),
            provided=credentials.provided(user) if dynamic else (),
        )

    @classmethod
    def load_plan(cls) -> model.Plan:
        file = cls.plan_file or ready.find(cls.plan_name)
        if cls.settings.plans_dir:
            own = cls.settings.plans_dir / file.name
            file = own if own.exists() else file
        plan = loader.load(file)
        if cls.duration is None:
            return plan
        return ready.changed(plan, duration=cls.duration)

    @contextlib.contextmanager
    def monitors(
        self, *services: str, **options: typing.Any
    ) -> collections.abc.Iterator[None]:
        """Watch APIs for as long as the block lasts; fail with the summary.

        See ``watching.monitors``.
        """
        with watching.monitors(
            self.settings, self.access, *services, **options
        ) as watch:
            yield
        assert watch.result is not None
        self._judge(watch.result)

    def run_campaign(self) -> None:
        """Run the plan; fail with the summary if the verdict is not pass."""
        plan = preparation.prepare(self.plan, self.settings)
        # A worker of stestr outlives it by as long as the healing takes.
        with interruption.heeded():
            result = campaign.run(plan, self.settings, self.access)
        self._judge(result)

    def _judge(self, result: campaign.Result) -> None:
        summary = text.render(result.verdict, result.directory)
        self.addDetail('summary', content.text_content(summary))
        self.addDetail(
            'verdict.json',
            content.content_from_file(
                str(result.directory / 'verdict.json'),
                content.ContentType('application', 'json'),
            ),
        )
        if result.verdict.verdict != 'pass':
            self.fail(summary)
