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
from typing import TypeVar

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults.drivers import containers

_T = TypeVar('_T')

#: Seconds that one host may take.
_TIMEOUT = 15.0
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

    def remember(self) -> None:
        """Take what is active now for what has to be."""
        self._there = self._active()

    def lost(self) -> tuple[str, ...]:
        """What was active when it was remembered, and is not now."""
        if not self._there:
            return ()
        return tuple(sorted(self._there - self._active()))

    def _active(self) -> frozenset[str]:
        if not self._hosts:
            return frozenset()
        found = ssh.everywhere(self._hosts, self._of_host)
        return frozenset(name for names in found for name in names)

    def _of_host(self, host: ssh.Host) -> list[str]:
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
        return [
            f'{name} of {host.address}'
            for name, state in said
            if state in _THERE
        ]


def _once(
    found: collections.abc.Mapping[ssh.Host, list[_T]],
) -> dict[ssh.Host, tuple[_T, ...]]:
    return {host: tuple(dict.fromkeys(each)) for host, each in found.items()}
