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
"""A file of configuration: read, and checked value by value."""

import pathlib
import re
from typing import TypeVar

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import loader

_T = TypeVar('_T')

_AT = re.compile(r' - at `\$\.?(?P<path>[^`]*)`$')


class Checking:
    """A file that is being checked; knows its path for messages."""

    def __init__(self, path: str) -> None:
        self.path = path

    def check(
        self, key: str, value: str, allowed: re.Pattern[str], what: str
    ) -> None:
        """Refuse a value that must not get near a shell.

        :raises UsageError: if it is none that is allowed.
        """
        if not allowed.match(value):
            raise self.wrong(
                key,
                f'{value!r} is refused as {what}: it must match '
                f'{allowed.pattern}',
            )

    def convert(self, data: object, kind: type[_T], key: str) -> _T:
        """The data as that type.

        :param key: where the data stands, for the message.
        :raises UsageError: naming the key that is wrong.
        """
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            message = str(error)
            found = _AT.search(message)
            if found:
                message = message[: found.start()]
                key = '.'.join(part for part in (key, found['path']) if part)
            raise self.wrong(key or 'the file', message) from None

    def wrong(self, key: str, reason: str) -> errors.UsageError:
        """To be raised."""
        return errors.UsageError(f'{self.path}: {key}: {reason}')


def load(path: str) -> object:
    """What a file holds, YAML or JSON, unchecked.

    :raises UsageError: if it cannot be read, or a key stands twice.
    """
    try:
        text = pathlib.Path(path).expanduser().read_text(encoding='utf-8')
    except OSError as error:
        raise errors.UsageError(
            f'{path}: cannot be read: {error.strerror}; see '
            '[destructive] os_faults_config'
        ) from None
    except UnicodeDecodeError:
        raise errors.UsageError(f'{path}: not UTF-8 text') from None
    if text.lstrip().startswith('{'):
        # JSON may be indented with tabs, and YAML may not.
        text = text.expandtabs()
    try:
        _, data = loader.document(text, path)
    except errors.PlanError as error:
        raise errors.UsageError(str(error)) from None
    return data
