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
"""The state of a sandbox as a table, for people and for machines."""

import itertools

from cliff import columns

from extreme_tempest_plugin.sandbox.status import Status


class _Hosts(columns.FormattableColumn[object]):
    """One line a host for people, objects for machines."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self._status = status

    def human_readable(self) -> str:
        return '\n'.join(
            f'{host.name}: power {host.power}, {len(host.active)} units '
            f'active, failed: {", ".join(host.failed) or "none"}'
            for host in self._status.hosts
        )

    def machine_readable(self) -> list[dict[str, object]]:
        return [
            {
                'name': host.name,
                'power': host.power,
                'active': list(host.active),
                'failed': list(host.failed),
            }
            for host in self._status.hosts
        ]


class _Missing(columns.FormattableColumn[object]):
    """What does not answer."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self._status = status

    def human_readable(self) -> str:
        lines = [f'{name}: {why}' for name, why in self._status.missing]
        return '\n'.join(lines) or 'nothing'

    def machine_readable(self) -> dict[str, str]:
        return dict(self._status.missing)


class _Plants(columns.FormattableColumn[object]):
    """Which living processes carry a known bug."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self._status = status

    def human_readable(self) -> str:
        lines = []
        for name, rows in itertools.groupby(
            self._status.plants, key=lambda row: row.plant
        ):
            where = ', '.join(
                f'{row.host} {row.unit} ({row.state})' for row in rows
            )
            lines.append(f'{name}: {where}')
        return '\n'.join(lines) or 'none'

    def machine_readable(self) -> list[dict[str, object]]:
        return [
            {
                'plant': row.plant,
                'host': row.host,
                'unit': row.unit,
                'wanted': row.wanted,
                'processes': list(row.processes),
            }
            for row in self._status.plants
        ]


def shown(
    status: Status,
) -> tuple[tuple[str, ...], tuple[object, ...]]:
    names = (
        *('name', 'state', 'topology', 'workspace', 'hosts', 'missing'),
        'plants',
    )
    values = (
        status.name,
        status.state,
        status.topology,
        status.workspace,
        _Hosts(status),
        _Missing(status),
        _Plants(status),
    )
    return names, values
