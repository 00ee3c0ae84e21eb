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
"""Changing a sandbox: one at a time."""

import collections.abc
import contextlib
import fcntl
import os

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox.layout import Layout


@contextlib.contextmanager
def exclusive(layout: Layout) -> collections.abc.Iterator[None]:
    """Nobody else changes this sandbox meanwhile.

    :raises errors.SandboxError: somebody does
    """
    layout.run_root.mkdir(mode=0o755, parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
    descriptor = os.open(layout.lock, flags, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.SandboxError(
                f'another process is bringing {layout.name} up or '
                'down, or changes its plants'
            ) from None
        yield
    finally:
        os.close(descriptor)
