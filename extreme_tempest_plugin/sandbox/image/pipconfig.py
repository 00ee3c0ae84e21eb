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
"""Where pip gets packages: the configuration of this machine, carried over.

Whatever the configuration names on the local disk (directories of wheels, a
certificate) must be visible where pip runs: those paths are bound read-only.
"""

import ast
import collections.abc
import dataclasses
import pathlib
import re
import sys
import urllib.parse

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import shell

# Options that say where packages come from. Others (user, target, ...) would
# change where they go.
_CARRIED = frozenset(
    {
        'cert',
        'client-cert',
        'default-timeout',
        'extra-index-url',
        'find-links',
        'index-url',
        'no-index',
        'proxy',
        'retries',
        'timeout',
        'trusted-host',
    }
)
_VARIABLES = (
    *('http_proxy', 'https_proxy', 'no_proxy'),
    *('HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'),
    *('SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE'),
)
_HOST_FILES = (
    '/etc/ssl/certs',
    '/etc/hosts',
    '/etc/resolv.conf',
    '/usr/share/ca-certificates',
    '/usr/local/share/ca-certificates',
)
_LINE = re.compile(r'(?P<section>:env:|[\w-]+)\.\.?(?P<option>[\w-]+)=(.*)')


@dataclasses.dataclass(frozen=True, slots=True)
class PipConfig:
    """What pip needs where it builds.

    :param options: of pip, without dashes: name and value
    :param variables: of the environment
    :param paths: on this machine that must be visible
    """

    options: tuple[tuple[str, str], ...]
    variables: tuple[tuple[str, str], ...]
    paths: tuple[pathlib.Path, ...]

    def environment(self) -> dict[str, str]:
        """The options as pip reads them from its environment."""
        carried = {
            'PIP_' + name.upper().replace('-', '_'): value
            for name, value in self.options
        }
        return {**dict(self.variables), **carried}


def parse(text: str) -> dict[str, str]:
    """The options that are carried over, by name.

    :param text: printed by ``pip config list``: ``global.timeout='60'``.
        The environment overrides files, an install section the global one.
    """
    found: dict[str, dict[str, str]] = {'global': {}, 'install': {}}
    found[':env:'] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or match['option'] not in _CARRIED:
            continue
        if match['section'] in found:
            value = ast.literal_eval(match[3])
            found[match['section']][match['option']] = str(value)
    return {**found['global'], **found['install'], **found[':env:']}


def local_paths(
    values: collections.abc.Iterable[str],
) -> tuple[pathlib.Path, ...]:
    """Existing paths that the values name, as a path or as a file URL."""
    paths = []
    for word in ' '.join(values).split():
        if word.startswith('file:'):
            word = urllib.parse.unquote(urllib.parse.urlparse(word).path)
        if word.startswith('/') and pathlib.Path(word).exists():
            paths.append(_shared(pathlib.Path(word)))
    return tuple(dict.fromkeys(paths))


def _shared(path: pathlib.Path) -> pathlib.Path:
    """An index's pages link to files beside it: bind what holds both."""
    return path.parent if path.name == 'simple' else path


def gather(environ: collections.abc.Mapping[str, str]) -> PipConfig:
    """The configuration of this machine.

    :param environ: of this process
    """
    try:
        text = shell.run([sys.executable, '-m', 'pip', 'config', 'list'])
    except errors.CommandFailed:
        # An environment without pip: what its variables say is all there is.
        text = '\n'.join(
            f':env:.{name[4:].lower().replace("_", "-")}={value!r}'
            for name, value in environ.items()
            if name.startswith('PIP_')
        )
    options = parse(text)
    variables = {name: environ[name] for name in _VARIABLES if name in environ}
    named = local_paths([*options.values(), *variables.values()])
    always = [pathlib.Path(p) for p in _HOST_FILES if pathlib.Path(p).exists()]
    return PipConfig(
        tuple(sorted(options.items())),
        tuple(sorted(variables.items())),
        _outermost([*always, *named]),
    )


def _outermost(
    paths: collections.abc.Iterable[pathlib.Path],
) -> tuple[pathlib.Path, ...]:
    """Without the paths that lie in another one of them."""
    unique = sorted(set(paths))
    return tuple(
        path
        for path in unique
        if not any(other in path.parents for other in unique)
    )
