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
"""What a service of the sandbox is made of. Pure data."""

import dataclasses

from extreme_tempest_plugin.sandbox.topology import Role

VENV = '/opt/openstack'
BIN = f'{VENV}/bin'


@dataclasses.dataclass(frozen=True, slots=True)
class Config:
    """A configuration file.

    :param template: below data/templates
    :param path: on the host
    """

    template: str
    path: str
    mode: int = 0o644


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """A program of ours, for the hosts.

    :param source: below guest
    :param path: on the host
    """

    source: str
    path: str


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit that we write.

    :param command: of a daemon; empty for an API that uwsgi serves
    :param wsgi: the WSGI application, as module:object
    :param port: that it listens on, 0 for none
    :param processes: uwsgi workers
    :param environment: NAME=value
    :param after: units that must be up before it
    :param state: a directory that it wants below /var/lib, beside the one of
        its service
    :param reports_to: name of the service whose API lists it, see Agents
    :param reports_as: the host that it is listed with; empty for its own
    """

    name: str
    command: str = ''
    wsgi: str = ''
    port: int = 0
    processes: int = 1
    environment: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    state: str = ''
    reports_to: str = ''
    reports_as: str = ''

    @property
    def exec_start(self) -> str:
        return self.command or f'{BIN}/uwsgi --ini /etc/uwsgi/{self.name}.ini'

    @property
    def pattern(self) -> str:
        """Finds its processes, and no others, in a process list."""
        if self.wsgi:
            return f'/etc/uwsgi/{self.name}.ini'
        return self.command.split()[0]


@dataclasses.dataclass(frozen=True, slots=True)
class Packaged:
    """A unit that comes with a Debian package.

    :param pattern: an absolute path that finds its processes; empty where
        no process is its own
    :param brings: units that it starts, and that have processes
    """

    name: str
    pattern: str = ''
    port: int = 0
    brings: 'tuple[Packaged, ...]' = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """An entry of the catalogue.

    :param type: of the service, e.g. ``compute``
    :param path: behind the port
    :param probe: the path of a request that needs a valid token and the
        database of the service; ``{project}`` in it is the id of ours
    """

    type: str
    port: int
    probe: str
    path: str = ''


@dataclasses.dataclass(frozen=True, slots=True)
class Agents:
    """Where the API of a service lists its daemons, and in which words.

    :param path: behind the port of its endpoint
    :param items: the list in the answer
    :param daemon: field of an item that names the daemon
    :param prefix: in front of that name it is the name of the unit
    :param reported: field with the time of its last report, UTC
    """

    path: str
    items: str = 'services'
    daemon: str = 'binary'
    prefix: str = ''
    host: str = 'host'
    state: str = 'state'
    reported: str = 'updated_at'


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """A service: its files, units and databases on the hosts of one role.

    :param name: also its user in keystone, if it has an endpoint
    :param directory: its own below /var/log and /var/lib; empty where the
        package cares for it
    :param roles: that it knows, beside those of keystone
    :param shared: directories on its hosts that lie outside of them: all of
        them see the same, and it survives their loss of power
    :param setup: commands that initialise it, run once, in this order
    :param finish: commands that want the whole cloud to run, run once
    :param copied: directories that ``setup`` fills on the first controller
        and that the others need alike
    :param optional: whether a sandbox can do without it
    :param clustered_only: runs only where there are several controllers
    :param part_of: name of the service that it is left out with
    """

    name: str
    role: Role
    configs: tuple[Config, ...] = ()
    programs: tuple[Program, ...] = ()
    units: tuple[Unit, ...] = ()
    packaged: tuple[Packaged, ...] = ()
    endpoint: Endpoint | None = None
    agents: Agents | None = None
    databases: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    finish: tuple[str, ...] = ()
    directory: str = ''
    copied: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    optional: bool = False
    clustered_only: bool = False
    part_of: str = ''

    @property
    def all_units(self) -> 'tuple[Packaged | Unit, ...]':
        """Debian's units, then ours."""
        return (*self.packaged, *self.units)

    @property
    def with_processes(self) -> 'tuple[Packaged | Unit, ...]':
        """The units that can be found in a process list."""
        brought = [one for unit in self.packaged for one in unit.brings]
        units: list[Packaged | Unit] = [*self.all_units, *brought]
        return tuple(unit for unit in units if unit.pattern)
