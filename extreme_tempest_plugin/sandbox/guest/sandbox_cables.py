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
# mypy: ignore-errors
"""Network namespaces as servers, and their interfaces.

Each interface is a veth pair whose other end is a port of the integration
bridge, so OVN binds it, floating IP addresses work and two servers can ping
each other.

Lies in nova/virt of the computes, beside sandbox_virt.py.
"""

from oslo_concurrency import processutils

BRIDGE = 'br-int'
# Room for Geneve and its options below an MTU of 1500.
MTU = '1400'


def _run(*command):
    """Run a command; a failure is raised and fails the request."""
    return processutils.execute(*command)[0]


def _namespace(instance):
    return 'vm-' + instance.uuid


def _tap(vif):
    """The name of a VIF on the bridge, as neutron expects it."""
    return ('tap' + vif['id'])[:14]


def _interface(vif):
    """The name of a VIF inside the server."""
    return 'e' + vif['id'][:10]


def _namespaces():
    return [line.split()[0] for line in _run('ip', 'netns').splitlines()]


def _has_link(name):
    try:
        _run('ip', 'link', 'show', name)
    except processutils.ProcessExecutionError:
        return False
    return True


def _create_namespace(name):
    if name not in _namespaces():
        _run('ip', 'netns', 'add', name)
        _run('ip', '-n', name, 'link', 'set', 'lo', 'up')


def _add_cable(name, vif):
    tap, interface = _tap(vif), _interface(vif)
    inside = ('ip', '-n', name, 'link')
    _run(
        *(*inside, 'add', interface, 'type', 'veth'),
        *('peer', 'name', tap, 'netns', '1'),
    )
    _run(*inside, 'set', interface, 'address', vif['address'], 'mtu', MTU)
    # The userspace datapath wants packets with complete checksums.
    _run('ip', 'netns', 'exec', name, 'ethtool', '-K', interface, 'tx', 'off')
    _run(*inside, 'set', interface, 'up')
    _run('ip', 'link', 'set', tap, 'up')


def _configure(name, vif):
    """Give an interface its addresses, as cloud-init would do."""
    for subnet in vif['network']['subnets']:
        length = str(subnet['cidr']).split('/')[1]
        for ip in subnet['ips']:
            _run(
                *('ip', '-n', name, 'addr', 'replace'),
                *(f'{ip["address"]}/{length}', 'dev', _interface(vif)),
            )
        gateway = (subnet.get('gateway') or {}).get('address')
        # A second interface does not take the default route of the first.
        if gateway and not _run('ip', '-n', name, 'route', 'show', 'default'):
            _run('ip', '-n', name, 'route', 'add', 'default', 'via', gateway)


def plug(instance, vif):
    """Give a server an interface, and itself if it is not there."""
    name, tap = _namespace(instance), _tap(vif)
    if _has_link(tap):
        return
    _create_namespace(name)
    _add_cable(name, vif)
    _configure(name, vif)
    _run(
        *('ovs-vsctl', '--no-wait', '--may-exist', 'add-port', BRIDGE, tap),
        *('--', 'set', 'Interface', tap),
        'external_ids:iface-id=' + vif['id'],
        'external_ids:attached-mac=' + vif['address'],
        'external_ids:vm-uuid=' + instance.uuid,
    )


def unplug(vif):
    """Take an interface away."""
    tap = _tap(vif)
    _run('ovs-vsctl', '--no-wait', '--if-exists', 'del-port', BRIDGE, tap)
    if _has_link(tap):
        _run('ip', 'link', 'del', tap)


def remove(instance):
    """The end of the server."""
    name = _namespace(instance)
    if name in _namespaces():
        _run('ip', 'netns', 'del', name)


def set_links(instance, state):
    """Take the interfaces of a server down or up with its power."""
    name = _namespace(instance)
    if name not in _namespaces():
        return
    for line in _run('ip', '-n', name, '-br', 'link').splitlines():
        interface = line.split()[0].split('@')[0]
        if interface != 'lo':
            _run('ip', '-n', name, 'link', 'set', interface, state)


def go_on(instance, network_info=None):
    """Take the interfaces up again. Their routes went with them."""
    set_links(instance, 'up')
    name = _namespace(instance)
    if name in _namespaces():
        for vif in network_info or instance.get_network_info():
            _configure(name, vif)
