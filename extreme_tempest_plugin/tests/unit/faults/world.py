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
"""An os-faults configuration of three controllers and a compute."""

import dataclasses
import json
import pathlib
from typing import Any

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import reading

#: Nobody's, see RFC 5737.
ADDRESSES = {
    'ctl1': '203.0.113.1',
    'ctl2': '203.0.113.2',
    'ctl3': '203.0.113.3',
    'cmp1': '203.0.113.21',
    #: This machine.
    'me': '203.0.113.200',
}
CONTROLLERS = ('ctl1', 'ctl2', 'ctl3')
#: A host without a BMC.
SWITCH = '203.0.113.99'


def service(unit: str, *names: str, **changes: Any) -> dict[str, Any]:
    """A service of ``services`` on the hosts of these names."""
    return {
        'driver': 'system_service',
        'args': {'service_name': unit, 'grep': f'/usr/sbin/{unit}'},
        'hosts': [ADDRESSES[name] for name in names],
        **changes,
    }


def container(container: str, *names: str, **changes: Any) -> dict[str, Any]:
    """A service of ``containers`` on the hosts of these names."""
    return {
        'driver': 'docker_container',
        'args': {'container_name': container},
        'hosts': [ADDRESSES[name] for name in names],
        **changes,
    }


def file(key: str = '/k/key', **changes: Any) -> dict[str, Any]:
    """All of it.

    :param key: private key of every host.
    :param changes: whole sections instead.
    """
    auth = {'username': 'stack', 'private_key_file': key}
    bmc = {'username': 'root', 'password': 'geheim'}
    one, two, three = (ADDRESSES[name] for name in CONTROLLERS)
    return {
        'cloud_management': {'driver': 'universal'},
        'node_discover': {
            'driver': 'node_list',
            'args': [
                {'ip': address, 'fqdn': name, 'auth': auth}
                for name, address in ADDRESSES.items()
            ],
        },
        'services': {
            'rabbitmq': service('rabbitmq-server', *CONTROLLERS),
            'rabbitmq-ctl1': service('rabbitmq-server', 'ctl1'),
            'rabbitmq-ctl2': service('rabbitmq-server', 'ctl2'),
            'mysql': service('mariadb', *CONTROLLERS),
            'nova-api': service('nova-api', *CONTROLLERS),
            'nova-compute': service('nova-compute', 'cmp1'),
        },
        'containers': {},
        'power_managements': [
            {
                'driver': 'ipmi',
                'args': {
                    'fqdn_to_bmc': {
                        name: {'address': '198.51.100.1', **bmc}
                        for name in ADDRESSES
                        if name != 'ctl3'
                    }
                },
            }
        ],
        **_parts(),
        **_switches(auth),
        **_commands(),
        'clusters': {
            'galera': {'hosts': [*CONTROLLERS], 'services': ['mysql']},
            # By address, and only one of the names of its service.
            'rabbitmq': {
                'hosts': [one, two, three],
                'services': ['rabbitmq'],
            },
            'ovn': {'hosts': [*CONTROLLERS]},
        },
        **changes,
    }


def _parts() -> dict[str, Any]:
    """What is broken of a host."""
    one, two, three = (ADDRESSES[name] for name in CONTROLLERS)
    return {
        'partitions': {
            'ctl1-alone': {'host': one, 'peers': [two, three]},
            'ctl2-alone': {
                'host': two,
                'peers': [one, three],
                'direction': 'in',
            },
            'ctl1-not-me': {'host': one, 'peers': [ADDRESSES['me']]},
            'cmp1-alone': {
                'host': ADDRESSES['cmp1'],
                'peers': [one, two, three],
            },
        },
        'links': {
            'ctl1-lossy': {'host': one, 'peers': [two, three], 'loss': 20},
            'ctl1-slow': {'host': one, 'peers': [two], 'delay_ms': 200},
            'ctl1-far-from-me': {
                'host': one,
                'peers': [ADDRESSES['me']],
                'delay_ms': 200,
            },
            'cmp1-slow': {
                'host': ADDRESSES['cmp1'],
                'peers': [one],
                'delay_ms': 200,
            },
        },
        'clocks': {'ctl1-clock': {'host': one, 'step_s': 300}},
        'disks': {
            name: {'host': ADDRESSES[host], 'path': '/var'}
            for name, host in (('ctl1-var', 'ctl1'), ('ctl3-var', 'ctl3'))
        },
    }


