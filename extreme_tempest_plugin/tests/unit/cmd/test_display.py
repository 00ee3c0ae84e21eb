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


class Gone(io.StringIO):
    """A terminal that somebody took away."""

    lives = False
    tried = 0

    def __init__(self, error):
        super().__init__()
        self._error = error

    def write(self, text):
        if not self.lives:
            self.tried += 1
            raise self._error
        return len(text)


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

    def test_a_terminal_that_is_gone(self):
        for error in (BrokenPipeError(), OSError(5, 'EIO'), SystemExit(1)):
            gone = Gone(error)
            self.useFixture(fixtures.MonkeyPatch('sys.stderr', gone))
            with display.live(quiet=False) as show:
                show(shown())
                show(shown(phase='settling'))
            # It is not tried again.
            self.assertEqual(1, gone.tried)

    def test_a_table_on_a_terminal_that_is_gone(self):
        gone = Gone(OSError(5, 'EIO'))
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', gone))
        console = rich.console.Console(
            file=gone, force_terminal=True, color_system=None
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                'rich.console.Console', lambda **given: console
            )
        )
        gone.lives = True
        with display.live(quiet=False) as show:
            gone.lives = False
            show(shown(remarks=('no cinder',)))
            show(shown(phase='settling'))
        self.assertGreater(gone.tried, 0)

    def test_quiet(self):
        err = self.useFixture(fixtures.StringStream('stderr')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', err))
        with display.live(quiet=True) as show:
            show(shown(remarks=('no cinder',)))
        err.seek(0)
        self.assertEqual('', err.read())
