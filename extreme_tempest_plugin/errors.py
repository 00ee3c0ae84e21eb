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
"""What goes wrong on our side of the wire.

A cloud's failure is an event in the history and never one of these. Each
message is one line that says what happened, where, and what to do.
"""


class ExtremeError(Exception):
    """Base of all; a command prints its message and no traceback."""


class UsageError(ExtremeError):
    """The user asked for something that cannot be: exit code 2."""


class PlanError(UsageError):
    """A plan that cannot be run; names file, line and key.

    :param keys: where in the plan, while the line is not known; the message
        begins with them.
    """

    def __init__(self, message: str, keys: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.keys = keys


class HistoryError(UsageError):
    """A file that is no history which can be judged."""


class HarnessError(ExtremeError):
    """We broke: what was to be measured is unknown, exit code 3."""


class RefusedError(UsageError):
    """The guard refuses a fault; nothing was touched."""
