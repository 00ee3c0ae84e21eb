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
"""What other packages add by entry points."""

import collections.abc
from typing import TypeVar

import stevedore

from extreme_tempest_plugin import errors

_T = TypeVar('_T')


def added(
    namespace: str, kind: type[_T], what: str
) -> collections.abc.Iterator[tuple[str, _T]]:
    """Everything that stands there, each with the name of its entry.

    :param namespace: group of the entry points; each names one or a sequence.
    :param kind: of what they name.
    :param what: as people call it.
    :raises UsageError: if one cannot be loaded or is something else.
    """

    def broken(manager: object, entry: object, error: BaseException) -> None:
        raise errors.UsageError(
            f'{namespace}: {entry} cannot be loaded: {error}; repair or '
            'remove the package that brings it'
        ) from error

    manager: stevedore.ExtensionManager = stevedore.ExtensionManager(
        namespace, on_load_failure_callback=broken
    )
    for extension in manager:
        plugin = extension.plugin
        for one in (plugin,) if isinstance(plugin, kind) else plugin:
            if not isinstance(one, kind):
                raise errors.UsageError(
                    f'{namespace}: {extension.name}: {one!r} is no {what}'
                )
            yield extension.name, one
