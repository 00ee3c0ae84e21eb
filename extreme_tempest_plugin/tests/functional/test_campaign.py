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
"""A whole campaign on loopback: real processes, a stub for the cloud."""

import dataclasses
import json
import pathlib
import signal
import time

import fixtures
import testtools

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin import campaign
from extreme_tempest_plugin import errors
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin import steadying
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.faults import bystanders
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.tests.functional.storm import stub
from extreme_tempest_plugin.tests.unit import configuration
from extreme_tempest_plugin.uptime import canary

PLAN = """
name: loopback
duration: 3
seed: 5
storm:
  users: 2
  max_instances: 6
  think_time: [0.05, 0.2]
  settle_timeout: 5
  actions: {server.create: 3, server.delete: 1, keypair.create: 1}
"""

#: The second one is due long before the end.
FAULTS = """
faults:
  - {fault: service.kill, target: a, at: 0.2, recovery: 1}
  - {fault: service.kill, target: b, at: 1.5, recovery: 1}
"""


#: Of the same kind.
ONE_FAULT = """
faults:
  - {fault: service.kill, target: a, at: 0.2, recovery: 5}
"""


class Healed:
    """An injection that tells all its phases, and does nothing.

    :ivar then: called when it is healed.
    """

    healed = None
    then = None

    def __init__(self, plan, identity, record, **more):
        self.plan = plan
        self._identity = identity
        self._record = record

    def _tell(self, *phases):
        for phase in phases:
            self._record(
                events.Fault(
                    t=time.monotonic_ns(),
                    actor='campaign',
                    fault=self._identity,
                    kind=self.plan.fault,
                    phase=events.FaultPhase(phase),
                    target=self.plan.target,
                )
            )

    def inject(self):
        self._tell('planned', 'injected', 'evidenced')
        return True

    def undo(self):
        pass

    def heal(self):
        if self.healed is None:
            if self.then:
                self.then()
            self._tell('healed', 'heal-evidenced')
            self.healed = True
        return self.healed


class Unhealed:
    """An injection whose target stays broken."""

    healed = None

    def __init__(self, plan, **more):
        self.plan = plan
        self.calls = ''

    def inject(self):
        self.calls += 'I'
        return True

    def undo(self):
        pass

    def heal(self):
        if self.healed is None:
            self.calls += 'H'
            self.healed = False
        return self.healed


def _path(place, name):
    return f'{place.__name__}.{name}'


class CampaignTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.runs = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.stub = stub.Stub()
        self.stub.__enter__()
        self.addCleanup(self.stub.__exit__)
        self.settings = configuration.settings(
            cloud=self.stub.cloud,
            runs_dir=self.runs,
            destructive=dataclasses.replace(
                configuration.settings().destructive,
                state_dir=self.runs / 'journal',
            ),
        )
        self.phases = []

    def run_plan(self, text=PLAN, display=None):
        plan = preparation.prepare(loader.parse(text), self.settings)
        return campaign.run(
            plan,
            self.settings,
            credentials.Access(user=self.stub.credentials),
            display or (lambda shown: self.phases.append(shown.phase)),
        )

    def test_a_healthy_cloud_passes_and_is_left_clean(self):
        result = self.run_plan()
        self.assertEqual('pass', result.verdict.verdict, result.verdict)
        self.assertEqual({}, self.stub.machines)
        self.assertEqual(set(), self.stub.keypairs)
        self.assertEqual(
            {
                'parts',
                'ledgers',
                'locust.log',
                'run.json',
                'history.jsonl',
                'verdict.json',
                'summary.txt',
            },
            {path.name for path in result.directory.iterdir()},
        )
        said = json.loads((result.directory / 'verdict.json').read_text())
        self.assertEqual('pass', said['verdict'])
        rows = {row['name']: row['measured'] for row in said['slo']}
        self.assertEqual('0', rows['schema violations'])
        self.assertEqual('0', rows['answers without a request id'])
        self.assertGreater(said['measured']['answers_validated'], 5)
        self.assertEqual('starting the monitors', self.phases[0])
        self.assertEqual('stopping the monitors', self.phases[-1])

    def test_what_no_ledger_knows_is_found(self):
        """A cloud that makes two of one request."""
        create = self.stub.keypairs.add

        class Doubling(set):
            def add(self, name):
                super().add(name)
                super().add(f'{name}-twin')

        self.stub.keypairs = Doubling()
        create('precious')
        result = self.run_plan()
        self.assertEqual('fail', result.verdict.verdict)
        left = [
            found.about
            for found in result.verdict.findings
            if found.checker == 'integrity'
        ]
        self.assertNotEqual([], left)
        for about in left:
            self.assertTrue(about.endswith('-twin'), about)

    def found(self, told):
        """What is found where servers are shown otherwise."""
        self.stub.rules.append(
            lambda method, path: (
                told
                if method == 'GET' and path.startswith('/v2.1/servers/')
                else None
            )
        )
        result = self.run_plan(PLAN.replace('keypair.create', 'server.show'))
        self.assertEqual('fail', result.verdict.verdict, result.verdict)
        (finding,) = result.verdict.findings
        history = (result.directory / 'history.jsonl').read_text()
        self.assertNotIn('of-a-host', history)
        return finding

    def test_a_body_that_breaks_the_schema(self):
        """Nothing that the storm itself reads is wrong."""
        finding = self.found('wrong')
        self.assertEqual(
            ('answers', 'GET servers/*'), (finding.checker, finding.about)
        )
        self.assertIn('body.server.hostId is array, not string', finding.what)
        self.assertTrue(finding.request_ids)

    def test_answers_without_a_request_id(self):
        finding = self.found('nameless')
        self.assertEqual('answers', finding.checker)
        self.assertEqual('server.show', finding.action)
        self.assertIn('no request id', finding.what)

    def test_servers_in_error_fail(self):
        self.stub.boots = 'ERROR'
        result = self.run_plan()
        self.assertEqual('fail', result.verdict.verdict)
        self.assertEqual(
            {'stuck'}, {found.checker for found in result.verdict.findings}
        )

    def test_ctrl_c_cleans_up_and_is_unknown(self):
        def interrupt(shown):
            if shown.storm and shown.storm.ok and not self.phases:
                self.phases.append(shown.phase)
                signal.raise_signal(signal.SIGINT)

        # A job in the background is started with SIGINT ignored.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        result = self.run_plan(display=interrupt)
        self.assertEqual('unknown', result.verdict.verdict)
        self.assertEqual({}, self.stub.machines)
        self.assertEqual(set(), self.stub.keypairs)

    def break_by(self, kind):
        """Let injections be of a kind; returns those that were made."""
        made = []

        def make(plan, target, destructive, **more):
            made.append(kind(plan, **more))
            return made[-1]

        for place, name, new in (
            (guard, 'permitted', lambda faults, allowed, bounds: ()),
            (guard, 'check', lambda faults, allowed, bounds: faults),
            (breaking, 'others', lambda *given: bystanders.Bystanders(())),
            (breaking, 'make', make),
        ):
            self.useFixture(fixtures.MonkeyPatch(_path(place, name), new))
        return made

    def test_a_fault_that_is_not_healed_aborts_and_nothing_is_left(self):
        made = self.break_by(Unhealed)
        result = self.run_plan(PLAN + FAULTS)
        self.assertEqual('unknown', result.verdict.verdict, result.verdict)
        (only,) = made
        self.assertEqual('a', only.plan.target)
        self.assertEqual('IH', only.calls)
        said = ' '.join(gap.why for gap in result.verdict.gaps)
        self.assertIn(
            'aborted, nothing more is broken: service.kill of a is not '
            'proven healed',
            said,
        )
        self.assertIn('fault-2 (service.kill of b) was planned', said)
        self.assertEqual({}, self.stub.machines)
        self.assertEqual(set(), self.stub.keypairs)

    def test_a_fault_that_is_late_meets_the_storm(self):
        self.break_by(Healed)
        # The first heal takes longer than the storm should.
        self.useFixture(
            fixtures.MonkeyPatch(
                f'{__name__}.Healed.then', staticmethod(lambda: time.sleep(4))
            )
        )
        result = self.run_plan(PLAN + FAULTS)
        told = list(reader.Reader(result.directory / 'history.jsonl'))
        late = next(
            event.t
            for event in told
            if isinstance(event, events.Fault) and event.fault == 'fault-2'
        )
        after = [
            event.t
            for event in told
            if isinstance(event, events.Invoke) and event.t > late
        ]
        # As long as from its time in the plan to the end of the plan.
        self.assertGreater(after[-1] - late, 1e9)

    def test_the_steady_state_is_waited_for_and_told(self):
        self.break_by(Healed)
        result = self.run_plan(PLAN + ONE_FAULT)
        self.assertEqual('pass', result.verdict.verdict, result.verdict)
        (fault,) = result.verdict.faults
        self.assertEqual(['canary'], list(fault.steady_s))
        self.assertGreater(fault.steady_s['canary'], 0)
        self.assertEqual({}, self.stub.machines)
        history = (result.directory / 'history.jsonl').read_text()
        self.assertIn('nova services: not measured: there is no', history)
        self.assertIn('not tried at a floating IP', history)

    def test_a_steady_state_that_does_not_come_back(self):
        self.break_by(Healed)
        # After the heal every boot is an error; the storm boots nothing.
        self.useFixture(
            fixtures.MonkeyPatch(
                f'{__name__}.Healed.then',
                staticmethod(lambda: setattr(self.stub, 'boots', 'ERROR')),
            )
        )
        result = self.run_plan(
            PLAN.replace('server.create: 3, server.delete: 1, ', '')
            + ONE_FAULT
            + 'steady: {within: 2}\n'
        )
        self.assertEqual('fail', result.verdict.verdict, result.verdict)
        (finding,) = result.verdict.findings
        self.assertEqual(
            ('recovery', 'fault-1'), (finding.checker, finding.about)
        )
        self.assertIn('canary was not steady within 2 s', finding.what)
        self.assertEqual({}, self.stub.machines)

    def test_a_steady_state_that_nobody_knows(self):
        self.break_by(Healed)

        def then():
            # As where the quota has no room any more.
            self.useFixture(
                fixtures.MonkeyPatch(
                    _path(canary, 'Canary.__call__'), lambda flies: None
                )
            )

        self.useFixture(
            fixtures.MonkeyPatch(f'{__name__}.Healed.then', staticmethod(then))
        )
        result = self.run_plan(
            PLAN.replace('server.create: 3, server.delete: 1, ', '')
            + ONE_FAULT
        )
        self.assertEqual('unknown', result.verdict.verdict, result.verdict)
        (gap,) = result.verdict.gaps
        self.assertIn('whether canary was steady again was not', gap.why)

    def test_a_cloud_that_is_not_steady_is_refused(self):
        made = self.break_by(Healed)
        self.useFixture(
            fixtures.MonkeyPatch(_path(steadying, '_PATIENCE'), 1.0)
        )
        self.stub.boots = 'ERROR'
        error = self.assertRaises(
            errors.RefusedError, self.run_plan, PLAN + ONE_FAULT
        )
        self.assertIn('not in its steady state', str(error))
        self.assertIn('canary: boot: the server is in', str(error))
        self.assertNotIn('\n', str(error))
        self.assertEqual([], made)
        self.assertNotIn('starting the storm', self.phases)
        self.assertEqual({}, self.stub.machines)
        # What it saw can be read.
        (run,) = self.runs.iterdir()
        history = (run / 'history.jsonl').read_text()
        self.assertIn('"what":"steady","about":"canary"', history)

    def test_no_cloud(self):
        gone = dataclasses.replace(
            self.stub.cloud, auth_url='http://127.0.0.1:9/v3'
        )
        self.settings = dataclasses.replace(self.settings, cloud=gone)
        error = self.assertRaises(errors.UsageError, self.run_plan)
        self.assertIn('http://127.0.0.1:9/v3', str(error))
        # Nothing was begun.
        self.assertEqual([], list(self.runs.iterdir()))
