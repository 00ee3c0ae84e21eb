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
"""By what the steady state of a cloud is known.

What cannot be measured on this cloud is no check, and a remark says why.
"""

import collections.abc
import functools

from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin import steady
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import offer
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import reported
from extreme_tempest_plugin.faults import clusters
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.faults import members
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.uptime import canary

#: Whether each service is up, None where nobody knows.
Up = collections.abc.Callable[[], collections.abc.Mapping[str, bool | None]]


def spare(plan: model.Plan) -> frozenset[str]:
    """Kinds of which a storm leaves room for one: the canary's."""
    flies = plan.faults and plan.steady.wants(model.CANARY)
    return canary.KINDS if flies else frozenset()


class Checks:
    """Makes the checks of one campaign.

    :param up: what the monitors say.
    :param note: writes the remarks.
    """

    def __init__(
        self,
        plan: model.Plan,
        settings: settings_.Settings,
        access: credentials.Access,
        up: Up,
        note: notes.Notes,
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._access = access
        self._up = up
        self._note = note

    def of(
        self,
        directory: run_directory.RunDirectory,
        over: collections.abc.Callable[[], bool],
    ) -> collections.abc.Iterator[steady.Check]:
        """Those that the plan wants and the cloud can have.

        :param directory: of the run; has the ledger of the canary.
        :param over: whether nothing more is to be awaited.
        :raises UsageError: if there is no token.
        :raises CallError: if the cloud does not say what it offers.
        """
        if not self._plan.faults:
            return
        for name in filter(self._plan.steady.wants, reported.NAMES):
            yield from self._report(name)
        yield from self._clusters()
        if self._plan.uptime and self._plan.steady.wants(model.APIS):
            yield steady.Check(
                name=model.APIS,
                look=Monitors(self._up),
                blind='the control target is away, or a monitor says nothing',
            )
        if self._plan.steady.wants(model.CANARY):
            yield from self._canary(directory, over)

    def _remark(self, name: str, why: str) -> None:
        self._note(events.Topic.REMARK, 'steady', f'{name}: {why}')

    def _report(self, name: str) -> collections.abc.Iterator[steady.Check]:
        if self._access.admin is None:
            self._remark(name, 'not measured: there is no administrator')
            return
        admin = clients.make(self._settings.cloud, self._access.admin)
        admin.check()
        if reported.NAMES[name] not in self._offer(admin):
            self._remark(name, 'not measured: it is not in the catalog')
            return
        report = Report(admin, name)
        try:
            if reported.parts(admin, name):
                yield steady.Check(name=name, look=report)
                return
            why = 'nothing is listed'
        except ports.CallError as error:
            if error.refusal.status not in (403, 404):
                # It will say why it is not steady.
                yield steady.Check(name=name, look=report)
                return
            why = str(error)
        self._remark(name, f'not measured: {why}')

    def _offer(self, cloud: clients.Clients) -> offer.Offer:
        return offer.Offer(
            cloud, self._settings.cloud, self._access.admin is not None
        )

    def _clusters(self) -> collections.abc.Iterator[steady.Check]:
        path = self._settings.destructive.os_faults_config
        if not path:
            return
        declared = reading.read(path)
        for cluster in declared.clusters:
            if not self._plan.steady.wants(cluster.name):
                continue
            if not cluster.kind:
                self._kindless(cluster, path)
                continue
            yield steady.Check(
                name=cluster.name,
                look=functools.partial(
                    members.lacking, cluster, declared.hosts
                ),
            )

    def _kindless(self, cluster: clusters.Cluster, path: str) -> None:
        """One that nobody can ask, which matters if a fault hits it."""
        why = (
            'not asked whether it is whole: give '
            f'clusters.{cluster.name}.kind in {path}'
        )
        targets = guard.permitted(
            self._plan.faults, self._settings.destructive, self._plan.bounds
        )
        if any(losses.lost(cluster, target) for target in targets):
            self._note.unmeasured(f'steady/{cluster.name}', why)
        else:
            self._remark(cluster.name, why)

    def _canary(
        self,
        directory: run_directory.RunDirectory,
        over: collections.abc.Callable[[], bool],
    ) -> collections.abc.Iterator[steady.Check]:
        cloud = clients.make(self._settings.cloud, self._access.user)
        cloud.check()
        known = self._settings.cloud
        offered = self._offer(cloud)
        if 'nova' not in offered or not (known.image and known.flavor):
            self._remark(
                model.CANARY,
                'not measured: no nova, or no [compute] image_ref and '
                'flavor_ref',
            )
            return
        port = known.floating_ip_port
        volume = 'cinder' in offered
        if not volume:
            self._remark(model.CANARY, 'without a volume: there is no cinder')
        if not port or 'floating-server' not in offered:
            port = 0
            self._remark(
                model.CANARY,
                'the server is not tried at a floating IP: no [stress] '
                'floating_ip_port, or no way there',
            )
        ledgers = directory.path / 'ledgers'
        ledgers.mkdir(exist_ok=True)
        flies = canary.Canary(
            cloud,
            ledgers / f'{model.CANARY}.jsonl',
            directory.run,
            network=cloud.boot.network if 'neutron' in offered else '',
            volume=volume,
            port=port,
            over=over,
            remark=functools.partial(self._remark, model.CANARY),
        )
        yield steady.Check(
            name=model.CANARY,
            look=flies,
            tries=True,
            blind='the quota has no room for it',
            end=lambda: self._end(flies),
        )

    def _end(self, flies: canary.Canary) -> None:
        for left in flies.clean():
            self._note(events.Topic.LEFT_BEHIND, left.resource, left.why)
        flies.close()


class Report:
    """Whether all is up that a service said to be up at first.

    :param admin: the cloud as an administrator.
    :param name: see ``reported.NAMES``.
    """

    def __init__(self, admin: ports.Cloud, name: str) -> None:
        self._admin = admin
        self._name = name
        self._there: frozenset[str] = frozenset()

    def __call__(self) -> str:
        try:
            parts = reported.parts(self._admin, self._name)
        except ports.CallError as error:
            return f'not to be had: {error}'
        if not self._there and parts and all(parts.values()):
            self._there = frozenset(parts)
        down = [
            one
            for one in sorted(self._there or parts)
            if not parts.get(one, False)
        ]
        if down or not parts:
            return f'down: {", ".join(down) or "nothing is listed"}'
        return ''


class Monitors:
    """Whether every monitor that ever said something is green.

    :param up: what they say.
    """

    def __init__(self, up: Up) -> None:
        self._up = up
        self._known: set[str] = set()

    def __call__(self) -> str | None:
        up = self._up()
        self._known |= {
            name for name, is_up in up.items() if is_up is not None
        }
        if not self._known:
            return 'nobody has looked yet'
        down = sorted(name for name in self._known if up[name] is False)
        silent = any(up[name] is None for name in self._known)
        if model.CONTROL in down or (silent and not down):
            # The tester's own network is away, or a monitor: they say
            # nothing of a cloud. A request that hangs fails in its time.
            return None
        return f'down: {", ".join(down)}' if down else ''
