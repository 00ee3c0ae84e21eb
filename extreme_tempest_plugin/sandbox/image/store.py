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
"""The cache of images: keys, manifests, detection of damage.

An entry is a directory that was completed elsewhere and then renamed. Its
manifest says what should be in it; an entry that has lost or changed files
is removed and built again.
"""

import collections.abc
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import shutil
import tempfile

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import progress as progress_module
from extreme_tempest_plugin.sandbox.image import digests
from extreme_tempest_plugin.sandbox.image import pruning

MANIFEST = 'manifest.json'
_BUILDING = 'building-'
_VERSION = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What a complete entry says of itself.

    :param inventory: of all its files, see digests.inventory()
    :param values: what its builder wants to remember
    """

    key: str
    inventory: str
    values: collections.abc.Mapping[str, str]

    def to_json(self) -> str:
        fields = {
            'version': _VERSION,
            'key': self.key,
            'inventory': self.inventory,
            'values': dict(self.values),
        }
        return json.dumps(fields, indent=1)

    @classmethod
    def from_json(cls, text: str) -> 'Manifest':
        """:raises ValueError: it is not a manifest of this version"""
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.get('version') != _VERSION:
            raise ValueError('not a manifest of this version')
        try:
            return cls(fields['key'], fields['inventory'], fields['values'])
        except KeyError as error:
            raise ValueError(f'{error} is missing') from error


def _inventory(directory: pathlib.Path) -> str:
    return digests.inventory(directory, MANIFEST)


class Store:
    """A cache directory.

    :param root: is created when it is first locked
    """

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root

    def path(self, kind: str, key: str) -> pathlib.Path:
        return self.root / f'{kind}-{key}'

    def look_up(self, kind: str, key: str) -> Manifest | None:
        """The manifest of a sound entry, or None.

        :param kind: ``root`` or ``golden-<topology>``
        """
        directory = self.path(kind, key)
        try:
            text = (directory / MANIFEST).read_text('utf-8')
            manifest = Manifest.from_json(text)
            sound = manifest.key == key and manifest.inventory == _inventory(
                directory
            )
        except (OSError, ValueError):
            return None
        if not sound:
            return None
        # The last use decides what is pruned.
        os.utime(directory)
        return manifest

    def build(
        self,
        kind: str,
        key: str,
        fill: collections.abc.Callable[
            [pathlib.Path], collections.abc.Mapping[str, str]
        ],
    ) -> Manifest:
        """Make an entry. Hold the lock.

        :param fill: fills a new directory and returns values to remember;
            what it raises comes through, and nothing is left
        """
        directory = pathlib.Path(
            tempfile.mkdtemp(prefix=_BUILDING, dir=self.root)
        )
        try:
            values = fill(directory)
            manifest = Manifest(
                key, digests.inventory(directory, MANIFEST), values
            )
            path = directory / MANIFEST
            path.touch(mode=0o600)
            path.write_text(manifest.to_json(), 'utf-8')
            directory.chmod(0o755)
            final = self.path(kind, key)
            if final.exists():
                # A running sandbox may stand on it.
                unique = directory.name.removeprefix(_BUILDING)
                name = f'{pruning.REPLACED}{final.name}.{unique}'
                final.rename(self.root / name)
            directory.rename(final)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        pruning.prune(self.root, kind, pruning.layers_in_use())
        return manifest

    @contextlib.contextmanager
    def locked(
        self, progress: progress_module.Progress
    ) -> collections.abc.Iterator[None]:
        """Hold the cache for oneself; waits for another builder.

        :raises errors.UsageError: the directory cannot be made
        """
        try:
            self.root.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            raise errors.UsageError(
                f'the cache directory cannot be made: {error}'
            ) from error
        flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
        descriptor = os.open(self.root / 'lock', flags, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress.step('Waiting for another build in this cache')
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._sweep()
            yield
        finally:
            os.close(descriptor)

    def _sweep(self) -> None:
        """Remove what a killed build left: nobody else can be building."""
        for path in self.root.glob(f'{_BUILDING}*'):
            shutil.rmtree(path, ignore_errors=True)
