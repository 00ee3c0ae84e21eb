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
"""A virt driver whose servers have real network ports.

A subclass of nova's fake driver. A server is a network namespace on the
compute host; each of its interfaces is a veth pair whose other end is a port
of the integration bridge, so OVN binds it, floating IP addresses work and
two servers can ping each other. There is no operating system in it;
guest_answers.py answers TCP for it.

Lies in nova/virt of the computes; ``compute_driver = sandbox_virt.Driver``.
"""

import io

from nova.compute import power_state
from nova.image import glance
from nova.virt import fake
from oslo_concurrency import processutils
from oslo_log import log as logging

LOG = logging.getLogger(__name__)

BRIDGE = 'br-int'
# Room for Geneve and its options below an MTU of 1500.
MTU = '1400'
SNAPSHOT = b'\0' * 65536


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


def _delete_namespace(name):
    if name in _namespaces():
        _run('ip', 'netns', 'del', name)


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


def _plug(instance, vif):
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


def _unplug(vif):
    tap = _tap(vif)
    _run('ovs-vsctl', '--no-wait', '--if-exists', 'del-port', BRIDGE, tap)
    if _has_link(tap):
        _run('ip', 'link', 'del', tap)


def _set_links(instance, state):
    """Take the interfaces of a server down or up with its power."""
    name = _namespace(instance)
    if name not in _namespaces():
        return
    for line in _run('ip', '-n', name, '-br', 'link').splitlines():
        interface = line.split()[0].split('@')[0]
        if interface != 'lo':
            _run('ip', '-n', name, 'link', 'set', interface, state)


def _go_on(instance, network_info=None):
    """Take the interfaces up again. Their routes went with them."""
    _set_links(instance, 'up')
    name = _namespace(instance)
    if name in _namespaces():
        for vif in network_info or instance.get_network_info():
            _configure(name, vif)


class Driver(fake.FakeDriverWithoutFakeNodes):
    """The fake driver, and a network namespace for each server."""

    def _recall(self, instance, state=power_state.RUNNING):
        """Know a server again that was there before this process was."""
        if instance.uuid not in self.instances:
            flavor = instance.flavor
            self.resources.claim(
                vcpus=flavor.vcpus, mem=flavor.memory_mb, disk=flavor.root_gb
            )
            self.instances[instance.uuid] = fake.FakeInstance(
                instance.name, state, instance.uuid
            )

    def plug_vifs(self, instance, network_info):
        for vif in network_info or []:
            _plug(instance, vif)

    def unplug_vifs(self, instance, network_info):
        for vif in network_info or []:
            _unplug(vif)

    def spawn(
        self,
        context,
        instance,
        image_meta,
        injected_files,
        admin_password,
        allocations,
        network_info=None,
        **kwargs,
    ):
        super().spawn(
            context,
            instance,
            image_meta,
            injected_files,
            admin_password,
            allocations,
            network_info=network_info,
            **kwargs,
        )
        self.plug_vifs(instance, network_info)

    def destroy(self, context, instance, network_info, *args, **kwargs):
        super().destroy(context, instance, network_info, *args, **kwargs)
        self.unplug_vifs(instance, network_info)
        _delete_namespace(_namespace(instance))

    def finish_migration(
        self,
        context,
        migration,
        instance,
        disk_info,
        network_info,
        *args,
        **kwargs,
    ):
        super().finish_migration(
            context,
            migration,
            instance,
            disk_info,
            network_info,
            *args,
            **kwargs,
        )
        self.plug_vifs(instance, network_info)

    def migrate_disk_and_power_off(
        self, context, instance, dest, flavor, network_info, *args, **kwargs
    ):
        self.unplug_vifs(instance, network_info)
        _delete_namespace(_namespace(instance))
        return super().migrate_disk_and_power_off(
            context, instance, dest, flavor, network_info, *args, **kwargs
        )

    def finish_revert_migration(
        self, context, instance, network_info, *args, **kwargs
    ):
        super().finish_revert_migration(
            context, instance, network_info, *args, **kwargs
        )
        self.plug_vifs(instance, network_info)

    def pre_live_migration(
        self,
        context,
        instance,
        block_device_info,
        network_info,
        disk_info,
        migrate_data,
    ):
        # The source waits until neutron says that they are plugged here.
        self.plug_vifs(instance, network_info)
        return super().pre_live_migration(
            context,
            instance,
            block_device_info,
            network_info,
            disk_info,
            migrate_data,
        )

    def post_live_migration_at_source(self, context, instance, network_info):
        self.destroy(context, instance, network_info)

    def rollback_live_migration_at_destination(
        self, context, instance, network_info, *args, **kwargs
    ):
        self.unplug_vifs(instance, network_info)
        _delete_namespace(_namespace(instance))

    def attach_interface(self, context, instance, image_meta, vif):
        super().attach_interface(context, instance, image_meta, vif)
        _plug(instance, vif)

    def detach_interface(self, context, instance, vif):
        super().detach_interface(context, instance, vif)
        _unplug(vif)

    def power_off(self, instance, *args, **kwargs):
        super().power_off(instance, *args, **kwargs)
        _set_links(instance, 'down')

    def power_on(self, context, instance, network_info, *args, **kwargs):
        self._recall(instance, power_state.SHUTDOWN)
        super().power_on(context, instance, network_info, *args, **kwargs)
        self.plug_vifs(instance, network_info)
        _go_on(instance, network_info)

    def pause(self, instance):
        _set_links(instance, 'down')

    def unpause(self, instance):
        _go_on(instance)

    def suspend(self, context, instance):
        _set_links(instance, 'down')

    def resume(self, context, instance, network_info, *args, **kwargs):
        self.plug_vifs(instance, network_info)
        _go_on(instance, network_info)

    def reboot(self, context, instance, network_info, *args, **kwargs):
        _set_links(instance, 'down')
        super().reboot(context, instance, network_info, *args, **kwargs)
        self.plug_vifs(instance, network_info)
        _go_on(instance, network_info)

    def snapshot(self, context, instance, image_id, update_task_state):
        super().snapshot(context, instance, image_id, update_task_state)
        # The fake driver uploads nothing: images would stay queued for ever.
        glance.API().update(
            context,
            image_id,
            {'disk_format': 'raw', 'container_format': 'bare'},
            io.BytesIO(SNAPSHOT),
            purge_props=False,
        )

    def resume_state_on_host_boot(
        self, context, instance, network_info, *args, **kwargs
    ):
        self._recall(instance)
        self.plug_vifs(instance, network_info)
