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
"""The root file system that all hosts share.

Two lanes at once: Debian packages for the hosts, and the Python environment
in a builder that is thrown away. The environment is moved over afterwards;
it was built at the path where it will lie, so its scripts stay right.
"""

import collections.abc
import dataclasses
import os
import pathlib
import platform
import shutil

from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.image import digests
from extreme_tempest_plugin.sandbox.image import lanes
from extreme_tempest_plugin.sandbox.image import mirrors
from extreme_tempest_plugin.sandbox.image import pipconfig
from extreme_tempest_plugin.sandbox.progress import Progress

TREE = 'tree'

#: Raise it when code below changes what ends up in the image.
REVISION = 2

_NOT_UNPACKED = ('man', 'doc', 'locale', 'info')
_VENV = 'opt/openstack'
_MMDEBSTRAP_TIMEOUT = 900
_PIP_TIMEOUT = 1200


@dataclasses.dataclass(frozen=True, slots=True)
class Sources:
    """Where packages come from.

    :param apt_lines: one-line entries
    :param apt_options: settings of apt
    """

    apt_lines: tuple[str, ...]
    apt_options: tuple[str, ...]
    pip: pipconfig.PipConfig


def gather_sources() -> Sources:
    """The package sources that this machine is configured with.

    :raises errors.UsageError: no Debian mirror is configured
    """
    codename = platform.freedesktop_os_release().get('VERSION_CODENAME', '')
    return Sources(
        apt_lines=mirrors.lines(mirrors.read(), codename),
        apt_options=mirrors.fetch_options(),
        pip=pipconfig.gather(os.environ),
    )


def key() -> str:
    """Of the root file system: changes with whatever it is made of."""
    data = templates.DATA
    return digests.digest(
        f'revision {REVISION} suite {mirrors.SUITE} {platform.machine()}',
        data / 'openstack.lock',
        data / 'image-packages.txt',
        data / 'builder-packages.txt',
        data / 'scripts',
    )


def package_list(name: str) -> tuple[str, ...]:
    """Names of packages in a file below data, without comments."""
    text = (templates.DATA / name).read_text('utf-8')
    lines = (line.partition('#')[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def mmdebstrap(
    sources: Sources,
    packages: collections.abc.Sequence[str],
    target: pathlib.Path,
    hook: pathlib.Path | None = None,
) -> list[str]:
    """The command that makes a root file system.

    :param hook: a script, called with the directory at the end
    """
    options = (
        'Apt::Install-Recommends "false"',
        'Acquire::Languages "none"',
        *sources.apt_options,
    )
    return [
        'mmdebstrap',
        '--mode=root',
        '--variant=minbase',
        '--quiet',
        f'--include={",".join(packages)}',
        *(f'--aptopt={option.rstrip(";")}' for option in options),
        # It is thrown away when it fails: no need to wait for the disk.
        '--dpkgopt=force-unsafe-io',
        *(
            f'--dpkgopt=path-exclude=/usr/share/{name}/*'
            for name in _NOT_UNPACKED
        ),
        *([f'--customize-hook={hook}'] if hook else []),
        mirrors.SUITE,
        str(target),
        *sources.apt_lines,
    ]


def contained(
    group: Group, command: collections.abc.Sequence[str]
) -> list[str]:
    """A command that cannot outlive this process and leaves no mounts."""
    return [
        *group.enter_prefix(),
        *('setpriv', '--pdeathsig', 'KILL', '--'),
        *('unshare', '--mount', '--pid', '--fork', '--kill-child'),
        *('--mount-proc', '--'),
        *command,
    ]


class Builder:
    """Builds the root file system in a directory.

    :param directory: empty; the result is its subdirectory TREE
    :param group: in which everything runs
    """

    def __init__(
        self,
        directory: pathlib.Path,
        sources: Sources,
        group: Group,
        progress: Progress,
    ) -> None:
        self.tree = directory / TREE
        self.builder = directory / 'builder'
        self.scripts = directory / 'scripts'
        self.sources = sources
        self.group = group
        self.progress = progress

    def build(self) -> None:
        """:raises errors.CommandFailed: a package could not be had or built"""
        self.group.create()
        self._write_scripts()
        lanes.run(
            {
                'Debian packages': self._host_lane,
                'Python packages': self._python_lane,
            },
            stop=self.group.kill,
            ended=lambda name: self.progress.detail(f'{name} ready'),
        )
        self._join()

    def _write_scripts(self) -> None:
        self.scripts.mkdir()
        for item in (templates.DATA / 'scripts').iterdir():
            path = self.scripts / item.name
            path.write_bytes(item.read_bytes())
            path.chmod(0o755)
        lock = (templates.DATA / 'openstack.lock').read_bytes()
        (self.scripts / 'openstack.lock').write_bytes(lock)

    def _host_lane(self) -> None:
        packages = package_list('image-packages.txt')
        hook = self.scripts / 'finish-root.sh'
        command = mmdebstrap(self.sources, packages, self.tree, hook)
        shell.run(contained(self.group, command), timeout=_MMDEBSTRAP_TIMEOUT)

    def _python_lane(self) -> None:
        packages = package_list('builder-packages.txt')
        command = mmdebstrap(self.sources, packages, self.builder)
        shell.run(contained(self.group, command), timeout=_MMDEBSTRAP_TIMEOUT)
        shell.run(self._pip_command(), timeout=_PIP_TIMEOUT)

    def _pip_command(self) -> list[str]:
        pip = self.sources.pip
        binds = [f'--bind-ro={path}' for path in pip.paths]
        variables = [
            f'--setenv={name}={value}'
            for name, value in pip.environment().items()
        ]
        container = [
            *('systemd-nspawn', '--quiet', '--register=no', '--keep-unit'),
            *('--as-pid2', '--resolv-conf=off', '--timezone=off'),
            f'--directory={self.builder}',
            f'--bind-ro={self.scripts}:/scripts',
            *binds,
            *variables,
            '--setenv=PATH=/usr/sbin:/usr/bin:/sbin:/bin',
            *('/scripts/venv.sh', '/scripts/openstack.lock'),
        ]
        return [
            *self.group.enter_prefix(),
            *('setpriv', '--pdeathsig', 'KILL', '--'),
            *container,
        ]

    def _join(self) -> None:
        (self.builder / _VENV).rename(self.tree / _VENV)
        self.group.kill()
        shutil.rmtree(self.builder)
        shutil.rmtree(self.scripts)


def fill(
    directory: pathlib.Path, group: Group, progress: Progress
) -> dict[str, str]:
    """Fill a new entry of the cache."""
    Builder(directory, gather_sources(), group, progress).build()
    return {'suite': mirrors.SUITE}