def _switches(auth: dict[str, str]) -> dict[str, Any]:
    """One with a shell."""
    one, two, _ = (ADDRESSES[name] for name in CONTROLLERS)
    return {
        'switches': {
            'sw': {
                'ip': SWITCH,
                'auth': auth,
                'down': ['ip', 'link', 'set', 'dev', 'PORT', 'down'],
                'up': ['ip', 'link', 'set', 'dev', 'PORT', 'up'],
                'status': ['ip', '-br', 'link', 'show', 'dev', 'PORT'],
                'targets': {
                    'ctl1-ports': {'ports': ['swp1'], 'hosts': [one]},
                    'two-ports': {
                        'ports': ['swp1', 'swp2'],
                        'hosts': [one, two],
                    },
                    'tunnel': {'ports': ['swp9']},
                },
            }
        },
    }


def _commands() -> dict[str, Any]:
    """One that stops what it is done to, and one that does not."""
    one, two, three = (ADDRESSES[name] for name in CONTROLLERS)
    return {
        'commands': {
            name: {
                'hosts': [one, two, three],
                'inject': ['alarm', 'on'],
                'heal': ['alarm', 'off'],
                'status': ['alarm', 'show'],
                'says_broken': 'alarm',
                'hits': hits,
            }
            for name, hits in (('all-stopped', True), ('alarm', False))
        },
    }


def netmiko(**changes: Any) -> dict[str, Any]:
    """A switch without a shell."""
    return {
        'ip': SWITCH,
        'netmiko': 'cisco_ios',
        'no_timer': True,
        'auth': {'username': 'admin', 'password': 'geheim'},
        'down': ['interface PORT', 'shutdown'],
        'up': ['interface PORT', 'no shutdown'],
        'status': ['show interfaces status | include PORT'],
        'says_down': 'disabled',
        'says_up': 'connected',
        'targets': {
            'ctl1-net': {
                'ports': ['Gi1/0/1', 'Gi1/0/2'],
                'hosts': [ADDRESSES['ctl1']],
            }
        },
        **changes,
    }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class State(evidence.UnitState):
    """A unit; ``why`` it must not be broken."""

    why: str = ''

    @property
    def forbidden(self) -> str:
        return self.why


class World:
    """That file, written, and a key; all of it may be broken.

    :param directory: where they are.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.key = directory / 'key'
        self.key.touch(0o600)
        self.path = directory / 'os-faults.json'
        self.configure()
        self.allow()

    def allow(self) -> None:
        """Whatever the file has may be broken."""
        self.destructive = settings.Destructive(
            allowed=True,
            targets=tuple(reading.read(str(self.path)).targets),
            os_faults_config=str(self.path),
            call_timeout=60,
            state_dir=self.directory / 'state',
        )

    def configure(self, **changes: Any) -> None:
        """Write the file, with other sections."""
        text = json.dumps(file(str(self.key), **changes))
        self.path.write_text(text)

    def read(self) -> configuration.Configuration:
        """What the file says."""
        return reading.read(str(self.path))


class Observer:
    """Sees every target whole; notes what it was asked for.

    :ivar state: changes what is seen of a host.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.state: dict[str, Any] = {}

    def observe(self, target: configuration.Target) -> tuple[State, ...]:
        self.asked.append(target.name)
        if self.error:
            raise self.error
        return tuple(map(self._state, target.hosts))

    def _state(self, host: ssh.Host) -> State:
        seen: dict[str, Any] = {
            'host': host.address,
            'active': 'active',
            'sub': 'running',
            'pid': 1,
            'invocation': 'first',
            'entered_us': 1,
            'restarts': 0,
        }
        return State(**{**seen, **self.state})
