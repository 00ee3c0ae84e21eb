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
"""Debian package sources, taken from the apt configuration of this machine.

The image has a release of its own: the mirrors are this machine's, the suite
is the image's.
"""

import collections.abc
import dataclasses
import pathlib
import re

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import shell

#: Debian 12: the release whose packages the sandbox was made for.
SUITE = 'bookworm'

APT_DIRECTORY = pathlib.Path('/etc/apt')

# A mirror of Debian itself, not of a third party that packs for Debian.
_DEBIAN_PATH = re.compile(r'/debian(-security)?(/|$)')
# Settings of apt that decide how packages are fetched.
_FETCH = re.compile(
    r'Acquire::(http|https|ftp|Retries|ForceIPv|Check-|AllowInsecure'
    r'|Proxy)',
    re.IGNORECASE,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One package source.

    :param options: in the square brackets of a one-line entry
    """

    uri: str
    suite: str
    components: tuple[str, ...]
    options: str = ''

    def line(self, suite: str) -> str:
        options = f'[{self.options}] ' if self.options else ''
        return f'deb {options}{self.uri} {suite} main'


def parse_list(text: str) -> collections.abc.Iterator[Source]:
    """Entries of a file in the one-line format."""
    pattern = re.compile(r'deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)')
    for line in text.splitlines():
        found = pattern.match(line.partition('#')[0].strip())
        if found:
            options, uri, suite, components = found.groups()
            yield Source(
                uri, suite, tuple(components.split()), (options or '').strip()
            )


def parse_deb822(text: str) -> collections.abc.Iterator[Source]:
    """Entries of a file in the deb822 format."""
    for paragraph in re.split(r'\n\s*\n', text):
        fields: dict[str, str] = {}
        key = ''
        for line in paragraph.splitlines():
            if line.startswith('#'):
                continue
            if line[:1].isspace():
                fields[key] = f'{fields.get(key, "")} {line.strip()}'
            elif ':' in line:
                key, _, value = line.partition(':')
                key = key.strip().lower()
                fields[key] = value.strip()
        yield from _from_fields(fields)


def _from_fields(
    fields: collections.abc.Mapping[str, str],
) -> collections.abc.Iterator[Source]:
    if 'deb' not in fields.get('types', '').split():
        return
    if fields.get('enabled', 'yes').lower() in ('no', 'false', '0'):
        return
    options = ''
    signed_by = fields.get('signed-by', '')
    # A key written out in the file cannot be named in one line.
    if signed_by.startswith('/'):
        options = f'signed-by={signed_by.split()[0]}'
    for uri in fields.get('uris', '').split():
        for suite in fields.get('suites', '').split():
            components = tuple(fields.get('components', '').split())
            yield Source(uri, suite, components, options)


def read(directory: pathlib.Path = APT_DIRECTORY) -> tuple[Source, ...]:
    """All package sources of this machine."""
    found: list[Source] = []
    parts = directory / 'sources.list.d'
    for path in [directory / 'sources.list', *sorted(parts.glob('*.list'))]:
        if path.is_file():
            found += parse_list(path.read_text('utf-8', 'replace'))
    for path in sorted(parts.glob('*.sources')):
        found += parse_deb822(path.read_text('utf-8', 'replace'))
    return tuple(found)


def lines(
    sources: collections.abc.Iterable[Source], codename: str
) -> tuple[str, ...]:
    """One-line entries for the image.

    :param sources: of this machine
    :param codename: of the release of this machine, e.g. ``trixie``
    :raises errors.UsageError: no source of this machine is Debian's
    """
    suites = {
        codename: SUITE,
        f'{codename}-updates': f'{SUITE}-updates',
        f'{codename}-security': f'{SUITE}-security',
    }
    fitting = [
        source
        for source in sources
        if source.suite in suites and 'main' in source.components
    ]
    debian = [s for s in fitting if _DEBIAN_PATH.search(s.uri)] or fitting
    if not any(source.suite == codename for source in debian):
        raise errors.UsageError(
            f'no Debian mirror for {codename} is in the apt sources of this '
            'machine'
        )
    return tuple(dict.fromkeys(s.line(suites[s.suite]) for s in debian))


def fetch_options() -> tuple[str, ...]:
    """Settings of this machine's apt for proxies, certificates and retries.

    :raises errors.CommandFailed: apt-config cannot be run
    """
    dump = shell.run(['apt-config', 'dump', '--no-empty'])
    return tuple(line for line in dump.splitlines() if _FETCH.match(line))
