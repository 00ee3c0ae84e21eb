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
"""``tempest extreme heal``: undo the faults that a killed run left."""

import argparse

from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.faults import healing
from extreme_tempest_plugin.faults import journal


class Heal(base.Command):
    """Undo every fault in the journal that is not proven healed.

    Needs no permission: what undoes a fault was written before the fault.
    Exit code: 0 nothing is broken any more, 1 something still is.
    """

    example = 'tempest extreme heal'

    def act(self, args: argparse.Namespace) -> int:
        destructive = base.read_settings().destructive
        found = healing.heal_all(destructive, print)
        if not found:
            log = journal.Journal(destructive.state_dir)
            print(f'nothing to heal in {log.directory}')
        return base.PASS if all(one.proven for one in found) else base.FAIL
