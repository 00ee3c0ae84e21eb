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
"""Namespaces and the switch. Nothing is added to the root namespace.

The switch is a namespace with one bridge for each network; a cable is a veth
pair, created inside the two namespaces that it joins. The port of a host on
the switch is named after host and interface, e.g. ``ctl1-eth0``: taking it
down is what the operator of the switch does. A host without power has the
other end of the cable down: the port then has no carrier, whatever the
operator wants of it.
"""

import collections.abc
import contextlib
import fcntl
import os
import pathlib

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.layout import BMC
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.layout import TESTER

NAMESPACES = pathlib.Path('/run/netns')

BRIDGES = {'management': 'br0', 'tunnel': 'brt', 'external': 'brx'}

#: Kernel settings of the hosts of a cluster: whoever talks to a machine that
#: lost its power must notice within seconds, not minutes.
CLUSTER = {
    # HAProxy listens on an address that another host has.
    'ip_nonlocal_bind': 1,
    # About 6 s of retransmission, 3 s for a new connection.
    'tcp_retries2': 4,
    'tcp_syn_retries': 1,
    # 6 s of silence where the kernel is asked to watch.
    'tcp_keepalive_time': 3,
    'tcp_keepalive_intvl': 1,
    'tcp_keepalive_probes': 3,
}

Command = tuple[str, ...]


def commands(layout: Layout, shape: topology.Topology) -> list[Command]:
    """Everything that builds the network, in order. Pure."""
    switch = layout.switch
    made = [*_namespace(switch)]
    for bridge in BRIDGES.values():
        made += [
            ('ip', '-n', switch, 'link', 'add', bridge, 'type', 'bridge'),
            ('ip', '-n', switch, 'link', 'set', bridge, 'up'),
        ]
    made += _namespace(layout.tester)
    made += _cable(layout, TESTER, 'eth0', 'management')
    made += _address(layout.tester, 'eth0', topology.TESTER_ADDRESS)
    made += _cable(layout, TESTER, 'eth1', 'external')
    made += _address(layout.tester, 'eth1', topology.EXTERNAL_GATEWAY)
    made += _namespace(layout.bmc)
    made += _cable(layout, BMC, 'eth0', 'management')
    for host in shape.nodes:
        made += _address(layout.bmc, 'eth0', host.bmc_address)
    # The userspace datapath of the other side computes no checksums.
    made.append(_no_offload(layout.tester, 'eth1'))
    for host in shape.nodes:
        space = layout.machine(host.name)
        made += _namespace(space)
        for number, name in enumerate(host.networks):
            made += _cable(layout, host.name, f'eth{number}', name)
        made += _identity(space, 'eth0', host)
        if shape.clustered:
            made.append(_settings(space))
    for host in shape.by_role(topology.Role.SWITCH):
        made += _identity(switch, BRIDGES['management'], host)
    return made


def _identity(
    space: str, interface: str, host: topology.Host
) -> list[Command]:
    link = ('ip', '-n', space, 'link', 'set', interface)
    return [
        (*link, 'address', host.mac),
        *_address(space, interface, host.address),
    ]


def _settings(space: str) -> Command:
    """What a host of a cluster has in its sysctl.conf."""
    net = f'--net={NAMESPACES / space}'
    values = [f'net.ipv4.{name}={value}' for name, value in CLUSTER.items()]
    return ('nsenter', net, 'sysctl', '-q', '-w', *values)


def _namespace(name: str) -> list[Command]:
    return [
        ('ip', 'netns', 'add', name),
        ('ip', '-n', name, 'link', 'set', 'lo', 'up'),
    ]


def _address(space: str, interface: str, address: str) -> list[Command]:
    cidr = f'{address}/{topology.PREFIX_LENGTH}'
    return [
        ('ip', '-n', space, 'addr', 'add', cidr, 'dev', interface),
    ]


def _no_offload(space: str, interface: str) -> Command:
    net = f'--net={NAMESPACES / space}'
    return ('nsenter', net, 'ethtool', '-K', interface, 'tx', 'off')


def _cable(
    layout: Layout, host: str, interface: str, network: str
) -> list[Command]:
    switch, space = layout.switch, layout.machine(host)
    port = f'{host}-{interface}'
    link = ('ip', '-n', switch, 'link')
    return [
        (
            *(*link, 'add', port, 'type', 'veth'),
            *('peer', 'name', interface, 'netns', space),
        ),
        (*link, 'set', port, 'master', BRIDGES[network], 'up'),
        _no_offload(switch, port),
        ('ip', '-n', space, 'link', 'set', interface, 'up'),
    ]


def up(layout: Layout, shape: topology.Topology) -> None:
    """Build the network.

    :raises errors.CommandFailed: a step failed; call down()
    """
    with _only_one(layout):
        for command in commands(layout, shape):
            shell.run(command)


def down(layout: Layout) -> None:
    """Remove every namespace of the sandbox, and what is in them."""
    with _only_one(layout):
        for name in layout.all_machines():
            if (NAMESPACES / name).exists():
                shell.run(['ip', 'netns', 'del', name])
        # ``ip netns add`` made a mount of its directory; with no namespace
        # left it is of no use.
        if _is_mounted(NAMESPACES) and not any(NAMESPACES.iterdir()):
            with contextlib.suppress(errors.CommandFailed):
                shell.run(['umount', str(NAMESPACES)])


def power_on(layout: Layout, host: topology.Host, root: pathlib.Path) -> None:
    """Give a host that is switched on the network of a cold machine.

    Its namespace outlives its power, and with it what was in the memory of
    a real machine: addresses and packet filters.

    :param root: of a file system that has ``nft``
    """
    for command in power_on_commands(layout, host, root):
        shell.run(command)


def power_on_commands(
    layout: Layout, host: topology.Host, root: pathlib.Path
) -> list[Command]:
    """Pure."""
    if not host.networks:
        return []
    space = layout.machine(host.name)
    made: list[Command] = [
        (
            *('nsenter', f'--net={NAMESPACES / space}', 'chroot', str(root)),
            *('/usr/sbin/nft', 'flush', 'ruleset'),
        ),
        ('ip', '-n', space, 'addr', 'flush', 'dev', 'eth0'),
        *_address(space, 'eth0', host.address),
    ]
    return made + _links(layout, host, 'up')


def power_off(layout: Layout, host: topology.Host) -> None:
    """Silence a host. Its ports on the switch stay as they are set."""
    for command in _links(layout, host, 'down'):
        shell.run(command)


def _links(layout: Layout, host: topology.Host, state: str) -> list[Command]:
    link = ('ip', '-n', layout.machine(host.name), 'link', 'set')
    return [
        (*link, f'eth{number}', state) for number in range(len(host.networks))
    ]


def _is_mounted(path: pathlib.Path) -> bool:
    # Path.is_mount() does not see a directory that is bound onto itself.
    mounts = pathlib.Path('/proc/mounts').read_text('utf-8')
    return any(line.split()[1] == str(path) for line in mounts.splitlines())


@contextlib.contextmanager
def _only_one(layout: Layout) -> collections.abc.Iterator[None]:
    """Sandboxes share the directory of the namespaces: one at a time."""
    layout.run_root.mkdir(mode=0o755, parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
    descriptor = os.open(layout.run_root / 'network.lock', flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
