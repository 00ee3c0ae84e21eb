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
"""Known bugs that can be brought back: which there are.

A plant is one YAML file; the name of the file is its id::

    title: what a user of the cloud sees
    reference: where the bug is described
    units: [nova-api]           # of the sandbox, restarted to carry it
    rewrites:
      - module: nova.compute.api
        old: text that is in the module's source exactly once
        new: text that takes its place

How they get into the services: ``planting`` and ``guest/plants.py``.
"""

import collections.abc
import dataclasses
import hashlib
import json
import pathlib
import re
import typing

import msgspec
import yaml

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox.topology import Topology

#: The plants of this project.
OWN = pathlib.Path(str(templates.DATA)) / 'plants'

_SUFFIX = '.yaml'
_ID = re.compile(r'[a-z][a-z0-9_]{0,31}\Z')

_Line = typing.Annotated[str, msgspec.Meta(min_length=1, pattern=r'^[^\n]*$')]
_Module = typing.Annotated[
    str, msgspec.Meta(pattern=r'^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$')
]


class Rewrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text of a module that another takes the place of."""

    module: _Module
    old: typing.Annotated[str, msgspec.Meta(min_length=1)]
    new: str


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: _Line
    reference: _Line
    units: typing.Annotated[tuple[_Line, ...], msgspec.Meta(min_length=1)]
    rewrites: typing.Annotated[tuple[Rewrite, ...], msgspec.Meta(min_length=1)]


class _Loader(yaml.SafeLoader):
    """A key that stands twice would silently be the second one."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[typing.Hashable, typing.Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    problem=f'the key {key!r} is there twice',
                    problem_mark=node.start_mark,
                )
        return super().construct_mapping(node, deep)


@dataclasses.dataclass(frozen=True, slots=True)
class Plant:
    """A known bug that can be brought back.

    :param path: of its file
    :param title: what a user of the cloud sees
    :param reference: where the bug is described
    :param units: services that are restarted to carry it
    """

    id: str
    path: pathlib.Path
    title: str
    reference: str
    units: tuple[str, ...]
    rewrites: tuple[Rewrite, ...]

    @property
    def text(self) -> str:
        """What the loader on a host reads."""
        return json.dumps(msgspec.to_builtins(self.rewrites), indent=1) + '\n'

    @property
    def file_name(self) -> str:
        """Of the loader's file: another content has another name."""
        digest = hashlib.sha256(self.text.encode('utf-8')).hexdigest()
        return f'{self.id}-{digest[:8]}.json'


def id_of(file_name: str) -> str:
    """The plant that a file of the loader belongs to."""
    return file_name.rpartition('-')[0]


def known(
    directories: collections.abc.Iterable[pathlib.Path] = (),
) -> dict[str, Plant]:
    """The plants of this project and of other directories, by id.

    :raises errors.UsageError: a directory or a file of one cannot be used,
        or two files have the same name
    """
    found: dict[str, Plant] = {}
    own = OWN.resolve()
    others = {directory.resolve(): directory for directory in directories}
    others.pop(own, None)
    for directory in (own, *others.values()):
        for plant in _read_directory(directory):
            other = found.setdefault(plant.id, plant)
            if other is not plant:
                raise errors.UsageError(
                    f'{plant.path}: there is a plant of that name already, '
                    f'{other.path}: give the file another name'
                )
    return found


def _read_directory(
    directory: pathlib.Path,
) -> collections.abc.Iterator[Plant]:
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise errors.UsageError(
            f'{directory}: plants cannot be read from there: {error.strerror}'
        ) from None
    for path in paths:
        if path.suffix == _SUFFIX:
            yield read(path)


def read(path: pathlib.Path) -> Plant:
    """One plant.

    :raises errors.UsageError: the file is not one; says where
    """
    if not _ID.match(path.stem):
        raise errors.UsageError(
            f'{path}: the name of the file cannot be the id of a plant: '
            'lower-case letters, digits and underscores, a letter first'
        )
    try:
        data = yaml.load(path.read_text('utf-8'), _Loader)
        content = msgspec.convert(data, _Content)
    except OSError as error:
        why = f'cannot be read: {error.strerror}'
        raise errors.UsageError(f'{path}: {why}') from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # What msgspec and UTF-8 complain about are ValueErrors.
        why = ' '.join(str(error).split())
        raise errors.UsageError(f'{path}: not a plant: {why}') from None
    return Plant(
        path.stem,
        path,
        content.title,
        content.reference,
        content.units,
        content.rewrites,
    )


def choose(
    among: collections.abc.Mapping[str, Plant],
    ids: collections.abc.Iterable[str],
) -> tuple[Plant, ...]:
    """The plants of these ids; each once.

    :raises errors.UsageError: there is none of that id
    """
    ids = dict.fromkeys(ids)
    for name in ids:
        if name not in among:
            raise errors.UsageError(
                f'there is no plant {name!r}; known: '
                f'{", ".join(sorted(among))}'
            )
    return tuple(among[name] for name in ids)


def check(shape: Topology, plants: collections.abc.Iterable[Plant]) -> None:
    """See whether the services that shall carry them are there.

    :raises errors.UsageError: one is not
    """
    there = _units(services.of(shape))
    everywhere = _units(services.SERVICES)
    for plant in plants:
        for unit in plant.units:
            if unit in there:
                continue
            if unit in everywhere:
                raise errors.UsageError(
                    f'plant {plant.id} needs the service {everywhere[unit]}, '
                    f'which is not in {shape.label}'
                )
            raise errors.UsageError(
                f'{plant.path}: units: there is no unit {unit!r}; known: '
                f'{", ".join(sorted(everywhere))}'
            )


def _units(
    some: collections.abc.Iterable[services.Service],
) -> dict[str, str]:
    """The units in which our Python runs, and their services."""
    return {
        unit.name: service.name for service in some for unit in service.units
    }
