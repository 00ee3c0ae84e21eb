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
"""The census sees what was broken behind the back of the services.

Needs a sandbox that is up, see ``test_services``.
"""

import hashlib
import uuid

import fixtures
import msgspec

from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.cloud import afterwards
from extreme_tempest_plugin.cloud import census_compute
from extreme_tempest_plugin.cloud import census_dns
from extreme_tempest_plugin.cloud import census_objects
from extreme_tempest_plugin.cloud import kinds_identity
from extreme_tempest_plugin.cloud import name_servers
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.sandbox import walking

WALK = """
    image.create image.upload
    container.create object.create object.overwrite
    zone.create recordset.create recordset.update
    user.create project.create user.grant_role group.create group.add_user
    server.create server.stop
"""

PLAN = model.Plan(
    name='census',
    duration=60.0,
    seed=1,
    storm=model.Storm(actions=dict.fromkeys(WALK.split(), 1.0)),
)

KINDS = (
    *('image', 'container', 'object', 'zone', 'recordset'),
    *('user', 'project', 'group', 'server'),
)

CHECKERS = ('lost', 'references', 'registers', 'quotas', 'duplicates')


class CensusTest(walking.WalkTest):
    def setUp(self):
        super().setUp()
        for module in (census_compute, census_dns, census_objects):
            name = f'{module.__name__}.PATIENCE'
            self.useFixture(fixtures.MonkeyPatch(name, 6.0))
        logs = self.settings.logs
        self.host = ssh.Host(
            address=logs.hosts[0], user=logs.user, key_file=logs.key_file
        )

    def census(self):
        """What is found: checker and resource, with the story."""
        said = list(self.events)
        afterwards.Afterwards(
            cloud=self.cloud,
            admin=self.admin,
            kinds=KINDS,
            ledgers=[self.ledger],
            prefix=self.prefix,
            alone=True,
            servers=tuple(
                name_servers.Server(one.host, one.port)
                for one in self.settings.name_servers
            ),
            record=said.append,
        ).take()
        unmeasured = [
            one
            for one in said
            if isinstance(one, events.Note)
            and one.what is not events.Topic.CENSUS_COMPLETE
        ]
        self.assertEqual([], unmeasured)
        header = events.Header(
            history=1,
            run=str(uuid.uuid4()),
            plan=loader.to_raw(PLAN),
            seed=1,
            versions={},
            utc='2026-11-21T12:00:00+00:00',
            t=said[0].t,
        )
        history = [
            msgspec.structs.replace(one, n=number)
            for number, one in enumerate(
                sorted(said, key=lambda event: event.t), start=1
            )
        ]
        found = verdict.judge(header, history, PLAN).findings
        return {
            (one.checker, one.about): one.what
            for one in found
            if one.checker in CHECKERS
        }

    def answer(self, action):
        """The acknowledgement of an action."""
        (op,) = [
            one.op
            for one in self.events
            if isinstance(one, events.Invoke) and one.action == action
        ]
        (ok,) = [
            one
            for one in self.events
            if isinstance(one, events.Ok) and one.op == op
        ]
        return ok

    def made(self, kind):
        """Id of the one that was created."""
        return self.answer(f'{kind}.create').value.partition('/')[2]

    def as_root(self, script):
        result = ssh.run(self.host, ('sh', '-ec', script), as_root=True)
        self.assertEqual(0, result.status, result.stderr)

    def sql(self, database, statement):
        self.as_root(f'mariadb {database} -e "{statement}"')

    def spoil_image(self):
        image = self.made('image')
        self.as_root(
            'printf spoilt | dd status=none conv=notrunc '
            f'of=/var/lib/glance/images/{image}'
        )
        return {('references', f'image/{image}')}

    def lose_object(self):
        """Delete its file on the disk; the list keeps it."""
        id_ = self.made('object')
        path = f'sandbox/AUTH_{self.cloud.project}/{id_}sandbox'
        name = hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()
        self.as_root(
            'set -- /var/lib/swift/devices/d1/objects/*/*/'
            f'{name}/*.data; rm "$@"'
        )
        return {('lost', f'object/{id_}'), ('references', f'object/{id_}')}

    def change_record(self):
        """Behind designate's back; the name server keeps what it has."""
        id_ = self.made('recordset')
        self.sql(
            'designate',
            "update records set data='198.51.100.255' where "
            f"recordset_id='{id_.partition('/')[2].replace('-', '')}'",
        )
        return {
            ('references', f'recordset/{id_}'),
            ('registers', f'recordset/{id_}'),
        }

    def take_role(self):
        # Through the API: keystone has a cache, which knows no SQL.
        user, project = self.made('user'), self.made('project')
        keystone = self.admin.service('keystone')
        found = keystone.get(f'v3/roles?name={kinds_identity.ROLE}')
        role = found.read(_Roles).roles[0].id
        keystone.delete(f'v3/projects/{project}/users/{user}/roles/{role}')
        return {('registers', f'user/{user}')}

    def take_member(self):
        group = self.made('group')
        self.sql(
            'keystone',
            f"delete from user_group_membership where group_id='{group}'",
        )
        return {('registers', f'group/{group}')}

    def forget_request(self):
        request = self.answer('server.stop').request_id
        self.sql(
            'nova',
            'delete e from instance_actions_events e join instance_actions a '
            f"on e.action_id = a.id where a.request_id='{request}'; "
            f"delete from instance_actions where request_id='{request}'",
        )
        return {('references', f'server/{self.made("server")}')}

    def hold(self):
        """An allocation for the project, of nobody."""
        placement = self.admin.service('placement')
        providers = placement.get('resource_providers').read(_Providers)
        uuid_ = providers.resource_providers[0].uuid
        path = f'allocations/{uuid.uuid4()}'
        placement.send(
            'PUT',
            path,
            {
                'allocations': {uuid_: {'resources': {'VCPU': 1}}},
                'project_id': self.cloud.project,
                'user_id': self.cloud.user,
                'consumer_generation': None,
            },
            version='1.28',
        )
        self.addCleanup(placement.delete, path)
        return {('references', 'project_usage/VCPU')}

    def test_nothing_and_then_one_of_each(self):
        self.walk(WALK)
        self.assertEqual({}, self.census())
        expected = {
            *self.spoil_image(),
            *self.lose_object(),
            *self.change_record(),
            *self.take_role(),
            *self.take_member(),
            *self.forget_request(),
            *self.hold(),
        }
        found = self.census()
        self.assertEqual(expected, set(found), found)


class _Role(msgspec.Struct):
    id: str


class _Roles(msgspec.Struct):
    roles: list[_Role]


class _Provider(msgspec.Struct):
    uuid: str


class _Providers(msgspec.Struct):
    resource_providers: list[_Provider]
