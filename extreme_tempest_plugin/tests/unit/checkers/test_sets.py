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
"""Lists that some order of the operations explains, and others."""

import itertools

import hypothesis
import testtools
from hypothesis import strategies as st

from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import sets
from extreme_tempest_plugin.tests.unit.checkers import histories
from extreme_tempest_plugin.tests.unit.checkers import test_durations

NEVER = 99


def call(action, began, end, effect, known='ok', **more):
    one = test_durations.operation(began, end, **more)
    one.action = action
    one.effect = effect
    one.known = operations.Known(known)
    return one


def create(began, end, ref='keypair/a', owner=''):
    one = call('keypair.create', began, end, 'creates', made=ref)
    one.partners = {'group': owner} if owner else {}
    return one


def delete(began, end, ref='keypair/a', known='ok'):
    one = call('keypair.delete', began, end, 'consumes', known)
    one.target = ref
    return one


def shows(began, end, *names, kind='keypair', target=''):
    one = call(f'{kind}.list', began, end, 'reads')
    one.target = target
    one.rest = test_durations.rest({sets.ALL + kind: ' '.join(names)})
    return one


def found(*calls):
    violations, _ = sets.check(calls)
    return [
        (one.element.create.made, one.look.began, one.missing)
        for one in violations
    ]


def explained(added, deletes, lists):
    """Whether some order explains it: all orders are tried."""
    certain = [('add', *added), *(('list', *one) for one in lists)]
    unsure = [('delete', *one) for one in deletes if one[1] == NEVER]
    certain += [('delete', *one) for one in deletes if one[1] != NEVER]
    for number in range(len(unsure) + 1):
        for happened in itertools.combinations(unsure, number):
            for order in itertools.permutations([*certain, *happened]):
                if _in_time(order) and _legal(order):
                    return True
    return False


def _in_time(order):
    return all(
        not later[2] < earlier[1]
        for number, earlier in enumerate(order)
        for later in order[number + 1 :]
    )


def _legal(order):
    there = False
    for one in order:
        match one:
            case 'add', _, _:
                there = True
            case 'delete', _, _:
                there = False
            case _, _, _, shown if shown != there:
                return False
    return True


interval = st.tuples(st.integers(2, 8), st.integers(2, 8)).map(
    lambda both: (min(both), max(both))
)
later = st.tuples(interval, st.booleans()).map(
    lambda one: (one[0][0], NEVER if one[1] else one[0][1])
)


