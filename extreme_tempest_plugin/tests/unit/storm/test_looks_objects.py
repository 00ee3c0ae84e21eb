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
"""What actions on objects see, of a cloud that does it and one that lies."""

import dataclasses
import hashlib

import msgspec
import testtools

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import state
from extreme_tempest_plugin.storm.actions import objects_data
from extreme_tempest_plugin.tests.unit.storm import canned

CONTAINER = 'swift:a'
OBJECT = 'swift:c/o'

DATA = objects_data.content(5, 1000)
LARGE = objects_data.content(5, 5096)


def answer(body=b'', etag='', length=None, **headers):
    return ports.Answer(
        status=200,
        body=body,
        headers={
            'etag': etag or hashlib.md5(body).hexdigest(),
            'content-length': str(len(body) if length is None else length),
            **{name.replace('_', '-'): headers[name] for name in headers},
        },
    )


#: Each of them is not the object that was written.
LIES = (
    {OBJECT: None},
    {OBJECT: answer(DATA[:-1] + b'x')},
    {OBJECT: answer(DATA, etag='0' * 32)},
    {OBJECT: answer(DATA[:-1], length=1000)},
    {OBJECT: answer(b'')},
)

LARGE_ANSWER = answer(LARGE, etag='"of-parts"', x_static_large_object='True')


def writes(action, **more):
    return canned.Case(
        action=action,
        args={'name': 'o', 'content': 5, 'size': 1000},
        attributes={'content': 5, 'size': 1000},
        done={OBJECT: answer(DATA)},
        lies=LIES,
        id='c/o',
        **more,
    )


def notes(action, path, header, **more):
    done = answer(**{header.replace('-', '_'): 'v'})
    return canned.Case(
        action=action,
        args={'value': 'v'},
        done={path: done},
        lies=(
            {path: None},
            {path: answer()},
            {path: answer(**{header.replace('-', '_'): 'w'})},
        ),
        **more,
    )


class LooksTest(canned.Looks, testtools.TestCase):
    kinds = frozenset({'container', 'object'})
    cases = (
        canned.Case(
            action='container.create',
            done={CONTAINER: answer()},
            lies=({CONTAINER: None},),
        ),
        notes('container.set_metadata', CONTAINER, 'x-container-meta-storm'),
        canned.Case(
            action='container.delete', done={}, lies=({CONTAINER: answer()},)
        ),
        writes('object.create'),
        canned.Case(
            action='object.create_large',
            args={'name': 'o', 'content': 5, 'size': 5096},
            done={OBJECT: LARGE_ANSWER},
            lies=(
                {OBJECT: None},
                # All bytes, and no large object.
                {OBJECT: answer(LARGE)},
                # One part of it is missing.
                {OBJECT: answer(LARGE[:4096], x_static_large_object='True')},
            ),
            id='c/o',
        ),
        writes('object.copy'),
        writes('object.overwrite'),
        # What was read was an older one: it is read again.
        writes('object.read', answer=b'older'),
        notes('object.set_metadata', OBJECT, 'x-object-meta-storm', id='c/o'),
        canned.Case(
            action='object.delete',
            done={},
            lies=({OBJECT: answer(DATA)},),
            id='c/o',
        ),
    )

    def test_a_torn_read_is_no_acknowledgement(self):
        call = writes('object.read').call()
        cloud = canned.Cloud({OBJECT: answer(DATA, etag='0' * 32)})
        error = self.assertRaises(
            ports.CallError, call.action.invoke, cloud, call
        )
        self.assertIs(ports.Kind.INFO, error.refusal.kind)

    def test_a_shared_object_may_have_the_bytes_of_others(self):
        case = writes('object.read')
        shared = canned.Case(
            action=case.action,
            done=case.done,
            lies=(),
            id='c/o',
            answer=b'of others',
        )
        self.assertTrue(shared.look({OBJECT: answer(b'of others')}).reached)

    def test_also_after_one_has_written_to_it_oneself(self):
        """Others may have written since: nothing is known of it."""
        mine = model.Resource(
            key='s-1',
            kind='object',
            id='c/o',
            name='o',
            possible=frozenset({'present'}),
            attributes={'content': 5, 'size': 1000},
        )
        copy = actions.catalogue()['object.copy']
        around = state.State(limits={})
        self.assertFalse(copy.fits('source', mine, None, around))
        own = dataclasses.replace(mine, possible=frozenset())
        self.assertTrue(copy.fits('source', own, None, around))
        read = writes('object.read').call()
        read = msgspec.structs.replace(read, resource=mine)
        others = answer(b'of others')
        cloud = canned.Cloud({OBJECT: others})
        self.assertTrue(read.action.look(cloud, read, others).reached)

    def test_the_parts_of_a_large_object_go_with_it(self):
        call = canned.Case(
            action='object.delete',
            attributes={'large': 'yes'},
            done={},
            lies=(),
            id='c/o',
        ).call()
        path = f'{OBJECT}?multipart-manifest=delete'
        good = {'Response Status': '200 OK', 'Errors': []}
        call.action.invoke(canned.Cloud({path: good}), call)
        for bad in (
            {'Response Status': '400 Bad Request', 'Errors': []},
            {'Response Status': '200 OK', 'Errors': [['c/o-0', '409']]},
            {},
        ):
            self.assertRaises(
                ports.CallError,
                call.action.invoke,
                canned.Cloud({path: bad}),
                call,
            )
