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
"""Plans, and what is said of files that are none."""

import pathlib
import tempfile
import textwrap

import hypothesis
import hypothesis.strategies as st
import msgspec
import testtools
import yaml

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model

GOOD = """\
name: demo
duration: 60
seed: 7
storm:
  users: 4
  actions:
    server.create: 30
    server.delete: 15
uptime:
  services: [nova, glance]
  interval: 0.5
faults:
  - fault: service.restart
    target: rabbitmq
    at: 20
slo:
  longest_outage:
    nova: 30
    default: 5
"""


class TestParse(testtools.TestCase):
    def refused(self, text, expected):
        error = self.assertRaises(
            errors.PlanError, loader.parse, textwrap.dedent(text), 'p.yaml'
        )
        self.assertTrue(str(error).startswith(expected), str(error))
        self.assertNotIn('\n', str(error))

    def changed(self, old, new, expected):
        self.assertIn(old, GOOD)
        self.refused(GOOD.replace(old, new), expected)

    def test_good(self):
        plan = loader.parse(GOOD)
        self.assertEqual('demo', plan.name)
        self.assertEqual(30.0, plan.storm.actions['server.create'])
        self.assertEqual(('nova', 'glance'), plan.uptime.services)
        self.assertEqual(120.0, plan.faults[0].recovery)
        self.assertEqual(0, plan.slo.lost)

    def test_how_far_faults_may_go(self):
        plan = loader.parse(GOOD)
        self.assertEqual(model.NARROWEST, plan.bounds)
        self.assertEqual(
            (False, 1, False),
            (
                plan.bounds.overlap,
                plan.bounds.most_hosts,
                plan.bounds.beyond_quorum,
            ),
        )
        self.assertEqual(
            (2, 120), (plan.abort.down_services, plan.abort.seconds)
        )
        plan = loader.parse(
            GOOD + 'overlap: true\nmost_hosts: 3\nbeyond_quorum: true\n'
            'abort: {down_services: 0, seconds: 5}\n'
        )
        self.assertEqual(
            model.Bounds(overlap=True, most_hosts=3, beyond_quorum=True),
            plan.bounds,
        )
        self.assertEqual(model.Abort(down_services=0, seconds=5), plan.abort)

    def test_the_steady_state(self):
        steady = loader.parse(GOOD).steady
        self.assertEqual((180, None), (steady.within, steady.checks))
        text = 'steady: {within: 9, checks: [galera]}\n'
        steady = loader.parse(GOOD + text).steady
        self.assertEqual((9, ('galera',)), (steady.within, steady.checks))
        self.refused(
            GOOD + text.replace('9', '0'), 'p.yaml:20: steady.within: '
        )
        self.refused(
            GOOD + text.replace('checks', 'check'),
            'p.yaml:20: steady.check: unknown key',
        )

    def test_the_steady_state_but_for_some_checks(self):
        steady = loader.parse(GOOD + 'steady: {without: [canary]}\n').steady
        self.assertFalse(steady.wants('canary'))
        self.assertTrue(steady.wants('galera'))
        self.refused(
            GOOD + 'steady: {without: [canary], checks: [galera]}\n',
            'p.yaml:20: steady: `checks` and `without`: give one of the two',
        )

    def test_allowed_outage(self):
        slo = loader.parse(GOOD).slo
        self.assertEqual(30.0, slo.allowed_outage('nova'))
        self.assertEqual(5.0, slo.allowed_outage('glance'))
        self.assertEqual(0.0, model.Slo().allowed_outage('glance'))

    def test_a_history_carries_it(self):
        plan = loader.parse(GOOD)
        self.assertEqual(plan, loader.of_builtins(loader.to_raw(plan)))

    def test_unknown_keys(self):
        self.changed('users:', 'usrs:', 'p.yaml:5: storm.usrs: unknown key')
        self.changed('slo:', 'slos:', 'p.yaml:16: slos: unknown key')
        self.changed('at: 20', 'in: 20', 'p.yaml:15: faults.0.in: unknown')

    def test_wrong_types(self):
        self.changed(
            'duration: 60', 'duration: soon', 'p.yaml:2: duration: Expected'
        )
        self.changed('users: 4', 'users: 0', 'p.yaml:5: storm.users: Expected')
        self.changed(
            'at: 20', 'at: -1', 'p.yaml:15: faults.0.at: Expected `float` >='
        )
        self.changed(
            'server.create: 30',
            'server.create: often',
            'p.yaml:7: storm.actions.server.create: Expected',
        )
        self.changed('server.create: 30', '1: 30', 'p.yaml:6: storm.actions:')
        self.changed('interval: 0.5', 'interval: 0.001', 'p.yaml:11: uptime')
        self.changed(
            'nova: 30', 'nova: -1', 'p.yaml:18: slo.longest_outage.nova'
        )

    def test_limits_of_times(self):
        slo = 'slo:\n  latency:\n    server.create: {p95: 5, max: 60}\n'
        times = loader.parse(GOOD.replace('slo:\n', slo)).slo.latency
        self.assertEqual(
            (('p95', 95, 5.0), ('max', 100, 60.0)),
            times['server.create'].limits(),
        )
        for old, new, expected in (
            ('p95: 5', 'p59: 5', 'server.create.p59: unknown key'),
            ('p95: 5', 'p95: 0', 'server.create.p95: Expected'),
            ('p95: 5, max: 60', '', 'server.create: no limit: give `p50`'),
        ):
            self.changed(
                'slo:\n',
                slo.replace(old, new),
                f'p.yaml:18: slo.latency.{expected}',
            )

    def test_deadlines_of_states(self):
        after = 'storm:\n  stuck_after:\n    server: {BUILD: 120}\n'
        storm = loader.parse(GOOD.replace('storm:\n', after)).storm
        self.assertEqual(120.0, storm.settle_timeout)
        storm = msgspec.structs.replace(storm, settle_timeout=60.0)
        for kind, state, seconds in (
            ('server', 'BUILD', 120.0),
            ('server', 'build', 120.0),
            ('server', 'REBOOT', 60.0),
            ('server', '', 120.0),
            ('volume', 'BUILD', 60.0),
            ('volume', '', 60.0),
        ):
            self.assertEqual(seconds, storm.deadline(kind, state))
        self.changed(
            'storm:\n',
            after.replace('120', 'soon'),
            'p.yaml:6: storm.stuck_after.server.BUILD: Expected',
        )

    def test_nothing_lasts_for_ever(self):
        for value in ('.inf', '.nan', '1e300', '-.inf'):
            self.changed(
                'duration: 60', f'duration: {value}', 'p.yaml:2: duration:'
            )
            self.changed('default: 5', f'default: {value}', 'p.yaml:19: slo.')

    def test_wrong_together(self):
        self.changed(
            'server.create: 30\n    server.delete: 15',
            'server.create: 0',
            'p.yaml:4: storm: all weights',
        )
        self.changed('at: 20', 'at: 60', 'p.yaml:1: plan: `faults`: service.')
        self.refused(
            'name: x\nduration: 1\n', 'p.yaml:1: plan: neither `storm`'
        )
        self.changed(
            '[nova, glance]', '[nova, nova]', 'p.yaml:9: uptime: `services`'
        )
        self.changed('[nova, glance]', '[]', 'p.yaml:10: uptime.services:')

    def test_paces(self):
        storm = (
            'name: x\nduration: 60\nstorm:\n  users: 4\n'
            '  actions: {server.create: 1}\n'
        )
        plan = loader.parse(f'{storm}  rate: 20\n  ramp: 10\n  processes: 2\n')
        self.assertEqual(
            (20, 10, 2),
            (plan.storm.rate, plan.storm.ramp, plan.storm.processes),
        )
        for keys, why in (
            (
                '  rate: 1\n  think_time: [0, 1]\n',
                'p.yaml:3: storm: `rate` and',
            ),
            ('  think_time: [2, 1]\n', 'p.yaml:3: storm: `think_time` must'),
            ('  think_time: [-1, 1]\n', 'p.yaml:6: storm.think_time.0: '),
            ('  rate: 0\n', 'p.yaml:6: storm.rate: '),
            ('  ramp: -1\n', 'p.yaml:6: storm.ramp: '),
            ('  ramp: 60\n', 'p.yaml:1: plan: `storm.ramp`: the last'),
            ('  processes: 0\n', 'p.yaml:6: storm.processes: '),
            ('  processes: 5\n', 'p.yaml:3: storm: `processes`: 4 users'),
        ):
            self.refused(storm + keys, why)

    def test_missing(self):
        self.changed(
            'name: demo\n', '', 'p.yaml:1: plan: Object missing required'
        )
        self.changed(
            '    target: rabbitmq\n', '', 'p.yaml:13: faults.0: Object missing'
        )

    def test_a_key_that_stands_twice(self):
        self.changed(
            'seed: 7', 'duration: 6', 'p.yaml:3: duration: stands here a sec'
        )
        self.changed(
            '    default: 5', '    nova: 5', 'p.yaml:19: slo.longest_outage.no'
        )
        self.changed('at: 20', 'target: x', 'p.yaml:15: faults.0.target:')

    def test_names_that_are_no_directories(self):
        for name in ('../x', '/x', '"x\\n"', '.x', '"a b"', 'x' * 65, '""'):
            self.changed('name: demo', f'name: {name}', 'p.yaml:1: name: ')

    def test_no_yaml(self):
        self.refused('a: [1', 'p.yaml:1: not YAML')
        self.refused('a: 1\nb: c: d\n', 'p.yaml:2: not YAML')
        self.refused('--- a\n--- b\n', 'p.yaml:2: not YAML')
        self.refused('a: \x00', 'p.yaml:1: not YAML')
        self.refused('a: 2026-13-45', 'p.yaml:1: not YAML')
        self.refused('a: ' + '9' * 5000, 'p.yaml:1: not YAML')
        self.refused('a: !!python/object:os.x {}', 'p.yaml:1: not YAML')
        self.refused('? [a]\n: 1\n', 'p.yaml:1: not YAML')
        self.refused('a: ' + '[' * 100_000, 'p.yaml:1: not YAML: nested')

    def test_aliases_that_grow(self):
        lines = ['a0: &a0 [x]']
        lines += [
            f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 9)}]'
            for n in range(1, 12)
        ]
        self.refused('\n'.join(lines), 'p.yaml:1: ')

    def test_no_plan(self):
        for text in ('', '5', '- a', 'a', 'null', '&a [*a]'):
            self.refused(text, 'p.yaml:1: plan: Expected')

    @hypothesis.given(st.text(max_size=80))
    @hypothesis.settings(max_examples=100)
    def test_any_text_is_refused_in_one_line(self, text):
        error = self.assertRaises(errors.PlanError, loader.parse, text)
        self.assertNotIn('\n', str(error))

    @hypothesis.given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from([*GOOD.replace(':', '').split(), 'x']),
                    inner,
                    max_size=4,
                )
            ),
        )
    )
    @hypothesis.settings(max_examples=100)
    def test_any_document_is_a_plan_or_refused(self, document):
        if isinstance(document, dict):
            document = {'name': 'x', 'duration': 1, **document}
        try:
            loader.parse(yaml.safe_dump(document))
        except errors.PlanError as error:
            self.assertNotIn('\n', str(error))


class TestLoad(testtools.TestCase):
    def load(self, content):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / 'p.yaml'
            if content is not None:
                path.write_bytes(content)
            return loader.load(path)

    def test_good(self):
        self.assertEqual(loader.parse(GOOD), self.load(GOOD.encode()))

    def test_bad_files(self):
        for content, words in (
            (None, 'cannot be read: No such file'),
            (b'\xff\xfe', 'not UTF-8'),
            (b'', 'p.yaml:1: plan: Expected'),
        ):
            error = self.assertRaises(errors.PlanError, self.load, content)
            self.assertIn(words, str(error))

    def test_a_plan_in_a_history_of_another_version(self):
        error = self.assertRaises(
            errors.PlanError, loader.of_builtins, b'{"name":"x"}'
        )
        self.assertIn('--plan', str(error))


class TestShippedPlans(testtools.TestCase):
    def test_they_can_be_read(self):
        plans = pathlib.Path(__file__).parents[4] / 'etc' / 'plans'
        found = sorted(plans.glob('*.yaml'))
        self.assertNotEqual([], found)
        for path in found:
            self.assertEqual(path.stem, loader.load(path).name)
