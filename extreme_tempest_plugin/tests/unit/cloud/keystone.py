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
"""A keystone in memory, behind our own port: it may forget to revoke."""

import collections.abc
import typing
import urllib.parse

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.tests.unit.cloud import fakes

Fields = dict[str, typing.Any]

ROLE = 'role-1'


class Keystone(ports.Service):
    """Users, projects, groups, roles, and who is let in.

    :ivar stale: what it lets in by though it was taken away: a role that was
        used before (``role``), a ``member`` of a group, somebody who is not
        ``enabled``, an old ``credential``, a ``user`` or an
        ``application_credential`` that is gone.
    :ivar answers: called before and after each write; may raise.
    """

    def __init__(self) -> None:
        self.stale: set[str] = set()
        self.answers: collections.abc.Callable[[str], None] = lambda when: None
        self._things: dict[str, dict[str, Fields]] = {
            'users': {},
            'projects': {},
            'groups': {},
        }
        self._gone: dict[str, Fields] = {}
        self._secrets: dict[str, list[str]] = {}
        self._grants: set[tuple[str, str]] = set()
        self._members: set[tuple[str, str]] = set()
        self._used: set[tuple[str, str]] = set()
        self._left: set[tuple[str, str]] = set()
        self._made = 0

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: str = '',
        headers: object = None,
    ) -> ports.Answer:
        where = urllib.parse.urlsplit(path).path.split('/')[1:]
        given = typing.cast(Fields, body)
        if where == ['auth', 'tokens']:
            return self._log_in(given['auth'])
        if method in ('GET', 'HEAD'):
            return self._read(where)
        self.answers('before')
        answer = self._write(method, where, given)
        self.answers('after')
        return answer

    def _read(self, where: list[str]) -> ports.Answer:
        match where:
            case ['roles']:
                return _body({'roles': [{'id': ROLE}]})
            case ['projects', project, 'users' | 'groups', who, 'roles', _]:
                return self._there((who, project) in self._grants)
            case ['groups', group, 'users', user]:
                return self._there((user, group) in self._members)
            case ['users', _, 'application_credentials' as kind, id_]:
                return _body({kind[:-1]: self._get(kind, id_)})
            case [kind, id_]:
                return _body({kind[:-1]: self._get(kind, id_)})
        raise AssertionError(where)

    def _write(
        self, method: str, where: list[str], given: Fields
    ) -> ports.Answer:
        match method, where:
            case _, ['projects', project, 'users' | 'groups', who, 'roles', _]:
                return self._put(method, self._grants, (who, project))
            case _, ['groups', group, 'users', user]:
                if method == 'DELETE':
                    self._left.add((user, group))
                return self._put(method, self._members, (user, group))
            case 'POST', [*_, kind]:
                (fields,) = given.values()
                self._made += 1
                id_ = f'{kind[:-1]}-{self._made}'
                self._things.setdefault(kind, {})[id_] = {
                    'id': id_,
                    **fields,
                    'name': fields['name'],
                }
                self._keep(id_, fields)
                return _body({kind[:-1]: self._get(kind, id_)}, 201)
            case 'PATCH', [kind, id_]:
                (fields,) = given.values()
                self._get(kind, id_).update(fields)
                self._keep(id_, fields)
                return _body({kind[:-1]: self._get(kind, id_)})
            case 'DELETE', [*_, kind, id_]:
                self._gone[id_] = self._get(kind, id_)
                del self._things[kind][id_]
                return _body({}, 204)
        raise AssertionError((method, where))

    def _keep(self, id_: str, fields: Fields) -> None:
        for key in ('password', 'secret'):
            if key in fields:
                self._secrets.setdefault(id_, []).append(fields[key])

    def _put(
        self, method: str, elements: set[tuple[str, str]], one: tuple[str, str]
    ) -> ports.Answer:
        if method == 'PUT':
            elements.add(one)
        elif one in elements:
            elements.discard(one)
        else:
            raise fakes.refusal(404)
        return _body({}, 204)

    def _there(self, there: bool) -> ports.Answer:
        if not there:
            raise fakes.refusal(404)
        return _body({}, 204)

    def _get(self, kind: str, id_: str) -> Fields:
        found = self._things.get(kind, {}).get(id_)
        if found is None:
            raise fakes.refusal(404)
        return found

    def _log_in(self, asked: Fields) -> ports.Answer:
        (method,) = asked['identity']['methods']
        if method == 'application_credential':
            known = self._knows(
                'application_credentials', asked['identity'][method], 'secret'
            )
            return self._token(known is not None)
        who = asked['identity'][method]['user']
        user = self._knows('users', who, 'password')
        if user is None or not (user['enabled'] or 'enabled' in self.stale):
            return self._token(False)
        scope = asked['scope']
        if scope == 'unscoped':
            return self._token(True)
        return self._token(self._is_in(who['id'], scope['project']['id']))

    def _knows(self, kind: str, asked: Fields, key: str) -> Fields | None:
        id_ = asked['id']
        found = self._things.get(kind, {}).get(id_)
        if found is None and kind[:-1] in self.stale:
            found = self._gone.get(id_)
        secrets = self._secrets.get(id_, [])
        good = secrets if 'credential' in self.stale else secrets[-1:]
        return found if asked[key] in good else None

    def _is_in(self, user: str, project: str) -> bool:
        if project not in self._things['projects']:
            return False
        members = set(self._members)
        if 'member' in self.stale:
            members |= self._left
        groups = {
            group
            for one, group in members
            if one == user and group in self._things['groups']
        }
        granted = any(
            (who, project) in self._grants for who in (user, *groups)
        )
        if granted:
            self._used.add((user, project))
        cached = 'role' in self.stale and (user, project) in self._used
        return granted or cached

    def _token(self, good: bool) -> ports.Answer:
        if not good:
            raise fakes.refusal(401)
        return _body({'token': {}}, 201)


def _body(content: object, status: int = 200) -> ports.Answer:
    return ports.Answer(
        status=status, request_id='req-1', body=msgspec.json.encode(content)
    )


class Cloud:
    project = 'project-1'
    user = 'user-1'
    boot = ports.Boot()
    login = {'auth': {'password': 'of the administrator'}}

    def __init__(self, keystone: Keystone) -> None:
        self._keystone = keystone

    def service(self, name: str) -> Keystone:
        assert name == 'keystone', name
        return self._keystone
