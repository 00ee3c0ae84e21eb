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

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration

#: Seconds that one host may take.
_TIMEOUT = 15.0
_ACTIVE = 'active'

Units = tuple[str, ...]
#: Says of the units of a host how they are, in their order.
Look = collections.abc.Callable[[ssh.Host, Units], Units]


def over_ssh(host: ssh.Host, units: Units) -> Units:
    """What systemd says; nothing where the host cannot be asked."""
    argv = ('systemctl', 'is-active', '--', *units)
    try:
        said = ssh.run(host, argv, timeout=_TIMEOUT).stdout.split()
    except ssh.UnreachableError:
        return ()
    return tuple(said) if len(said) == len(units) else ()


class Bystanders:
    """The services of a configuration, on each of their hosts.

    :param targets: of the configuration.
    :param look: asks a host.
    """

    def __init__(
        self,
        targets: collections.abc.Iterable[configuration.Target],
        look: Look = over_ssh,
    ) -> None:
        found: dict[ssh.Host, list[str]] = collections.defaultdict(list)
        for target in targets:
            if target.subject is catalogue.Subject.SERVICE:
                for host in target.hosts:
                    found[host].append(target.unit)
        self._units = {
            host: tuple(dict.fromkeys(units)) for host, units in found.items()
        }
        self._look = look
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
        hosts = tuple(self._units)
        if not hosts:
            return frozenset()
        answers = ssh.everywhere(
            hosts, lambda host: self._look(host, self._units[host])
        )
        return frozenset(
            f'{unit} of {host.address}'
            for host, said in zip(hosts, answers, strict=True)
            for unit, state in zip(self._units[host], said, strict=False)
            if state == _ACTIVE
        )
