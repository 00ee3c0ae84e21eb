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
"""The configuration of pip, carried over to where packages are built."""

import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.sandbox.image import pipconfig

LISTED = """\
:env:.default-timeout='180'
:env:.find-links='/wheels'
:env:.require-virtualenv='1'
global.find-links='/other'
global.index-url='https://index.example/simple'
global.user='true'
install.index-url='https://other.example/simple'
install.target='/somewhere'
wheel.find-links='/no'
"""


class TestPipConfig(testtools.TestCase):
    def test_the_environment_wins_over_files(self):
        self.assertEqual(
            {
                'default-timeout': '180',
                'find-links': '/wheels',
                'index-url': 'https://other.example/simple',
            },
            pipconfig.parse(LISTED),
        )

    def test_options_become_variables(self):
        config = pipconfig.PipConfig(
            (('extra-index-url', 'file:///a file:///b'),),
            (('https_proxy', 'http://proxy.example'),),
            (),
        )
        self.assertEqual(
            {
                'PIP_EXTRA_INDEX_URL': 'file:///a file:///b',
                'https_proxy': 'http://proxy.example',
            },
            config.environment(),
        )

    def test_local_paths(self):
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (top / 'index/simple').mkdir(parents=True)
        (top / 'ca.pem').touch()
        paths = pipconfig.local_paths(
            [
                f'https://index.example/simple file://{top}/index/simple',
                f'{top}/ca.pem',
                f'{top}/missing',
                '180',
            ]
        )
        # Pages of an index link to the files beside it.
        self.assertEqual((top / 'index', top / 'ca.pem'), paths)

    def test_paths_inside_others_are_not_bound_twice(self):
        paths = [pathlib.Path(p) for p in ('/a/b', '/a', '/c', '/a')]
        self.assertEqual(
            (pathlib.Path('/a'), pathlib.Path('/c')),
            pipconfig._outermost(paths),
        )
