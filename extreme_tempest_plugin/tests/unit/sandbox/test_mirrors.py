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
"""Package sources of this machine, in all shapes that apt knows."""

import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox.image import build
from extreme_tempest_plugin.sandbox.image import mirrors
from extreme_tempest_plugin.sandbox.image import pipconfig

ONE_LINE = """\
# deb http://comment.example/debian trixie main
deb [signed-by=/k.gpg] http://mirror.example/debian trixie main contrib # x
deb-src http://mirror.example/debian trixie main
deb http://mirror.example/debian-security trixie-security main
deb https://third.example/linux/debian trixie stable
deb https://tools.example trixie main
deb http://half.example/debian trixie contrib # not main
"""
DEB822 = """\
Types: deb deb-src
# a comment
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
 bookworm-backports
Components: main
Signed-By: /keys/debian.gpg

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb
URIs: http://key.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
"""


class TestMirrors(testtools.TestCase):
    def test_suites_become_those_of_the_image(self):
        sources = mirrors.parse_list(ONE_LINE)
        self.assertEqual(
            (
                'deb [signed-by=/k.gpg] http://mirror.example/debian '
                'bookworm main',
                'deb http://mirror.example/debian-security '
                'bookworm-security main',
            ),
            mirrors.lines(sources, 'trixie'),
        )

    def test_deb822(self):
        self.assertEqual(
            (
                'deb [signed-by=/keys/debian.gpg] http://deb.example/debian '
                'bookworm main',
                'deb [signed-by=/keys/debian.gpg] http://deb.example/debian '
                'bookworm-updates main',
                'deb http://key.example/debian bookworm main',
            ),
            mirrors.lines(mirrors.parse_deb822(DEB822), 'bookworm'),
        )

    def test_a_mirror_of_another_name(self):
        text = 'deb http://apt.corp.example/deb12 bookworm main\n'
        self.assertEqual(
            ('deb http://apt.corp.example/deb12 bookworm main',),
            mirrors.lines(mirrors.parse_list(text), 'bookworm'),
        )

    def test_no_debian_mirror(self):
        sources = mirrors.parse_list('deb http://x.example/debian sid main')
        error = self.assertRaises(
            errors.UsageError, mirrors.lines, sources, 'bookworm'
        )
        self.assertIn('bookworm', str(error))

    def test_both_formats_are_read(self):
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        parts = top / 'sources.list.d'
        parts.mkdir()
        (top / 'sources.list').write_text('deb http://a/debian x main\n')
        (parts / 'b.list').write_text('deb http://b/debian x main\n')
        (parts / 'c.sources').write_text(
            'Types: deb\nURIs: http://c/debian\nSuites: x\nComponents: main\n'
        )
        (parts / 'd.save').write_text('deb http://d/debian x main\n')
        self.assertEqual(
            ['http://a/debian', 'http://b/debian', 'http://c/debian'],
            [source.uri for source in mirrors.read(top)],
        )

    def test_mmdebstrap_gets_sources_and_settings_of_this_machine(self):
        sources = build.Sources(
            ('deb http://mirror.example/debian bookworm main',),
            ('Acquire::http::Proxy "http://proxy.example:3142";',),
            pipconfig.PipConfig((), (), ()),
        )
        command = build.mmdebstrap(
            sources, ['systemd', 'sudo'], pathlib.Path('/t')
        )
        self.assertIn('--include=systemd,sudo', command)
        self.assertIn(
            '--aptopt=Acquire::http::Proxy "http://proxy.example:3142"',
            command,
        )
        self.assertEqual(
            [
                'bookworm',
                '/t',
                'deb http://mirror.example/debian bookworm main',
            ],
            command[-3:],
        )

    def test_the_scripts_of_the_image_are_there(self):
        # A directory that .gitignore hides is missing in a fresh clone.
        scripts = templates.DATA / 'scripts'
        self.assertEqual(
            ['finish-root.sh', 'venv.sh'],
            sorted(item.name for item in scripts.iterdir()),
        )

    def test_package_lists_have_no_comments(self):
        for name in ('image-packages.txt', 'builder-packages.txt'):
            packages = build.package_list(name)
            self.assertTrue(packages)
            self.assertFalse([p for p in packages if ' ' in p or '#' in p])
        self.assertNotIn('gcc', build.package_list('image-packages.txt'))
