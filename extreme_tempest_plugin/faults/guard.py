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
"""What may be broken. Refuses before anything is touched.

A refusal is one line that says which option to set.
"""

import collections.abc
import itertools
import os
import pathlib
import socket
import stat

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import beginning
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.faults import plans
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.plan import model


def check(
    faults: collections.abc.Sequence[model.Fault],
    destructive: settings.Destructive,
    bounds: model.Bounds = model.NARROWEST,
    *,
    rehearsal: bool = False,
    observer: evidence.Observer | None = None,
    preflight: engines.Preflight = engines.preflight,
) -> tuple[configuration.Target, ...]:
    """Whether all these faults may be injected, now.

    Reads files here and the state of the targets over SSH; changes nothing
    but making the directory of the journal.

    :param bounds: what the plan lets them do together.
    :param rehearsal: the directory of the journal is not made either.
    :param observer: sees the targets; that of each kind if it is not given.
    :param preflight: whether the engines of these faults can work at all.
    :returns: the target of each fault, in their order.
    :raises PlanError: for a fault that no plan can have.
    :raises RefusedError: for what may not be broken, or not now.
    :raises UsageError: for a configuration that cannot be used.
    """
    if not faults:
        return ()
    targets = permitted(faults, destructive, bounds)
    for target in targets:
        for host in target.hosts:
            _check_key(host, target)
    kinds = (engines.kind(fault.fault) for fault in faults)
    wanted = dict.fromkeys(zip(kinds, targets, strict=True))
    preflight(wanted)
    log = journal.Journal(destructive.state_dir)
    if rehearsal:
        log.check()
    else:
        log.prepare()
    journal.refuse_active(log.held())
    for kind, target in wanted:
        _check_steady(target, observer or engines.observer(kind, target))
    return targets


def permitted(
    faults: collections.abc.Sequence[model.Fault],
    destructive: settings.Destructive,
    bounds: model.Bounds = model.NARROWEST,
) -> tuple[configuration.Target, ...]:
    """What plan and options alone say; touches nothing but the file.

    :raises PlanError: for a fault that no plan can have.
    :raises RefusedError: for what may not be broken.
    :raises UsageError: for a configuration that cannot be used.
    """
    plans.check(faults, bounds)
    for fault in faults:
        about = f'{fault.fault} of {fault.target} refused'
        if not destructive.allowed:
            raise errors.RefusedError(
                f'{about}: nothing may be broken here: set [destructive] '
                'allowed = true where that is wanted'
            )
        if fault.target not in destructive.targets:
            listed = ', '.join(destructive.targets) or 'nothing'
            raise errors.RefusedError(
                f'{about}: not listed in [destructive] targets, which has '
                f'{listed}'
            )
        if not destructive.os_faults_config:
            raise errors.RefusedError(
                f'{about}: set [destructive] os_faults_config to the path '
                'of the os-faults configuration'
            )
    offered = reading.read(destructive.os_faults_config)
    targets = tuple(_target(fault, offered) for fault in faults)
    planned = tuple(zip(faults, targets, strict=True))
    _check_reached(planned, offered, bounds)
    losses.check(planned, offered, bounds)
    beginning.check(planned, offered.clusters, bounds)
    return targets


def _target(
    fault: model.Fault, offered: configuration.Configuration
) -> configuration.Target:
    about = f'{fault.fault} of {fault.target} refused'
    if fault.target in offered.unusable:
        raise errors.RefusedError(
            f'{about}: {offered.path}: {offered.unusable[fault.target]}'
        )
    kind = engines.kind(fault.fault)
    wanted = kind.of
    target = offered.targets.get(fault.target)
    if target is None or target.subject != wanted:
        known = ', '.join(
            sorted(
                name
                for name, one in offered.targets.items()
                if one.subject == wanted
            )
        )
        raise errors.RefusedError(
            f'{about}: {offered.path} ([destructive] os_faults_config) has '
            f'no such {wanted}; it has: {known or "none"}'
        )
    if fault.host:
        target = _there(fault.host, target, offered, about)
    if target.part is not None:
        if why := target.part.refuses(kind):
            raise errors.RefusedError(f'{about}: {why}')
        _check_tester(target.part.cut_off(), 'cut off', about)
    _check_tester(losses.away(target), 'away', about)
    unit = target.unit.removesuffix('.service')
    if unit in evidence.NETWORK and not kind.heals_itself:
        raise errors.RefusedError(
            f'{about}: the network of its hosts may hang on {unit}, and '
            'without it nobody could heal them: use service.restart or '
            'service.kill'
        )
    return target


