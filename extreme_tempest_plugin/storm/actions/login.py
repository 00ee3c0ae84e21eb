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
"""Whether keystone lets somebody in: a token that is thrown away at once.

What was granted must let in, and what was revoked must not, from the moment
of its acknowledgement on: keystone revokes at once, and takes what it has
cached with it (https://docs.openstack.org/keystone/latest/admin/, "caching").
What its lists show proves neither, for they are not what it decides by.

A password or a secret is made of a label and of the password of the storm's
own user. So every process of a run knows it, and no history, no ledger and no
state of a storm has anything but the label.
"""

import hashlib
import hmac

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking

TOKENS = 'v3/auth/tokens?nocatalog'

#: With these keystone says that there is no token for somebody.
REFUSED = (401, 404)

REFUSAL = 'keystone gives it no token'

#: Name of the label of a password among the attributes of a user.
CREDENTIAL = 'credential'

#: Clouds may ask for a capital, a digit and a sign in a password.
_SIGNS = 'aA1!'

#: Characters of it before these: keystone may allow 54 (bcrypt).
_LENGTH = 40


def secret(cloud: ports.Cloud, label: str) -> str:
    """The password, or the secret, that has a label."""
    key = msgspec.json.encode(cloud.login)
    made = hmac.new(key, label.encode(), hashlib.sha256).hexdigest()
    return made[:_LENGTH] + _SIGNS


def label(user: model.Resource) -> str:
    """Label of the password of a user, as far as we know."""
    return str(user.attributes.get(CREDENTIAL, user.name))


def user(
    cloud: ports.Cloud, id_: str, label: str, project: str = ''
) -> ports.Answer:
    """What keystone says to a user who asks for a token.

    :param label: of the password.
    :param project: id; for no project if it is empty.
    :raises CallError: for anything but a token and a refusal.
    """
    asked = {'user': {'id': id_, 'password': secret(cloud, label)}}
    scope = {'project': {'id': project}} if project else 'unscoped'
    return _ask(cloud, 'password', asked, {'scope': scope})


def application_credential(
    cloud: ports.Cloud, id_: str, label: str
) -> ports.Answer:
    """What keystone says to an application credential."""
    asked = {'id': id_, 'secret': secret(cloud, label)}
    return _ask(cloud, 'application_credential', asked, {})


def contradicted(
    sight: model.Sight, attribute: str, said: ports.Answer, value: str
) -> model.Sight:
    """A sight, though keystone does otherwise than its lists show.

    A token that must not be is one at once; a refusal may be too early.

    :param value: of the attribute, that a token proves.
    """
    if not lets_in(said):
        return looking.short_of(sight, REFUSAL)
    return msgspec.structs.replace(
        sight,
        reached=False,
        final=True,
        error=f'keystone lets it in with {attribute} {value}',
        seen={**sight.seen, attribute: value},
    )


def still_in(sight: model.Sight) -> model.Sight:
    """A sight of what is not there any more, and is let in all the same."""
    return msgspec.structs.replace(
        sight,
        state=looking.PRESENT,
        reached=False,
        final=True,
        error='keystone lets it in',
    )


def lets_in(answer: ports.Answer) -> bool:
    """Whether it was a token, and no refusal."""
    return answer.status < 400


def _ask(
    cloud: ports.Cloud, method: str, asked: object, more: dict[str, object]
) -> ports.Answer:
    identity = {'methods': [method], method: asked}
    try:
        return cloud.service('keystone').post(
            TOKENS, {'auth': {'identity': identity, **more}}
        )
    except ports.CallError as error:
        refusal = error.refusal
        # 404 is for an application credential that is gone.
        if refusal.status not in REFUSED:
            raise
        return ports.Answer(
            status=refusal.status, request_id=refusal.request_id
        )
