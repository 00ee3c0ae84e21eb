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
"""States of resources, as services name them.

Sources: nova's ``nova/compute/vm_states.py``, ``task_states.py`` and the API
guide, server concepts,
https://docs.openstack.org/api-guide/compute/server_concepts.html;
https://docs.openstack.org/api-ref/block-storage/v3/#volumes-volumes and
https://docs.openstack.org/glance/latest/user/statuses.html
"""

import collections.abc

from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.history import events

#: On the way to another state: nothing may stay in one of these.
TRANSITIONAL = frozenset(
    {
        # Of nova; the last one of cinder, too.
        'build',
        'hard_reboot',
        'migrating',
        'password',
        'reboot',
        'rebuild',
        'resize',
        'revert_resize',
        'deleting',
        # Tasks of nova, while the status is one of rest.
        'image_backup',
        'image_pending_upload',
        'image_snapshot',
        'image_snapshot_pending',
        'image_uploading',
        'pausing',
        'powering-off',
        'powering-on',
        'reboot_pending',
        'reboot_pending_hard',
        'reboot_started',
        'reboot_started_hard',
        'rebooting',
        'rebooting_hard',
        'rebuild_block_device_mapping',
        'rebuild_spawning',
        'rebuilding',
        'rescuing',
        'resize_confirming',
        'resize_finish',
        'resize_migrated',
        'resize_migrating',
        'resize_prep',
        'resize_reverting',
        'restoring',
        'resuming',
        'shelving',
        'shelving_image_pending_upload',
        'shelving_image_uploading',
        'shelving_offloading',
        'soft-deleting',
        'spawning',
        'suspending',
        'unpausing',
        'unrescuing',
        'unshelving',
        'updating_password',
        # Of cinder.
        'attaching',
        'backing-up',
        'creating',
        'detaching',
        'downloading',
        'extending',
        'reserved',
        'restoring-backup',
        'retyping',
        'reverting',
        'uploading',
        # Of glance.
        'importing',
        'saving',
    }
)

#: Nobody could look at it, not once.
UNSEEN = 'unseen'

#: How the error of a rest begins whose last look showed nothing: its state is
#: an older one.
LAST_LOOK = 'last look: '


def is_transitional(
    state: str, also: collections.abc.Iterable[str] = ()
) -> bool:
    """Whether a resource may not stay so.

    :param also: states for which the plan has deadlines.
    """
    return state.lower() in TRANSITIONAL or state.lower() in {
        one.lower() for one in also
    }


def of(entry: events.Census) -> str:
    """The state of a resource; what is done with it if that does not say."""
    task = entry.refs.get('task_state', '')
    says = is_error(entry.state) or is_transitional(entry.state)
    return entry.state if says or not task else task


def is_error(state: str) -> bool:
    """Whether only an operator gets it out of this state."""
    # Cinder has error_deleting, error_extending and so on, glance killed.
    return state.lower().startswith('error') or state.lower() == 'killed'


def is_unseen(settled: operations.Rest) -> bool:
    """Whether nobody could look at it at the deadline."""
    return not settled.reached and (
        settled.state.lower() in {'', UNSEEN}
        or settled.error.startswith(LAST_LOOK)
    )
