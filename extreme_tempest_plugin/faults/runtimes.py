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
"""Services that are containers, by os-faults' section ``containers``.

os-faults itself knows ``container_name`` alone, breaks whatever ``docker ps``
shows with that name in its line, and needs a library of docker's on the host.
The other keys are ours, beside its ``args``, where it overlooks them.
"""

import collections.abc
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import nodes
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import schema

_DOCKER_CONTAINER = 'docker_container'
#: As docker and podman have them.
_CONTAINER = re.compile(r'[a-zA-Z0-9][a-zA-Z0-9_.-]+\Z', re.ASCII)


class Container(parts.Part, frozen=True, kw_only=True):
    """A service that docker or podman runs.

    :param container: its name there.
    :param runtime: ``docker`` or ``podman``; empty for the one that the host
        has.
    """

    container: str
    runtime: str = ''

    @property
    def subject(self) -> str:
        return catalogue.Subject.SERVICE

    def at(self, where: str) -> str:
        return f'the container {self.container} on {where}'


class Checking(nodes.Checking):
    """A file that is being checked, for containers."""

    def container(
        self,
        key: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[schema.Container, tuple[ssh.Host, ...], Container]:
        """What stands there, checked, its hosts, and the part.

        :param hosts: the nodes by address.
        :raises UsageError: if it is none that can be broken.
        """
        wanted = self.convert(given, schema.Container, key)
        if wanted.driver != _DOCKER_CONTAINER:
            raise self.wrong(
                f'{key}.driver',
                f'{wanted.driver!r} is none of containers: it must be '
                f'{_DOCKER_CONTAINER}',
            )
        name = wanted.args.container_name
        self.check(
            f'{key}.args.container_name', name, _CONTAINER, 'a container'
        )
        for address in wanted.hosts:
            self.check_listed(f'{key}.hosts', address, hosts)
        found = dict.fromkeys(wanted.hosts)
        return (
            wanted,
            tuple(hosts[address] for address in found),
            Container(container=name, runtime=wanted.runtime),
        )
