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
"""What a driver does for an injection."""

from typing import Protocol

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration


class Engine(Protocol):
    """Who breaks and heals."""

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        """Do it, and return when it is done.

        :param dead_man: seconds after which the target undoes it by itself;
            0 for verbs that need no such timer.
        :raises HarnessError: if it failed; it may be done all the same.
        """
