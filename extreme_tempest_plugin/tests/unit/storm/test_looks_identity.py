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
"""What actions of keystone see, of a cloud that does it and one that lies."""

import testtools

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm.actions import identity_token
from extreme_tempest_plugin.tests.unit.storm import canned

TOKENS = 'keystone:v3/auth/tokens?nocatalog'
GRANT = 'keystone:v3/projects/project/users/a/roles/r'
ROLES = {'keystone:v3/roles?name=reader': {'roles': [{'id': 'r'}]}}
GROUP_GRANT = GRANT.replace('users', 'groups')
MEMBER = 'keystone:v3/groups/a/users/user'
CREDENTIAL = 'keystone:v3/users/user-1/application_credentials/a'

SECRET = 'gAAAA-the-token'


def shows(kind, path='', **fields):
    path = path or f'keystone:v3/{kind}s/a'
    return {path: {kind: {'id': 'a', **fields}}}


def case(action, args, wrong, path='', **fields):
    kind = action.partition('.')[0]
    fields = fields or args
    done = shows(kind, path, **fields)
    return canned.Case(
        action=action,
        args=args,
        done=done,
        lies=(
            dict.fromkeys(done),
            shows(kind, path, **{**fields, **wrong}),
        ),
    )


def deletes(kind, path=''):
    return canned.Case(
        action=f'{kind}.delete', done={}, lies=(shows(kind, path),)
    )


def credential(project_id='project-1'):
    return shows(
        'application_credential',
        CREDENTIAL,
        name='n',
        project_id=project_id,
        unrestricted=False,
    )


def token(audit='a', user='user-1', project='project-1'):
    ids = {'user': {'id': user}, 'project': {'id': project}}
    return {TOKENS: {'token': {'audit_ids': [audit], **ids}}}


class LooksTest(canned.Looks, testtools.TestCase):
    kinds = frozenset(
        {'application_credential', 'group', 'project', 'token', 'user'}
    )
    cases = (
        case('user.create', {'name': 'n', 'enabled': True}, {'name': 'x'}),
        case(
            'user.set_description', {'description': 'd'}, {'description': ''}
        ),
        *(
            canned.Case(
                action='user.set_enabled',
                args={'enabled': enabled},
                done={**shows('user', enabled=enabled), TOKENS: said},
                lies=(
                    {'keystone:v3/users/a': None},
                    shows('user', enabled=not enabled),
                    {TOKENS: {} if said is None else None},
                ),
            )
            for enabled, said in ((True, {}), (False, None))
        ),
        case('user.rename', {'name': 'n'}, {'name': 'x'}),
        canned.Case(
            action='user.delete',
            done={},
            lies=(shows('user'), {TOKENS: {}}),
        ),
        canned.Case(
            action='project.create',
            args={'name': 'n'},
            done=shows('project', name='n', enabled=True),
            lies=(
                shows('project', name='n', enabled=False),
                shows('project', name='x', enabled=True),
            ),
        ),
        case('project.rename', {'name': 'n'}, {'name': 'x'}),
        deletes('project'),
        case('group.create', {'name': 'n'}, {'name': 'x'}),
        deletes('group'),
        canned.Case(
            action='user.grant_role',
            attributes={'enabled': True},
            done={**ROLES, GRANT: {}, TOKENS: {}},
            lies=({GRANT: None}, {TOKENS: None}),
        ),
        canned.Case(
            action='user.revoke_role',
            attributes={'enabled': True},
            done=ROLES,
            lies=({GRANT: {}}, {TOKENS: {}}),
        ),
        canned.Case(
            action='group.grant_role',
            done={**ROLES, GROUP_GRANT: {}},
            lies=({GROUP_GRANT: None},),
        ),
        canned.Case(
            action='group.revoke_role', done=ROLES, lies=({GROUP_GRANT: {}},)
        ),
        canned.Case(
            action='group.add_user', done={MEMBER: {}}, lies=({MEMBER: None},)
        ),
        canned.Case(action='group.remove_user', done={}, lies=({MEMBER: {}},)),
        canned.Case(
            action='token.issue',
            done=token(),
            lies=(
                {TOKENS: None},
                token(audit='b'),
                token(user='other'),
                token(project='other'),
            ),
        ),
        canned.Case(
            action='token.revoke', done={}, lies=(token(), token(audit='b'))
        ),
        canned.Case(
            action='application_credential.create',
            args={'name': 'n'},
            done={**credential(), TOKENS: {}},
            lies=(
                {CREDENTIAL: None},
                credential(project_id='other'),
                {TOKENS: None},
            ),
        ),
        canned.Case(
            action='application_credential.delete',
            done={},
            lies=(credential(), {TOKENS: {}}),
        ),
    )

    def setUp(self):
        super().setUp()
        identity_token._ISSUED.keep('a', SECRET)
        self.addCleanup(identity_token._ISSUED.forget, 'a')

    def test_a_lie_is_seen(self):
        for one in self.cases:
            for lie in one.lies:
                # A token that is seen revoked is forgotten.
                identity_token._ISSUED.keep('a', SECRET)
                self.assertFalse(one.look(lie).reached, f'{one.action} {lie}')

    def test_every_action_is_looked_at(self):
        """But for one whose answer is all that there is to see.

        And for those that take a keystone which knows passwords, see
        ``test_identity``.
        """
        self.cases = (
            *self.cases,
            *(
                canned.Case(action=action, done={}, lies=())
                for action in (
                    'token.validate',
                    'user.log_in',
                    'user.set_password',
                )
            ),
        )
        super().test_every_action_is_looked_at()

    def _invoke(self, action, bodies):
        call = canned.Case(action=action, done={}, lies=()).call()
        return call, call.action.invoke(canned.Cloud(bodies), call)

    def test_validation_is_judged_by_its_answer(self):
        for shown, reached in (
            (token(), True),
            (token(audit='b'), False),
            (token(user='other'), False),
            (token(project='other'), False),
        ):
            call, answer = self._invoke('token.validate', shown)
            sight = call.action.look(canned.Cloud({}), call, answer)
            self.assertEqual(reached, sight.reached, shown)

    def test_a_token_is_nowhere_but_in_memory(self):
        issued = ports.Answer(
            status=201,
            body=b'{"token": {"audit_ids": ["b"], "user": {"id": "u"},'
            b' "project": {"id": "p"}}}',
            headers={'x-subject-token': SECRET},
        )
        self.addCleanup(identity_token._ISSUED.forget, 'b')
        call, answer = self._invoke('token.issue', {TOKENS: issued})
        self.assertEqual('b', answer.made)
        self.assertNotIn(SECRET, repr(call))
        self.assertNotIn(SECRET, repr(identity_token._ISSUED))

    def test_an_answer_without_a_token_is_none(self):
        self.assertRaises(
            ports.CallError, self._invoke, 'token.issue', token()
        )

    def test_a_token_of_another_process(self):
        identity_token._ISSUED.forget('a')
        error = self.assertRaises(
            ports.CallError, self._invoke, 'token.revoke', {}
        )
        self.assertIn('another process', error.refusal.error)

    def test_without_the_role(self):
        none = {'keystone:v3/roles?name=reader': {'roles': []}}
        error = self.assertRaises(
            ports.CallError, self._invoke, 'user.grant_role', none
        )
        self.assertIn('no role reader', error.refusal.error)
