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
"""Delete what a dead run left.

Its ledgers say what it owes. Whoever may speak for its project deletes it:
the credentials that are configured, if they are of that project; else an
administrator, who logs in as the user that was made for the run, or, where
that one is gone, sees the resources of all projects.
"""

import collections.abc
import contextlib
import dataclasses
import pathlib
import secrets
import time

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin.cloud import access as access_
from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import everywhere
from extreme_tempest_plugin.cloud import identity as identity_
from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import ports

#: How what was made for a run alone is deleted.
_PROVIDED = {
    'router': ('neutron', 'v2.0/routers'),
    'network': ('neutron', 'v2.0/networks'),
    'user': ('keystone', 'v3/users'),
    'project': ('keystone', 'v3/projects'),
}

#: Seconds for which the deletion of one of those is tried: ports of servers
#: go away a little after them.
_PATIENCE = 60.0
_PAUSE = 2.0

#: Seconds that a load process has to see that its campaign is dead, and to
#: settle.
_SETTLING = 300.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Who deletes.

    :param cloud: for what the run created.
    :param admin: for what was created for the run; None where nothing was.
    """

    cloud: ports.Cloud
    admin: ports.Cloud | None = None


def clean(
    directory: pathlib.Path,
    settings: settings_.Settings,
    say: collections.abc.Callable[[str], None],
    timeout: float = cleanup.TIMEOUT,
) -> tuple[cleanup.Left, ...]:
    """Delete all that the run in a directory still owes.

    :param settings: of its cloud.
    :param say: told what is being done.
    :param timeout: seconds for each kind of resource.
    :returns: what is still there.
    :raises UsageError: if the run is alive, or nobody may speak for it.
    """
    record = run_directory.read(directory)
    if liveness.alive(record.owner):
        raise errors.UsageError(
            f'{directory}: the run is alive (process {record.owner.pid}): '
            'wait for its end, or interrupt it'
        )
    ledgers = sorted((directory / 'ledgers').glob('*.jsonl'))
    _await_writers(ledgers, say)
    debts = ledger.read(ledgers)
    provided = record.identity.provided
    if not debts and not provided:
        say('the run owes nothing')
        return ()
    if record.identity.auth_url != settings.cloud.auth_url:
        raise errors.UsageError(
            f'{directory}: the run was on {record.identity.auth_url}, and '
            f'{settings.cloud.auth_url or "no cloud"} is configured'
        )
    with contextlib.ExitStack() as stack:
        way = (
            _by_admin(record.identity, settings)
            if provided
            else _by_user(record.identity, settings, stack)
        )
        say(f'looking for {len(debts)} resources that the run may owe')
        left = cleanup.clean(ledgers, way.cloud, timeout)
        if way.admin and not left:
            left = tuple(_take_back(way.admin, provided))
    return left


def _await_writers(
    ledgers: collections.abc.Collection[pathlib.Path],
    say: collections.abc.Callable[[str], None],
) -> None:
    """A load process outlives its campaign for as long as it settles.

    :raises UsageError: if it does not end.
    """
    until = time.monotonic() + _SETTLING
    while writing := [path for path in ledgers if ledger.in_use(path)]:
        if time.monotonic() >= until:
            raise errors.UsageError(
                f'{writing[0]}: a load process of the run still writes it: '
                'end that first'
            )
        say('the storm of the dead run settles')
        time.sleep(_PAUSE)


def _by_user(
    identity: identity_.Identity,
    settings: settings_.Settings,
    stack: contextlib.ExitStack,
) -> _Way:
    """As the user that is configured, or else as an administrator.

    :raises UsageError: if that is another one.
    """
    granted = stack.enter_context(
        access_.grant(settings, 'extreme', admin=True)
    )
    if granted.user.project_id == identity.project_id:
        return _Way(cloud=clients.make(settings.cloud, granted.user))
    if granted.admin is None:
        raise errors.UsageError(
            f'the run was in project {identity.project} '
            f'({identity.project_id}), of which these credentials are not: '
            "give its own, or an administrator's"
        )
    admin = clients.make(settings.cloud, granted.admin)
    return _Way(cloud=_everywhere(admin, identity))


def _by_admin(
    identity: identity_.Identity, settings: settings_.Settings
) -> _Way:
    """As the administrator who had the user made.

    :raises UsageError: if there is none.
    """
    given = credentials.administrator()
    if given is None:
        raise errors.UsageError(
            f'the run was in project {identity.project}, which was made for '
            'it: to delete that, give an administrator in [auth] of '
            'tempest.conf'
        )
    admin = clients.make(settings.cloud, given)
    admin.check()
    user = _log_in(identity, admin, settings)
    return _Way(cloud=user or _everywhere(admin, identity), admin=admin)


def _everywhere(
    admin: ports.Cloud, identity: identity_.Identity
) -> everywhere.Everywhere:
    return everywhere.Everywhere(admin, identity.project_id, identity.user_id)


def _log_in(
    identity: identity_.Identity,
    admin: ports.Cloud,
    settings: settings_.Settings,
) -> clients.Clients | None:
    """Become the user that was made for the run; None if it is gone.

    Its password died with the run, so it gets a new one.
    """
    password = secrets.token_urlsafe(24)
    keystone = admin.service('keystone')
    try:
        keystone.get(f'v3/projects/{identity.project_id}')
        keystone.patch(
            f'v3/users/{identity.user_id}', {'user': {'password': password}}
        )
    except ports.CallError as error:
        if error.refusal.status == 404:
            return None
        raise errors.UsageError(
            f'{settings.cloud.auth_url}: {identity.username} cannot be given '
            f'a new password: {error}'
        ) from None
    user = clients.make(settings.cloud, identity.with_password(password))
    user.check()
    return user


def _take_back(
    admin: ports.Cloud,
    provided: collections.abc.Iterable[tuple[str, str]],
) -> collections.abc.Iterator[cleanup.Left]:
    """Delete what was made for the run; yield what could not be."""
    for kind, id_ in provided:
        until = time.monotonic() + _PATIENCE
        while why := _delete(admin, kind, id_):
            if time.monotonic() >= until:
                yield cleanup.Left(
                    resource=f'{kind}/{id_}', name=kind, why=why
                )
                break
            time.sleep(_PAUSE)


def _delete(admin: ports.Cloud, kind: str, id_: str) -> str:
    """Delete one thing; why it could not be, empty if it is gone."""
    service, path = _PROVIDED[kind]
    known = kinds.BY_NAME.get(kind)
    try:
        if known and known.undo:
            # A router lets go of the network, which comes next.
            known.undo(admin, kinds.Found(id=id_, name=kind, state=''))
        admin.service(service).delete(f'{path}/{id_}')
    except ports.CallError as error:
        return '' if error.refusal.status == 404 else str(error)
    return ''