class CheckTest(testtools.TestCase):
    def test_shown_while_it_is_there(self):
        self.assertEqual(
            [],
            found(
                shows(1, 2),
                create(3, 4),
                shows(5, 6, 'a'),
                delete(7, 8),
                shows(9, 10),
            ),
        )

    def test_missing(self):
        self.assertEqual(
            [('keypair/a', 5, True)],
            found(create(3, 4), shows(5, 6), shows(7, 8)),
        )

    def test_still_there(self):
        self.assertEqual(
            [('keypair/a', 9, False)],
            found(create(3, 4), delete(7, 8), shows(9, 10, 'a')),
        )

    def test_at_the_same_time_either_may_be(self):
        for names in ((), ('a',)):
            self.assertEqual([], found(create(3, 6), shows(4, 5, *names)))
            self.assertEqual(
                [], found(create(3, 4), delete(5, 8), shows(6, 7, *names))
            )

    def test_seen_and_gone_again_though_nobody_deleted_it(self):
        """Both lists are at the same time as the create."""
        self.assertEqual(
            [('keypair/a', 6, True)],
            found(create(3, 9), shows(4, 5, 'a'), shows(6, 7)),
        )

    def test_nobody_knows_of_the_delete(self):
        calls = create(3, 4), delete(5, NEVER, known='info')
        for names in ((), ('a',)):
            self.assertEqual([], found(*calls, shows(9, 10, *names)))
        self.assertEqual(
            [('keypair/a', 7, True)],
            found(*calls, shows(7, 8), shows(9, 10, 'a')),
        )

    def test_a_delete_that_failed(self):
        calls = create(3, 4), delete(5, 6, known='fail')
        self.assertEqual([], found(*calls, shows(7, 8, 'a')))
        self.assertEqual([('keypair/a', 7, True)], found(*calls, shows(7, 8)))

    def test_only_what_belongs_to_the_resource(self):
        rules = [
            create(1, 2, f'rule/{name}', f'group/{name}') for name in 'ab'
        ]
        good = [
            shows(3, 4, name, kind='rule', target=f'group/{name}')
            for name in 'ab'
        ]
        self.assertEqual([], found(*rules, *good))
        bad = shows(5, 6, kind='rule', target='group/b')
        self.assertEqual([('rule/b', 5, True)], found(*rules, *good, bad))

    def test_it_may_go_with_what_it_belongs_to(self):
        rule = create(1, 2, 'rule/a', 'group/a')
        look = shows(5, 6, kind='rule', target='group/a')
        self.assertEqual([], found(rule, delete(3, 4, 'group/a'), look))
        self.assertEqual(1, len(found(rule, look)))

    def test_what_is_not_ours_and_what_was_made_twice_is_left_alone(self):
        self.assertEqual([], found(shows(1, 2, 'theirs')))
        self.assertEqual([], found(create(1, 2), create(3, 4), shows(5, 6)))

    @hypothesis.settings(max_examples=300)
    @hypothesis.given(
        interval,
        st.lists(later, max_size=2),
        st.lists(st.tuples(interval, st.booleans()), max_size=3),
    )
    def test_as_all_orders_say(self, added, deletes, lists):
        # Nobody can ask for the end of what has no name yet, or know it.
        hypothesis.assume(all(one[0] > added[1] for one in deletes))
        hypothesis.assume(
            all(one[1] >= added[0] for one, shown in lists if shown)
        )
        calls = [
            create(*added),
            *(
                delete(*one, known='info' if one[1] == NEVER else 'ok')
                for one in deletes
            ),
            *(shows(*one, *(['a'] if shown else [])) for one, shown in lists),
        ]
        self.assertEqual(
            explained(added, deletes, [(*one, shown) for one, shown in lists]),
            found(*calls) == [],
        )


class FindingTest(testtools.TestCase):
    def listed(self, built, names):
        op = built.call(50.0, 'keypair.list', effect='reads', status=200)
        built.settle(50.2, op, 'present', seen={'all keypair': names})
        return built.verdict()

    def test_a_list_that_has_all(self):
        found = self.listed(histories.storm(), 'k theirs')
        self.assertEqual('pass', found.verdict, found.reason)
        self.assertEqual(1, found.measured['lists'])

    def test_a_list_that_lacks_one(self):
        found = self.listed(histories.storm(), 'theirs')
        self.assertEqual('fail', found.verdict)
        (finding,) = found.findings
        self.assertEqual('registers', finding.checker)
        self.assertEqual('keypair/k', finding.about)
        self.assertIn('keypair.list did not show it', finding.what)
        self.assertEqual(6, len(finding.events))

    def test_a_list_of_what_is_deleted(self):
        built = histories.storm()
        made = built.call(
            40.0, 'keypair.create', value='keypair/x', args={'name': 'x'}
        )
        built.settle(40.2, made, 'present')
        gone = built.call(42.0, 'keypair.delete', 'keypair/x')
        built.settle(42.2, gone, 'deleted')
        (finding,) = self.listed(built, 'k x').findings
        self.assertIn('keypair.list still showed it', finding.what)

    def test_a_list_of_one_resource_is_no_attribute_of_it(self):
        built = histories.storm()
        op = built.call(50.0, 'server.list_rules', 'server/a', effect='reads')
        built.settle(50.2, op, 'ACTIVE', seen={'all rule': 'x y'})
        self.assertEqual('pass', built.verdict().verdict)
