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
import io

import fixtures
import rich.console
import testtools

from extreme_tempest_plugin import progress
from extreme_tempest_plugin.cmd import display
from extreme_tempest_plugin.storm import tally
from extreme_tempest_plugin.uptime import watch


def shown(**changes):
    values = {
        'phase': 'storm',
        'elapsed': 12.0,
        'duration': 60.0,
        'storm': tally.Progress(started=True, ok=9, fail=2, settled=5),
        'monitors': {},
    }
    return progress.Progress(**(values | changes))


def drawn(**changes):
    out = io.StringIO()
    table = display.render(shown(**changes))
    rich.console.Console(file=out, width=80).print(table)
    return out.getvalue()


class TestRender(testtools.TestCase):
    def test_storm(self):
        text = drawn()
        self.assertIn('12 / 60 s  storm', text)
        self.assertIn('9 ok, 2 fail, 0 info, 5 settled, 4 pending', text)

    def test_no_storm(self):
        self.assertNotIn('pending', drawn(storm=None))

    def test_monitors(self):
        text = drawn(
            monitors={
                'nova': watch.Progress(samples=9, failed=3, up=False),
                'glance': watch.Progress(samples=8, missed=1, up=True),
                'neutron': watch.Progress(),
            }
        )
        lines = dict(
            line.split(maxsplit=1)
            for line in text.splitlines()
            if line.startswith(('nova', 'glance', 'neutron'))
        )
        self.assertTrue(lines['nova'].startswith('AWAY  3 of 9'))
        self.assertTrue(lines['glance'].startswith('up'))
        self.assertIn('1 missed', lines['glance'])
        # Nothing known is neither up nor away.
        self.assertTrue(lines['neutron'].startswith('?'))


class TestLines(testtools.TestCase):
    def test_phases_and_remarks_once(self):
        err = self.useFixture(fixtures.StringStream('stderr')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', err))
        with display.live(quiet=False) as show:
            show(shown())
            show(shown(remarks=('no cinder',)))
            show(shown(phase='settling', remarks=('no cinder', 'a finding')))
        err.seek(0)
        self.assertEqual(
            [
                '   12 / 60 s  storm',
                'no cinder',
                'a finding',
                '   12 / 60 s  settling',
            ],
            err.read().splitlines(),
        )

    def test_quiet(self):
        err = self.useFixture(fixtures.StringStream('stderr')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', err))
        with display.live(quiet=True) as show:
            show(shown(remarks=('no cinder',)))
        err.seek(0)
        self.assertEqual('', err.read())