def _there(
    wanted: str,
    target: configuration.Target,
    offered: configuration.Configuration,
    about: str,
) -> configuration.Target:
    """The target on one of its hosts, whichever of its addresses is given."""
    named = offered.hosts.get(wanted)
    host = offered.host_of(named.address) if named else ''
    found = tuple(
        one for one in target.hosts if offered.host_of(one.address) == host
    )
    if not found:
        raise errors.RefusedError(
            f'{about}: {wanted} is no host of it; {offered.path} '
            '([destructive] os_faults_config) has: '
            + ', '.join(target.addresses)
        )
    return msgspec.structs.replace(target, hosts=found)


def _check_tester(
    addresses: collections.abc.Iterable[str], what: str, about: str
) -> None:
    """Whether none of them is this machine, whatever leads to the host.

    What the host takes us for is seen from there, see ``State.forbidden``.

    :param what: would become of it.
    """
    for address in addresses:
        if _leads_to_us(address):
            raise errors.RefusedError(
                f'{about}: {address} is an address of this machine, which '
                f'would be {what}'
            )


def _check_reached(
    planned: tuple[losses.Planned, ...],
    offered: configuration.Configuration,
    bounds: model.Bounds,
) -> None:
    """Whether no fault needs a host that another one takes away meanwhile.

    It could neither be proven nor healed.

    :raises RefusedError: naming both.
    """
    for first, second in itertools.permutations(planned, 2):
        (fault, target), (other, needs) = first, second
        # Where faults do not overlap, the one is whole before the next.
        lasts = bounds.overlap or fault.hold is None
        if not lasts or not losses.meet(fault, other):
            continue
        needed = {*losses.away(needs)}.union(*(h.way for h in needs.hosts))
        if needs.part is not None:
            needed |= {*needs.part.cut_off()}
        gone = map(offered.host_of, losses.away(target))
        if both := {*map(offered.host_of, needed)}.intersection(gone):
            raise errors.RefusedError(
                f'{other.fault} of {other.target} refused: {fault.fault} of '
                f'{fault.target} takes {min(both)} away meanwhile: raise '
                '`at` of the later one'
            )


def _leads_to_us(address: str) -> bool:
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Asks for the route; a datagram socket sends nothing here.
            probe.connect((address, 9))
            return bool(probe.getsockname()[0] == probe.getpeername()[0])
    except OSError:
        return False


def _check_key(host: ssh.Host, target: configuration.Target) -> None:
    if host.jump is not None:
        _check_key(host.jump, target)
    if not host.key_file:
        return
    where = (
        f'{target.name} refused: {host.key_file} (private_key_file of '
        f'{host.address} in [destructive] os_faults_config)'
    )
    path = pathlib.Path(host.key_file)
    try:
        found = path.stat()
    except OSError as error:
        raise errors.RefusedError(f'{where}: {error.strerror}') from None
    if not stat.S_ISREG(found.st_mode):
        raise errors.RefusedError(f'{where}: not a file')
    if not os.access(path, os.R_OK):
        raise errors.RefusedError(f'{where}: not readable by this user')
    # As ssh judges it: only its own user's keys.
    if found.st_uid == os.getuid() and found.st_mode & 0o077:
        raise errors.RefusedError(
            f'{where}: open to others, which ssh refuses: chmod 600 it'
        )


def _check_steady(
    target: configuration.Target, observer: evidence.Observer
) -> None:
    try:
        seen = observer.observe(target)
    except ssh.UnreachableError as error:
        raise errors.RefusedError(
            f'{target.name} refused: its state cannot be seen: {error}; see '
            '[destructive] os_faults_config'
        ) from None
    if not evidence.whole(seen):
        raise errors.RefusedError(
            f'{target.name} refused: not in its steady state before the '
            f'fault: {evidence.describe(seen)}'
        )
    if why := evidence.forbidden(seen):
        raise errors.RefusedError(f'{target.name} refused: {why}')
