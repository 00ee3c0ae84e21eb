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
"""Key pairs, and servers that have one."""

import base64
import random
import typing
import urllib.parse

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute
from extreme_tempest_plugin.storm.actions import looking

_ED25519 = b'ssh-ed25519'


class _Keypair(msgspec.Struct):
    public_key: str = ''


class _KeypairBody(msgspec.Struct):
    keypair: _Keypair


class CreateKeypair(model.Action):
    """The key pair is found; nova makes it."""

    # The private key is thrown away.
    name = 'keypair.create'
    service = 'nova'
    kind = 'keypair'
    effect = model.Effect.CREATES

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        name = str(call.args['name'])
        asked = {
            key: value
            for key, value in call.args.items()
            if key in ('name', 'public_key')
        }
        answer = cloud.service('nova').post('os-keypairs', {'keypair': asked})
        return answer.creating(name)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return looking.present(cloud, 'nova', _keypair(answer.made))


class ImportKeypair(CreateKeypair):
    """The key pair is found with our public key."""

    name = 'keypair.import'

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh, 'public_key': public_key(rng)}

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        found = looking.read(
            cloud.service('nova'), _keypair(answer.made), _KeypairBody
        )
        if found is None:
            return model.Sight(state=looking.MISSING, error='404: no keypair')
        ours = found.keypair.public_key == call.args['public_key']
        return model.Sight(
            state=looking.PRESENT,
            reached=ours,
            error='' if ours else 'it has another public key',
        )


class DeleteKeypair(model.Action):
    """The key pair is not found."""

    name = 'keypair.delete'
    service = 'nova'
    kind = 'keypair'
    effect = model.Effect.CONSUMES
    states = frozenset({looking.PRESENT})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('nova').delete(_keypair(call.id))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return looking.absent(cloud, 'nova', _keypair(call.id))


class CreateServerWithKeypair(compute.CreateServer):
    """The server is ACTIVE; with a key pair."""

    name = 'server.create_with_keypair'
    links = model.Links.REMOVES
    partners = {
        'keypair': model.Need(
            kind='keypair', states=frozenset({looking.PRESENT})
        )
    }

    def wanted(
        self, cloud: ports.Cloud, call: model.Call
    ) -> dict[str, typing.Any]:
        asked = super().wanted(cloud, call)
        asked['server']['key_name'] = call.partners['keypair'].id
        return asked


def public_key(rng: random.Random) -> str:
    """A public key that nobody has the private one of.

    Any 32 bytes are a public key of Ed25519; its form is that of RFC 8709.
    """
    blob = b''.join(
        len(part).to_bytes(4, 'big') + part
        for part in (_ED25519, rng.randbytes(32))
    )
    return f'{_ED25519.decode()} {base64.b64encode(blob).decode()}'


def _keypair(name: str) -> str:
    return f'os-keypairs/{urllib.parse.quote(name, safe="")}'


ACTIONS: tuple[model.Action, ...] = (
    CreateKeypair(),
    ImportKeypair(),
    DeleteKeypair(),
    CreateServerWithKeypair(),
)
