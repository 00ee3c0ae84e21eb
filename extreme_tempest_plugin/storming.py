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
"""The storm of a campaign: counted before, run, counted after, cleaned up."""

import collections.abc
import time

from extreme_tempest_plugin import beside
from extreme_tempest_plugin import errors
from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin import steady_checks
from extreme_tempest_plugin.cloud import afterwards
from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import leftovers
from extreme_tempest_plugin.cloud import name_servers
from extreme_tempest_plugin.cloud import offer
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import joining
from extreme_tempest_plugin.storm import offer as storm_offer
from extreme_tempest_plugin.storm import replay
from extreme_tempest_plugin.storm import runner
from extreme_tempest_plugin.storm import spec as storm_spec
from extreme_tempest_plugin.storm import tally

#: Seconds between two looks at whether it has settled.
PERIOD = 0.5

#: Seconds that a heal waits for a look at what is there.
LOOK = 2.0

#: Seconds by which one fault may put off the end of the storm, at most.
_PUT_OFF = 900.0

#: Told in a few words what is being done.
_Say = collections.abc.Callable[[str], None]


def fit(
    storm: model.Storm,
    settings: settings_.Settings,
    access: credentials.Access,
) -> storm_offer.Fitted:
    """Leave out what the cloud does not offer.

    :raises UsageError: if the cloud gives no token, cannot say what it
        offers, or nothing is left.
    """
    cloud = clients.make(settings.cloud, access.user)
    cloud.check()
    try:
        return storm_offer.fit(
            storm,
            offer.Offer(cloud, settings.cloud, access.admin is not None),
            offer.missing,
        )
    except ports.CallError as error:
        raise errors.UsageError(
            f'{settings.cloud.auth_url}: what the cloud offers cannot be '
            f'listed: {error}'
        ) from None


