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
"""Whether the cloud of a sandbox is whole, and if not, what is missing."""

import collections.abc
import dataclasses
import datetime
import time

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import namespace
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox.api import ApiError
from extreme_tempest_plugin.sandbox.api import Cloud
from extreme_tempest_plugin.sandbox.health import cluster as cluster_health
from extreme_tempest_plugin.sandbox.hosts.machine import Machine
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.topology import Role
from extreme_tempest_plugin.sandbox.topology import Topology

_INTERVAL_S = 0.5
# What the times in answers begin with; UTC.
_TIME = '%Y-%m-%dT%H:%M:%S'


@dataclasses.dataclass(frozen=True, slots=True)
class HostHealth:
    """One host.

    :param power: ``on``, ``off`` or ``gone``
    :param active: units of the sandbox that run
    :param failed: units of any kind that failed
    """

    name: str
    power: str
    active: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def missing_apis(
    layout: Layout,
    shape: Topology,
    password: str,
    *,
    timeout: float = 10,
    since: float = 0,
) -> dict[str, str]:
    """The services that do not answer a request with a token, and why.

    :param timeout: of one request, in seconds
    :param since: Unix time; what a daemon reported before does not count
    """
    cloud = Cloud(shape.api_address, password, timeout)

    def ask() -> dict[str, str]:
        missing: dict[str, str] = {}
        try:
            cloud.authenticate()
        except ApiError as error:
            return {'keystone': str(error)}
        for service in services.of(shape):
            if not service.endpoint:
                continue
            try:
                probe = service.endpoint.probe.format(project=cloud.project_id)
                cloud.get(service.endpoint.port, probe)
            except ApiError as error:
                missing[service.name] = str(error)
                continue
            missing.update(_missing_agents(cloud, shape, service, since))
        return missing

    try:
        return namespace.call(network.NAMESPACES / layout.tester, ask)
    except OSError as error:
        return {'keystone': str(error)}


def wait_for_token(
    layout: Layout, shape: Topology, password: str, *, timeout: float
) -> None:
    """Wait until keystone gives a token, whatever else is missing.

    :param timeout: seconds
    :raises errors.SandboxError: it gives none
    """
    cloud = Cloud(shape.api_address, password)
    end = time.monotonic() + timeout
    while True:
        try:
            namespace.call(
                network.NAMESPACES / layout.tester, cloud.authenticate
            )
        except ApiError as error:
            if time.monotonic() > end:
                raise errors.SandboxError(
                    f'keystone gives no token after {timeout:.0f} s: {error}'
                ) from None
            time.sleep(_INTERVAL_S)
        else:
            return


def _missing_agents(
    cloud: Cloud, shape: Topology, service: services.Service, since: float
) -> dict[str, str]:
    """Daemons that a service does not list as up."""
    # A database that was just copied calls daemons up that have not begun.
    earliest = datetime.datetime.fromtimestamp(since, datetime.UTC)
    if not service.agents or not service.endpoint:
        return {}
    words = service.agents
    try:
        answer = cloud.get(service.endpoint.port, words.path)
        running = {
            (f'{words.prefix}{entry[words.daemon]}', str(entry[words.host]))
            for entry in answer.items(words.items)
            if str(entry[words.state]).lower() == 'up'
            and str(entry[words.reported] or '') >= earliest.strftime(_TIME)
        }
    except (ApiError, KeyError) as error:
        return {service.name: f'{words.path}: {error}'}
    return {
        f'{unit.name} on {host.name}': 'down'
        for other in services.of(shape)
        for unit in other.units
        for host in shape.by_role(other.role)
        if unit.reports_to == service.name
        and (unit.name, unit.reports_as or host.name) not in running
    }


def missing_chassis(
    machines: collections.abc.Sequence[Machine],
) -> dict[str, str]:
    """Computes whose ovn-controller is not registered and connected."""
    missing: dict[str, str] = {}
    for machine in machines:
        if machine.host.role is not Role.COMPUTE:
            continue
        try:
            state = machine.run(
                [
                    *('ovn-appctl', '-t', 'ovn-controller'),
                    'connection-status',
                ],
                timeout=5,
            ).strip()
        except errors.CommandFailed as error:
            state = str(error).splitlines()[-1]
        if state != 'connected':
            missing[f'ovn-controller on {machine.host.name}'] = state
    return missing


def host_health(shape: Topology, machine: Machine) -> HostHealth:
    """Power and units of a host."""
    name = machine.host.name
    power = machine.power('status')
    if power != 'on':
        return HostHealth(name, power)
    try:
        text = machine.run(
            [
                *('systemctl', 'list-units', '--all', '--plain'),
                *('--no-legend', '--type=service'),
            ],
            timeout=10,
        )
    except errors.CommandFailed:
        # It is starting or stopping: no unit can be called active.
        return HostHealth(name, power)
    states = dict(parse_units(text))
    ours = services.unit_names(shape, machine.host.role)
    return HostHealth(
        name,
        power,
        tuple(unit for unit in ours if states.get(unit) == 'active'),
        tuple(sorted(u for u, state in states.items() if state == 'failed')),
    )


def parse_units(text: str) -> collections.abc.Iterator[tuple[str, str]]:
    """Names and states from ``systemctl list-units --plain --no-legend``."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 4:
            yield fields[0].removesuffix('.service'), fields[2]


def wait(
    layout: Layout,
    shape: Topology,
    machines: collections.abc.Sequence[Machine],
    password: str,
    *,
    timeout: float,
    detail: collections.abc.Callable[[str], None],
    check: collections.abc.Callable[[], None] = lambda: None,
) -> None:
    """Wait until the whole cloud answers.

    :param timeout: seconds
    :param detail: is told what is still missing
    :param check: raises what ends the wait early
    :raises errors.StepFailed: something is missing at the end, or a host
        went off; with the journal of the first that is missing
    """
    since = time.time()
    end = time.monotonic() + timeout
    while missing := (
        missing_apis(layout, shape, password, since=since)
        or missing_chassis(machines)
        or cluster_health.missing_members(layout, shape, machines, password)
    ):
        detail('waiting for ' + ', '.join(missing))
        check()
        for machine in machines:
            if machine.power('status') != 'on':
                raise errors.StepFailed(
                    f'{machine.host.name} went off', machine.console()
                )
        if time.monotonic() > end:
            raise _failure(machines, missing, timeout)
        time.sleep(_INTERVAL_S)


def _failure(
    machines: collections.abc.Sequence[Machine],
    missing: collections.abc.Mapping[str, str],
    timeout: float,
) -> errors.StepFailed:
    name, why = next(iter(missing.items()))
    service, _, host = name.partition(' on ')
    unit = _unit_of(service)
    chosen = next(
        (m for m in machines if host in ('', m.host.name)), machines[0]
    )
    return errors.StepFailed(
        f'{service} on {chosen.host.name} does not answer after '
        f'{timeout:.0f} s: {why}',
        chosen.journal(unit),
    )


def _unit_of(service: str) -> str:
    """The unit to look at for a service that does not answer."""
    for known in services.SERVICES:
        if known.name == service and known.units:
            return known.units[0].name
    return service
