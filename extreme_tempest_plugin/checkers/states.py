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

Source: nova's ``nova/compute/vm_states.py`` and the API guide, server
concepts, https://docs.openstack.org/api-guide/compute/server_concepts.html
"""

#: On the way to another state: nothing may stay in one of these.
TRANSITIONAL = frozenset(
    {
        'build',
        'deleting',
        'hard_reboot',
        'migrating',
        'password',
        'reboot',
        'rebuild',
        'resize',
        'revert_resize',
    }
)

#: Nobody could look at it.
UNSEEN = 'unseen'


def is_transitional(state: str) -> bool:
    """Whether a resource may not stay so."""
    return state.lower() in TRANSITIONAL


def is_error(state: str) -> bool:
    """Whether only an operator gets it out of this state."""
    return state.lower() == 'error'


def is_unseen(state: str) -> bool:
    """Whether the state could not be seen at all."""
    return state.lower() in {'', UNSEEN}
