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
"""Tokens and application credentials: what a user does with keystone.

A token is a secret. What the history and the ledger have is its audit id,
which keystone shows of each token and which is good for nothing else
(https://docs.openstack.org/keystone/latest/admin/tokens-overview.html); the
token itself is in the memory of the load process alone.
"""

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import login
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import plain

_THERE = frozenset({looking.PRESENT})

_TOKENS = 'v3/auth/tokens'


class _Named(msgspec.Struct):
    id: str


class _Token(msgspec.Struct):
    """What keystone says of a token; all of it is public."""

    audit_ids: list[str]
    user: _Named
    project: _Named


class _TokenBody(msgspec.Struct):
    token: _Token


class _Issued:
    """The tokens that were issued by this process, by audit id."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    def __repr__(self) -> str:
        return f'<{len(self._tokens)} tokens>'

    def keep(self, audit: str, token: str) -> None:
        """Remember a token."""
        self._tokens[audit] = token

    def forget(self, audit: str) -> None:
        """It is revoked."""
        self._tokens.pop(audit, None)

    def header(self, audit: str) -> dict[str, str]:
        """What names a token in a request.

        :raises CallError: if it is not one of this process.
        """
        if audit not in self._tokens:
            raise ports.CallError(
                ports.Refusal(
                    kind=ports.Kind.FAIL,
                    error='the token is known to another process only',
                )
            )
        return {'X-Subject-Token': self._tokens[audit]}


_ISSUED = _Issued()


class _TokenAction(model.Action):
    service = 'keystone'
    kind = 'token'

    def validate(self, cloud: ports.Cloud, audit: str) -> ports.Answer:
        """What keystone says of a token."""
        return cloud.service('keystone').send(
            'GET', f'{_TOKENS}?nocatalog', headers=_ISSUED.header(audit)
        )

    def see(self, cloud: ports.Cloud, audit: str) -> model.Sight:
        """Whether a token is valid, and ours."""
        try:
            answer = self.validate(cloud, audit)
        except ports.CallError as error:
            if error.refusal.status == 404:
                return model.Sight(
                    state=looking.MISSING, error='404: the token is not valid'
                )
            raise
        return _judged(cloud, audit, answer)


def _judged(
    cloud: ports.Cloud, audit: str, answer: ports.Answer
) -> model.Sight:
    token = answer.read(_TokenBody).token
    wrong = ''
    if audit not in token.audit_ids:
        wrong = f'keystone shows the token {token.audit_ids[:1]}'
    elif cloud.project and token.project.id != cloud.project:
        wrong = f'the token is for project {token.project.id}'
    elif cloud.user and token.user.id != cloud.user:
        wrong = f'the token is of user {token.user.id}'
    return model.Sight(
        state=looking.PRESENT, reached=not wrong, final=True, error=wrong
    )


class IssueToken(_TokenAction):
    """A token for our password, which keystone then finds valid and ours."""

    name = 'token.issue'
    effect = model.Effect.CREATES

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        answer = cloud.service('keystone').post(
            f'{_TOKENS}?nocatalog', cloud.login
        )
        token = answer.headers.get('x-subject-token', '')
        audits = answer.read(_TokenBody).token.audit_ids
        if not token or not audits:
            raise looking.malformed(answer, 'no token')
        _ISSUED.keep(audits[0], token)
        return answer.creating(audits[0])

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self.see(cloud, answer.made)


class ValidateToken(_TokenAction):
    """A token is valid, ours, and for our project."""

    name = 'token.validate'
    effect = model.Effect.READS
    states = _THERE

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.validate(cloud, call.id)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return _judged(cloud, call.id, answer)


class RevokeToken(_TokenAction):
    """A token is revoked, and keystone does not find it any more."""

    name = 'token.revoke'
    effect = model.Effect.CONSUMES
    states = _THERE

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('keystone').send(
            'DELETE', _TOKENS, headers=_ISSUED.header(call.id)
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = self.see(cloud, call.id)
        if sight.state != looking.MISSING:
            return model.Sight(
                state=looking.PRESENT,
                final=True,
                error='the token is still valid',
            )
        _ISSUED.forget(call.id)
        return model.Sight(state=looking.DELETED, reached=True)


class _Credential(plain.Plain):
    service = 'keystone'
    kind = 'application_credential'
    wrapper = 'application_credential'


class CreateApplicationCredential(_Credential, plain.Create):
    """An application credential of our user, which is let in."""

    name = 'application_credential.create'

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'name': call.args['name'],
            'project_id': cloud.project,
            'unrestricted': False,
        }

    def hidden(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'secret': login.secret(cloud, str(call.args['name']))}

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = super().look(cloud, call, answer)
        if sight.reached and not login.lets_in(
            login.application_credential(
                cloud, answer.made, str(call.args['name'])
            )
        ):
            return looking.short_of(sight, login.REFUSAL)
        return sight


class DeleteApplicationCredential(_Credential, plain.Delete):
    """The end of an application credential, which is not let in any more."""

    name = 'application_credential.delete'

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = super().look(cloud, call, answer)
        assert call.resource is not None
        if not sight.reached or not login.lets_in(
            login.application_credential(cloud, call.id, call.resource.name)
        ):
            return sight
        return login.still_in(sight)


ACTIONS: tuple[model.Action, ...] = (
    IssueToken(),
    ValidateToken(),
    RevokeToken(),
    CreateApplicationCredential(),
    DeleteApplicationCredential(),
)