class Storming:
    """The storm of one campaign.

    :param plan: with a storm.
    :param record: takes each event of the campaign.
    :param hear: told of each event of the storm while it runs.
    :param again: operations to issue instead of choosing any.
    :raises UsageError: for a name server that nobody knows.
    """

    def __init__(
        self,
        plan: model.Plan,
        settings: settings_.Settings,
        access: credentials.Access,
        directory: run_directory.RunDirectory,
        record: collections.abc.Callable[[events.Event], None],
        hear: tally.Hear,
        again: replay.Replay | None = None,
    ) -> None:
        assert plan.storm is not None and plan.seed is not None
        self._settings = settings
        self._access = access
        self._record = record
        self._note = notes.Notes('campaign', record, time.monotonic_ns)
        self._kinds = tuple(
            kind
            for kind in actions.kinds(plan.storm)
            if kind in kinds.BY_NAME and kinds.BY_NAME[kind].listed
        )
        self._prefix = storm_spec.prefix(directory.run)
        self._name_servers = _resolved(settings.name_servers)
        self._replays = again is not None
        self._before: leftovers.Listed | None = None
        self._beside = beside.Beside(LOOK)
        self._storm = runner.Storm(
            storm_spec.StormSpec(
                run=directory.run,
                seed=plan.seed,
                duration=_longest(plan, again),
                storm=plan.storm,
                cloud=settings.cloud,
                credentials=access.user,
                # Only who needs a secret is told it.
                admin=access.admin if actions.need_admin(plan.storm) else None,
                script=_script(again, directory.run),
                web_ui=settings.web_ui,
                others=_others(settings.others),
            ),
            directory.path,
            hear,
            steady_checks.spare(plan),
        )

    def start(self, say: _Say) -> None:
        """Count what is there, then fire.

        :raises HarnessError: if the load process does not come up.
        """
        say('counting what is there')
        self._before = self._look(events.CensusPhase.BEFORE, self._record)
        say('starting the storm')
        self._storm.start()

    def check(self) -> None:
        """See whether it still does what it should.

        :raises HarnessError: if the load process died.
        """
        ended = self._storm.wait(0)
        # It may end well a little before the campaign stops it.
        if ended and not ended.ok:
            raise errors.HarnessError(_death(ended))

    def goes_on(self) -> bool:
        """Whether a replay is not at its end, which comes by itself."""
        return self._replays and self._storm.wait(0) is None

    def progress(self) -> tally.Progress:
        """Numbers up to now."""
        return self._storm.progress()

    def look(self) -> None:
        """Record what services say of each other, while it goes on.

        Services that are away answer when their time-outs are up: a heal
        does not wait for that.
        """
        self._beside.do(
            lambda: afterwards.while_broken(
                self._cloud(),
                self._admin(),
                self._kinds,
                self._storm.ledgers,
                self._record,
            )
        )

    def settle(self, say: _Say) -> None:
        """Stop it and wait until its users have seen what they asked for."""
        self._storm.stop()
        while not (ended := self._storm.wait(PERIOD)):
            say('the storm settles')
        self._beside.end()
        if not ended.ok:
            self._note.unmeasured('storm', _death(ended))

    def clean_up(self, say: _Say) -> None:
        """Count again, and delete what it created and did not delete."""
        if self._storm.running():
            self.settle(say)
        say('counting what is there')
        afterwards.Afterwards(
            cloud=self._cloud(),
            admin=self._admin(),
            kinds=self._kinds,
            ledgers=self._storm.ledgers,
            prefix=self._prefix,
            alone=bool(self._access.provided),
            servers=self._name_servers,
            record=self._record,
        ).take()
        say('deleting what the storm created')
        known: set[str] = set()
        for left in cleanup.clean(
            self._storm.ledgers, self._cloud(), admin=self._admin()
        ):
            known.add(left.resource)
            self._note(events.Topic.LEFT_BEHIND, left.resource, left.why)
        if self._before is None:
            return
        for resource, name in leftovers.find(
            self._before,
            lambda: self._look(events.CensusPhase.AFTER),
            self._prefix,
            alone=bool(self._access.provided),
        ).items():
            if resource not in known:
                self._note(
                    events.Topic.LEFT_BEHIND,
                    resource,
                    f'{name}: it was not there before the run, and no ledger '
                    'has it',
                )

    def _look(
        self,
        phase: events.CensusPhase,
        record: collections.abc.Callable[[events.Event], None] = (
            lambda event: None
        ),
    ) -> leftovers.Listed:
        return leftovers.look(
            phase, self._cloud(), self._admin(), self._kinds, record
        )

    def _cloud(self) -> clients.Clients:
        return clients.make(self._settings.cloud, self._access.user)

    def _admin(self) -> clients.Clients | None:
        if self._access.admin is None:
            return None
        return clients.make(self._settings.cloud, self._access.admin)


def _longest(plan: model.Plan, again: replay.Replay | None) -> float:
    """Seconds after which a storm ends that nobody stops."""
    if again:
        return plan.duration
    return plan.duration + _PUT_OFF * len(plan.faults)


def _resolved(
    named: collections.abc.Iterable[settings_.NameServer],
) -> tuple[name_servers.Server, ...]:
    """The name servers that the census asks.

    :raises UsageError: for one that nobody knows.
    """
    found: list[name_servers.Server] = []
    for one in named:
        servers = name_servers.resolve(one.host, one.port)
        if not servers:
            raise errors.UsageError(
                f'[stress] name_servers: there is no host {one.host}'
            )
        found += servers
    return tuple(found)


def _script(again: replay.Replay | None, run: str) -> replay.Script:
    if again is None:
        return {}
    return replay.renamed(
        again.script, storm_spec.prefix(again.run), storm_spec.prefix(run)
    )


def _others(others: settings_.Others | None) -> storm_spec.Others | None:
    """Load processes on other machines.

    :raises UsageError: if there is no key for them.
    """
    if others is None:
        return None
    return storm_spec.Others(
        workers=others.workers,
        host=others.host,
        port=others.port,
        key=joining.read_key(others.key_file),
    )


def _death(ended: runner.Ended) -> str:
    how = 'was killed' if ended.killed else f'ended with {ended.status}'
    return f'{ended.who} {how}: {ended.log_tail}'
