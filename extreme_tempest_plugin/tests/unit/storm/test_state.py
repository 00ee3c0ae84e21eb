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
"""Partners, links and shared resources."""

import typing

import testtools

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import state as storm_state


class _Action(model.Action):
    service = 'some'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        raise NotImplementedError

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        raise NotImplementedError


class _Attach(_Action):
    name = 'disk.attach'
    kind = 'disk'
    effect = model.Effect.CHANGES
    states = frozenset({'free'})
    leads_to = frozenset({'used'})
    partners: typing.ClassVar = {
        'box': model.Need(kind='box', states=frozenset({'up'}))
    }
    links = model.Links.ADDS

    def attributes(self, call: model.Call) -> model.Arguments:
        return {'box': call.partners['box'].id}


class _Detach(_Action):
    name = 'disk.detach'
    kind = 'disk'
    effect = model.Effect.CHANGES
    states = frozenset({'used'})
    leads_to = frozenset({'free'})
    partners: typing.ClassVar = {
        'box': model.Need(kind='box', states=frozenset({'up'}), linked=True)
    }
    links = model.Links.REMOVES


class _DeleteBox(_Action):
    name = 'box.delete'
    kind = 'box'
    effect = model.Effect.CONSUMES
    states = frozenset({'up'})


class _CopyBox(_Action):
    name = 'box.copy'
    kind = 'box'
    effect = model.Effect.CREATES
    partners: typing.ClassVar = {
        'source': model.Need(kind='box', states=frozenset({'up'}))
    }
    links = model.Links.REMOVES


class _CreateRule(_Action):
    name = 'rule.create'
    kind = 'rule'
    effect = model.Effect.CREATES
    partners: typing.ClassVar = {
        'box': model.Need(kind='box', states=frozenset({'up'}))
    }


ATTACH, DETACH = _Attach(), _Detach()


def _resource(kind: str, key: str, **fields: object) -> model.Resource:
    states = {'disk': 'free', 'box': 'up'}
    return model.Resource(
        **{
            'key': key,
            'kind': kind,
            'id': f'id-{key}',
            'name': key,
            'state': states[kind],
            **fields,
        }
    )


def _state(*resources: model.Resource, **fields: object) -> storm_state.State:
    return storm_state.State(
        **{'limits': {'rule': 2}, **fields},
        resources={one.key: one for one in resources},
    )


def _call(
    state: storm_state.State, action: model.Action, op: str = '0-9'
) -> model.Call:
    chooser = choosing.Chooser((choosing.Weighted(action=action, weight=1),))
    choice = chooser.choose(state, choosing.source(1, 0))
    assert choice is not None
    return model.Call(
        op=op,
        action=action,
        resource=choice.chosen.resource,
        partners=choice.chosen.partners,
        args={'name': op},
        choice=choice.record,
        allowed=state.allowed(action, choice.chosen),
    )


def _done(
    state: storm_state.State, action: model.Action, to: str
) -> storm_state.State:
    call = _call(state, action)
    state = state.invoked(call).ended(call, model.Outcome.OK)
    return state.settled(call, model.Sight(state=to, reached=True))


class PartnersTest(testtools.TestCase):
    def test_both_are_busy(self):
        state = _state(_resource('disk', 'd'), _resource('box', 'b'))
        state = state.invoked(_call(state, ATTACH))
        self.assertEqual(
            {'0-9'}, {one.busy for one in state.resources.values()}
        )
        self.assertEqual((), state.candidates(_DeleteBox()))

    def test_the_record_names_who_created_it(self):
        state = _state(_resource('disk', 'd'), _resource('box', 'b'))
        self.assertEqual('b', _call(state, ATTACH).choice['with_box'])

    def test_without_a_partner_nothing(self):
        state = _state(_resource('disk', 'd'))
        self.assertEqual((), state.candidates(ATTACH))
        self.assertFalse(state.may_create(_CreateRule()))

    def test_attached(self):
        state = _state(_resource('disk', 'd'), _resource('box', 'b'))
        state = _done(state, ATTACH, 'used')
        disk = state.resources['d']
        self.assertEqual(frozenset({'b'}), disk.links)
        self.assertEqual({'box': 'id-b'}, disk.attributes)
        self.assertEqual('', state.resources['b'].busy)
        # A box with a disk in it is not thrown away.
        self.assertEqual((), state.candidates(_DeleteBox()))

    def test_detach_takes_its_own_box(self):
        state = _state(
            _resource('box', 'a'),
            _resource('disk', 'd', state='used', links=frozenset({'b'})),
            _resource('box', 'b'),
        )
        self.assertEqual('b', _call(state, DETACH).partners['box'].key)
        state = _done(state, DETACH, 'free')
        self.assertEqual(frozenset(), state.resources['d'].links)
        self.assertEqual(2, len(state.candidates(_DeleteBox())))

    def test_an_attach_that_nobody_knows_of_holds(self):
        state = _state(_resource('disk', 'd'), _resource('box', 'b'))
        call = _call(state, ATTACH)
        state = state.invoked(call).ended(call, model.Outcome.INFO)
        self.assertEqual((), state.candidates(_DeleteBox()))
        self.assertEqual('', state.resources['b'].busy)

    def test_what_a_create_takes_is_busy(self):
        state = _state(_resource('box', 'b'), limits={'box': 3})
        call = _call(state, _CopyBox())
        state = state.invoked(call)
        self.assertEqual('0-9', state.resources['b'].busy)
        self.assertFalse(state.may_create(_CopyBox()))
        refused = state.ended(call, model.Outcome.FAIL, 409)
        self.assertEqual(['b'], list(refused.resources))
        self.assertEqual('', refused.resources['b'].busy)

    def test_a_copy_lets_its_source_go(self):
        state = _state(_resource('box', 'b'), limits={'box': 3})
        call = _call(state, _CopyBox())
        state = state.invoked(call)
        self.assertEqual((state.resources['0-9'],), state.holders('b'))
        state = state.ended(call, model.Outcome.OK, made='id-copy')
        state = state.settled(call, model.Sight(state='up', reached=True))
        self.assertEqual((), state.holders('b'))
        self.assertEqual(2, len(state.candidates(_DeleteBox())))

    def test_a_refused_attach_holds_nothing(self):
        state = _state(_resource('disk', 'd'), _resource('box', 'b'))
        call = _call(state, ATTACH)
        state = state.invoked(call).ended(call, model.Outcome.FAIL, 409)
        self.assertEqual(1, len(state.candidates(_DeleteBox())))
        self.assertEqual(1, len(state.candidates(ATTACH)))

    def test_what_is_being_created_holds_its_partner(self):
        state = _state(_resource('box', 'b'))
        call = _call(state, _CreateRule())
        state = state.invoked(call)
        self.assertEqual((), state.candidates(_DeleteBox()))
        state = state.ended(call, model.Outcome.FAIL, 409)
        self.assertEqual(1, len(state.candidates(_DeleteBox())))


class SharedTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.disk = _resource(
            'disk', 'shared-1', possible=frozenset({'free', 'used'})
        )
        self.box = _resource('box', 'shared-2', possible=frozenset({'up'}))

    def test_never_busy(self):
        state = _state(self.disk, self.box)
        for number in range(3):
            state = state.invoked(_call(state, ATTACH, f'0-{number}'))
        self.assertEqual(3, number + 1)
        self.assertEqual(1, len(state.candidates(ATTACH)))

    def test_the_contract_allows_conflicts(self):
        state = _state(self.disk, self.box)
        self.assertEqual(frozenset({409}), _call(state, ATTACH).allowed)
        own = _state(_resource('disk', 'd'), _resource('box', 'b'))
        self.assertEqual(frozenset(), _call(own, ATTACH).allowed)

    def test_not_thrown_away(self):
        self.assertEqual((), _state(self.box).candidates(_DeleteBox()))

    def test_not_found_leaves_it_usable(self):
        state = _state(self.disk, self.box)
        call = _call(state, ATTACH)
        state = state.invoked(call).ended(call, model.Outcome.FAIL, 404)
        self.assertEqual(1, len(state.candidates(ATTACH)))

    def test_shared_ones_do_not_count(self):
        state = _state(self.box, limits={'box': 1})
        self.assertEqual(1, state.room('box'))

    def test_quota(self):
        state = _state(_resource('box', 'b'), over_quota=True)
        self.assertIn(403, _call(state, _CreateRule()).allowed)

    def test_closure(self):
        self.assertEqual(
            frozenset({'free', 'used'}),
            storm_state.closure([ATTACH, DETACH], 'disk', 'free'),
        )
        self.assertEqual(
            frozenset({'free'}),
            storm_state.closure([DETACH], 'disk', 'free'),
        )


class _Read(_Action):
    name = 'nothing.read'
    kind = 'nothing'
    effect = model.Effect.READS


class _AttachToEmpty(_Attach):
    name = 'disk.attach_to_empty'

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        return not around.holders(partner.key)


class _DeleteLater(_DeleteBox):
    eventual = frozenset({409})


class ReadOfNothingTest(testtools.TestCase):
    def test_it_may_always_be_chosen_and_changes_nothing(self):
        state = storm_state.State(limits={})
        entry = choosing.Weighted(action=_Read(), weight=1)
        chooser = choosing.Chooser((entry,))
        choice = chooser.choose(state, choosing.source(1, 1))
        self.assertIsNone(choice.chosen.resource)
        call = model.Call(
            op='0-1', action=_Read(), resource=None, args={}, choice={}
        )
        after = state.invoked(call).ended(call, model.Outcome.OK)
        after = after.settled(call, model.Sight(state='ok', reached=True))
        self.assertEqual(state, after)


class FitsTest(testtools.TestCase):
    def test_a_partner_that_another_one_holds(self):
        box = model.Resource(key='b', kind='box', id='b', name='b', state='up')
        disk = model.Resource(
            key='d', kind='disk', id='d', name='d', state='free'
        )
        held = model.Resource(
            key='e',
            kind='disk',
            id='e',
            name='e',
            state='used',
            links=frozenset({'b'}),
        )
        state = storm_state.State(limits={}, resources={'b': box, 'd': disk})
        self.assertEqual((disk,), state.candidates(_AttachToEmpty()))
        state = storm_state.State(
            limits={}, resources={'b': box, 'd': disk, 'e': held}
        )
        self.assertEqual((), state.candidates(_AttachToEmpty()))
        self.assertEqual((disk,), state.candidates(_Attach()))
        self.assertEqual((box,), state.held(held))


class EventualTest(testtools.TestCase):
    def test_allowed_on_ones_own_too(self):
        box = model.Resource(key='b', kind='box', id='b', name='b', state='up')
        chosen = model.Chosen(resource=box, partners={})
        state = storm_state.State(limits={}, resources={'b': box})
        self.assertEqual(
            frozenset({409}), state.allowed(_DeleteLater(), chosen)
        )
        self.assertEqual(frozenset(), state.allowed(_DeleteBox(), chosen))
