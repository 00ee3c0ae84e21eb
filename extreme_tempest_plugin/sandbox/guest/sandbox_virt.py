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
compute host, see sandbox_cables.py. There is no operating system in it;
guest_answers.py answers TCP for it.

Lies in nova/virt of the computes; ``compute_driver = sandbox_virt.Driver``.
"""

import io

from nova.compute import power_state
from nova.image import glance
from nova.virt import fake
from nova.virt import sandbox_cables as cables

SNAPSHOT = b'\0' * 65536


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
            cables.plug(instance, vif)

    def unplug_vifs(self, instance, network_info):
        for vif in network_info or []:
            cables.unplug(vif)

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
        cables.remove(instance)

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
        cables.remove(instance)
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
        cables.remove(instance)

    def attach_interface(self, context, instance, image_meta, vif):
        super().attach_interface(context, instance, image_meta, vif)
        cables.plug(instance, vif)

    def detach_interface(self, context, instance, vif):
        super().detach_interface(context, instance, vif)
        cables.unplug(vif)

    def power_off(self, instance, *args, **kwargs):
        super().power_off(instance, *args, **kwargs)
        cables.set_links(instance, 'down')

    def power_on(self, context, instance, network_info, *args, **kwargs):
        self._recall(instance, power_state.SHUTDOWN)
        super().power_on(context, instance, network_info, *args, **kwargs)
        self.plug_vifs(instance, network_info)
        cables.go_on(instance, network_info)

    def pause(self, instance):
        cables.set_links(instance, 'down')

    def unpause(self, instance):
        cables.go_on(instance)

    def suspend(self, context, instance):
        cables.set_links(instance, 'down')

    def resume(self, context, instance, network_info, *args, **kwargs):
        self.plug_vifs(instance, network_info)
        cables.go_on(instance, network_info)

    def reboot(self, context, instance, network_info, *args, **kwargs):
        cables.set_links(instance, 'down')
        super().reboot(context, instance, network_info, *args, **kwargs)
        self.plug_vifs(instance, network_info)
        cables.go_on(instance, network_info)

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
