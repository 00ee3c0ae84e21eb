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
"""Plants known bugs in the process that starts; see sandbox/plants.

On a host this file is ``sitecustomize.py`` in a directory that only units
with a plant have on their path, so Python runs it before the service.
SANDBOX_PLANTS names the plants' files. Every text is looked for before any
of the service's code runs: what is not as a plant expects ends the process,
because a service that runs without its plant would prove nothing.

A plant's file stays mapped in each process that has run rewritten code, and
in its forks: the kernel's list of mappings says which ones carry the plant.

It needs nothing but the standard library, and imports little of it: what
eventlet replaces must not be there yet.
"""

import importlib.machinery
import json
import mmap
import os
import sys
import types
import typing

VARIABLE = 'SANDBOX_PLANTS'
#: The exit code of a process that cannot carry its plants.
REFUSED = 78
#: What its message begins with.
MARK = 'sandbox plant '

# Unmapped when nobody holds them.
_mapped: list[mmap.mmap] = []


class Refusal(Exception):
    """A plant does not fit this service."""


class Rewritten(importlib.machinery.SourceFileLoader):
    """Loads one module from rewritten source, past the cache of bytecode.

    :param name: of the module
    :param path: of its source
    """

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name, path)
        self.source = self.get_data(path).decode('utf-8')
        self.code: types.CodeType | None = None
        self.plants: list[str] = []

    def rewrite(self, plant: str, old: str, new: str) -> None:
        """Replace a text that must be there exactly once.

        :raises Refusal: it is not
        """
        found = self.source.count(old)
        if found != 1:
            raise Refusal(
                f'{self.name}: the text to replace is there {found} times '
                f'instead of once; it begins {old.splitlines()[0]!r}'
            )
        self.source = self.source.replace(old, new)
        if plant not in self.plants:
            self.plants.append(plant)

    def compile(self) -> None:
        """:raises Refusal: what was made of the source is not Python"""
        try:
            self.code = self.source_to_code(self.source.encode(), self.path)
        except SyntaxError as error:
            raise Refusal(
                f'{self.name}: the rewritten source does not compile, '
                f'line {error.lineno}: {error.msg}'
            ) from error

    def get_code(self, fullname: str) -> types.CodeType | None:
        return self.code

    def exec_module(self, module: types.ModuleType) -> None:
        super().exec_module(module)
        for plant in self.plants:
            with open(plant, 'rb') as file:
                _mapped.append(
                    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                )


class Finder:
    """Gives the import system the rewritten modules, and no others."""

    def __init__(self) -> None:
        self.modules: dict[str, Rewritten] = {}

    def find_spec(
        self,
        name: str,
        path: typing.Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        loader = self.modules.get(name)
        if loader is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin != loader.path:
            # In the middle of an import nobody may catch this.
            refuse(
                loader.plants[0],
                f'{name} is imported from {spec and spec.origin}, not from '
                f'{loader.path}',
            )
            return None
        spec.loader = loader
        spec.cached = None
        return spec

    def add(self, plant: str) -> None:
        """Take in a plant.

        :param plant: the path of its file
        :raises Refusal: it does not fit
        """
        with open(plant, encoding='utf-8') as file:
            rewrites = json.load(file)
        for rewrite in rewrites:
            name = rewrite['module']
            if name not in self.modules:
                self.modules[name] = Rewritten(name, _source_of(name))
            self.modules[name].rewrite(plant, rewrite['old'], rewrite['new'])


def _source_of(name: str) -> str:
    """The path of a module's source; nothing is imported.

    :raises Refusal: there is none, or it is too late
    """
    if name in sys.modules:
        raise Refusal(f'{name} has been imported already')
    parts = name.split('.')
    path: typing.Sequence[str] | None = None
    for count in range(1, len(parts) + 1):
        spec = importlib.machinery.PathFinder.find_spec(
            '.'.join(parts[:count]), path
        )
        if spec is None:
            raise Refusal(f'{name}: there is no such module')
        path = spec.submodule_search_locations or []
    if spec is None or not isinstance(
        spec.loader, importlib.machinery.SourceFileLoader
    ):
        raise Refusal(f'{name} is not a module with Python source')
    return spec.loader.path


def refuse(plant: str, why: str) -> None:
    """End this process, with one line that says why.

    Nothing milder would: ``site`` goes on after an exception in here.
    """
    name, _, _ = os.path.basename(plant).rpartition('-')
    os.write(2, f'{MARK}{name}: {why}\n'.encode())
    os._exit(REFUSED)


def main() -> None:
    wanted = os.environ.get(VARIABLE, '')
    # A service's helper may run the Python of the system, which has none of
    # the services' code.
    if not wanted or sys.prefix == sys.base_prefix:
        return
    finder = Finder()
    plant = ''
    try:
        for plant in wanted.split(os.pathsep):
            finder.add(plant)
        for loader in finder.modules.values():
            plant = loader.plants[-1]
            loader.compile()
    except Refusal as error:
        refuse(plant, str(error))
    except Exception as error:  # whatever it is, the service must not start
        refuse(plant, f'{type(error).__name__}: {error}')
    sys.meta_path.insert(0, typing.cast(typing.Any, finder))


if __name__ == 'sitecustomize':
    main()
