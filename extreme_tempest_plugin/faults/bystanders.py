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
"""Whether the services are there that no fault is to hit now.

All that the os-faults configuration has, and not only what may be broken: it
is looked at and not touched.
"""

import collections
import collections.abc
import dataclasses
from typing import TypeVar

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults.drivers import containers

_T = TypeVar('_T')

#: Seconds that one host may take, and how often it is asked what is there
#: before the first fault.
_TIMEOUT = 15.0
_TRIES = 2
#: As systemd, and as a runtime has it.
_THERE = ('active', 'running')

Units = tuple[str, ...]
#: Says of the units of a host how they are, in their order.
Look = collections.abc.Callable[[ssh.Host, Units], Units]
Containers = tuple[runtimes.Container, ...]
#: The same of containers.
LookInside = collections.abc.Callable[[ssh.Host, Containers], Units]


def over_ssh(host: ssh.Host, units: Units) -> Units:
    """What systemd says; nothing where the host cannot be asked."""
    argv = ('systemctl', 'is-active', '--', *units)
    try:
        said = ssh.run(host, argv, timeout=_TIMEOUT).stdout.split()
    except ssh.UnreachableError:
        return ()
    return tuple(said) if len(said) == len(units) else ()


def inside_over_ssh(host: ssh.Host, wanted: Containers) -> Units:
    """What docker or podman says; nothing where the host cannot be asked."""
    return containers.statuses(host, wanted, _TIMEOUT)


@dataclasses.dataclass(frozen=True, slots=True)
class _Said:
    """What a host said.

    :param there: what is active.
    :param whole: it said of everything how it is.
    """

    there: frozenset[str]
    whole: bool


class Bystanders:
    """The services of a configuration, on each of their hosts.

    :param targets: of the configuration.
    :param look: asks a host for its units.
    :param look_inside: asks it for its containers.
    """

    def __init__(
        self,
        targets: collections.abc.Iterable[configuration.Target],
        look: Look = over_ssh,
        look_inside: LookInside = inside_over_ssh,
    ) -> None:
        units: dict[ssh.Host, list[str]] = collections.defaultdict(list)
        inside: dict[ssh.Host, list[runtimes.Container]] = (
            collections.defaultdict(list)
        )
        for target in targets:
            if target.subject == catalogue.Subject.SERVICE:
                for host in target.hosts:
                    if isinstance(target.part, runtimes.Container):
                        inside[host].append(target.part)
                    else:
                        units[host].append(target.unit)
        self._hosts = tuple(dict.fromkeys((*units, *inside)))
        self._units = _once(units)
        self._inside = _once(inside)
        self._look = look
        self._look_inside = look_inside
        self._there: frozenset[str] = frozenset()

    def remember(self) -> tuple[str, ...]:
        """Take what is active now for what has to be.

        :returns: addresses of the hosts that did not say, so that what they
            have is not known, and not missed.
        """
        said: dict[ssh.Host, _Said] = {}
        silent = self._hosts
        for _ in range(_TRIES):
            said |= self._ask(silent)
            silent = tuple(host for host in silent if not said[host].whole)
        self._there = _there(said)
        return tuple(host.address for host in silent)

    def lost(self) -> tuple[str, ...]:
        """What was active when it was remembered, and is not now."""
        if not self._there:
            return ()
        return tuple(sorted(self._there - _there(self._ask(self._hosts))))

    def _ask(self, hosts: tuple[ssh.Host, ...]) -> dict[ssh.Host, _Said]:
        if not hosts:
            return {}
        found = ssh.everywhere(hosts, self._of_host)
        return dict(zip(hosts, found, strict=True))

    def _of_host(self, host: ssh.Host) -> _Said:
        units, inside = self._units.get(host, ()), self._inside.get(host, ())
        said = [
            *zip(
                units, self._look(host, units) if units else (), strict=False
            ),
            *zip(
                (one.container for one in inside),
                self._look_inside(host, inside) if inside else (),
                strict=False,
            ),
        ]
        there = (
            f'{name} of {host.address}'
            for name, state in said
            if state in _THERE
        )
        return _Said(frozenset(there), len(said) == len(units) + len(inside))


def _there(
    said: collections.abc.Mapping[ssh.Host, _Said],
) -> frozenset[str]:
    return frozenset().union(*(one.there for one in said.values()))


def _once(
    found: collections.abc.Mapping[ssh.Host, list[_T]],
) -> dict[ssh.Host, tuple[_T, ...]]:
    return {host: tuple(dict.fromkeys(each)) for host, each in found.items()}
