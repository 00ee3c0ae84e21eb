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
"""What can go wrong, in words for the user. Each message is one sentence."""

from extreme_tempest_plugin import errors as base


class SandboxError(base.ExtremeError):
    """The sandbox could not do what was asked of it."""

    exit_code = 1


class UsageError(SandboxError, base.UsageError):
    """The user or the machine must change something first.

    Raised only before anything has been changed.
    """

    exit_code = 2


class CommandFailed(SandboxError):
    """A command ended with an error or did not end in time."""


class StepFailed(SandboxError):
    """A service did not come up; carries the end of its journal.

    :param message: what failed, on which host
    :param journal: last lines of the journal of the unit, oldest first
    """

    def __init__(self, message: str, journal: str = '') -> None:
        super().__init__(message)
        self.journal = journal

    def __str__(self) -> str:
        message = super().__str__()
        if not self.journal:
            return message
        return f'{message}\nLast lines of its journal:\n{self.journal}'
