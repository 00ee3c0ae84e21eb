#!/usr/bin/python3
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
"""The ports of this switch: show them, take them down and up.

A port is named after the host that is plugged in and its interface. Runs on
the switch of a sandbox with the Python of Debian.
"""

import argparse
import collections.abc
import dataclasses
import json
import os
import subprocess
import sys

# Ports of those who are not hosts: they are nobody's to take down.
_FOREIGN = ('tester', 'bmc')
_NETWORKS = {'br0': 'management', 'brt': 'tunnel', 'brx': 'external'}
_ALL = 'all'

_EXAMPLES = """\
examples:
  switchport show
  sudo switchport down cmp2
  sudo switchport down cmp2 management
  sudo switchport up all

exit codes: 0 done, 1 failed, 2 nothing changed: no such host or port, or not
root. Taking down what is down is no error.
"""


class Failure(Exception):
    """One line for the operator, and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclasses.dataclass(frozen=True)
class Port:
    """A port of the switch.

    :param admin: what the operator wants: ``up`` or ``down``
    :param link: whether there is a carrier: ``up`` or ``down``
    """

    name: str
    network: str
    admin: str
    link: str

    @property
    def host(self) -> str:
        return self.name.partition('-')[0]

    @property
    def interface(self) -> str:
        return self.name.partition('-')[2]


def parse(text: str) -> list[Port]:
    """Ports from ``ip -json link show type bridge_slave``."""
    ports = []
    for link in json.loads(text or '[]'):
        # Links of another kind are empty objects.
        if link.get('ifname', '').partition('-')[0] in ('', *_FOREIGN):
            continue
        flags = link['flags']
        ports.append(
            Port(
                name=link['ifname'],
                network=_NETWORKS[link['master']],
                admin='up' if 'UP' in flags else 'down',
                link='up' if 'LOWER_UP' in flags else 'down',
            )
        )
    return sorted(ports, key=lambda port: port.name)


def chosen(
    ports: collections.abc.Sequence[Port], host: str, which: str = ''
) -> list[Port]:
    """The ports that an operator means.

    :param host: name of a host, or ``all``
    :param which: name of a network or an interface; empty for all of them
    :raises Failure: there is no such port
    """
    found = [port for port in ports if host in (_ALL, port.host)]
    if not found:
        known = ', '.join(sorted({port.host for port in ports}))
        raise Failure(f'no host {host!r}; known: {known}, {_ALL}', 2)
    wanted = [
        port
        for port in found
        if which in ('', port.network, port.interface, port.name)
    ]
    if not wanted:
        known = ', '.join(
            f'{port.interface} ({port.network})' for port in found
        )
        raise Failure(f'{host} has no port {which!r}; known: {known}', 2)
    return wanted


def table(ports: collections.abc.Iterable[Port]) -> str:
    """One line a port, columns divided by spaces."""
    line = '{:<11} {:<5} {:<11} {:<6} {}\n'
    text = line.format('PORT', 'HOST', 'NETWORK', 'ADMIN', 'LINK')
    for port in ports:
        text += line.format(
            port.name, port.host, port.network, port.admin, port.link
        )
    return text


def _ip(*words: str, stdin: str = '') -> str:
    done = subprocess.run(
        ['ip', *words],
        input=stdin,
        capture_output=True,
        encoding='utf-8',
        check=False,
    )
    if done.returncode:
        cause = ' '.join(done.stderr.split())
        raise Failure(f'ip {" ".join(words)}: {cause}', 1)
    return done.stdout


def _read() -> list[Port]:
    return parse(_ip('-json', 'link', 'show', 'type', 'bridge_slave'))


def _run(arguments: argparse.Namespace) -> None:
    wanted = chosen(_read(), arguments.host, arguments.port)
    if arguments.order == 'show':
        sys.stdout.write(table(wanted))
        return
    if os.geteuid() != 0:
        raise Failure('only root may change a port: use sudo', 2)
    # One process for all: they change within a millisecond.
    lines = [f'link set {port.name} {arguments.order}' for port in wanted]
    _ip('-batch', '-', stdin='\n'.join(lines) + '\n')
    names = {port.name for port in wanted}
    refused = [
        port.name
        for port in _read()
        if port.name in names and port.admin != arguments.order
    ]
    if refused:
        raise Failure(f'not {arguments.order}: {" ".join(refused)}', 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='switchport',
        description='Ports of this switch.',
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('order', choices=('show', 'down', 'up'))
    parser.add_argument(
        'host', nargs='?', default='', help=f'a host, or {_ALL!r}'
    )
    parser.add_argument(
        'port', nargs='?', default='', help='a network or an interface'
    )
    return parser


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    if not arguments.host:
        if arguments.order != 'show':
            parser.error(f'say which host, or {_ALL!r}')
        arguments.host = _ALL
    try:
        _run(arguments)
    except Failure as failure:
        print(f'switchport: {failure}', file=sys.stderr)
        return failure.code
    return 0


if __name__ == '__main__':
    sys.exit(main())
