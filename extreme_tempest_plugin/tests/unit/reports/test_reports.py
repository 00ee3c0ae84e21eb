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
"""The summary and verdict.json."""

import io
import json
import pathlib
import tempfile

import msgspec
import rich.console
import testtools

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.reports import text
from extreme_tempest_plugin.reports import verdict_json
from extreme_tempest_plugin.tests.unit.checkers import histories

DIRECTORY = pathlib.Path('/runs/20261120-180000-test')


def failing(error='Service Unavailable'):
    built = histories.whole()
    built.call(60.0, 'server.create', outcome='info', status=503, error=error)
    built.create(
        41.0, '6f1c2b52-6a7e-4a0d-9f0a-5b8d0f3b9d31', 'BUILD', False, 30.0
    )
    built.note(70.0, events.Topic.UNMEASURED, 'x', 'y')
    return built.verdict()


class TestText(testtools.TestCase):
    def test_the_first_line_is_the_verdict_and_why(self):
        for verdict, start in (
            (histories.whole().verdict(), 'PASS  test: 10 SLOs met'),
            (failing(), 'FAIL  test: lost acknowledged requests: 1, wanted'),
            (histories.Builder().verdict(), 'UNKNOWN  test: The history has'),
        ):
            self.assertTrue(text.render(verdict).startswith(start))

    def test_it_fits_80_columns_but_for_commands(self):
        for verdict in (histories.whole().verdict(), failing('x' * 300)):
            for line in text.render(verdict, DIRECTORY).splitlines():
                if not line.lstrip().startswith('$'):
                    self.assertLessEqual(len(line), 80, line)

    def test_what_became_of_an_slo_is_one_word(self):
        row = model.Row(
            name='steady after neutron-ovn-maintenance (fault-12)',
            wanted='at most 180 s',
            measured='neutron agents not again',
            ok=None,
        )
        verdict = msgspec.structs.replace(
            histories.whole().verdict(), slo=(row,)
        )
        rendered = text.render(verdict)
        self.assertIn('\nunknown  steady after', rendered)

    def test_it_is_plain(self):
        rendered = text.render(failing(), DIRECTORY)
        self.assertEqual(rendered, rendered.encode('ascii').decode())
        self.assertNotIn('\x1b', rendered)
        self.assertFalse(
            [line for line in rendered.splitlines() if line != line.rstrip()]
        )

    def test_a_finding_says_what_why_and_where_to_look(self):
        rendered = text.render(failing(), DIRECTORY)
        for words in (
            'findings (3)',
            'nova answered 503 to server.create 1 time.',
            'Service Unavailable',
            '     events ',
            "     $ sed -n '",
            "     $ journalctl --no-pager --grep req-6",
            'not measured (1)',
            'x: not measured: y',
            f'files in {DIRECTORY}',
        ):
            self.assertIn(words, rendered)

    def test_what_was_found_comes_before_what_else_was_seen(self):
        built = histories.whole()
        built.create(15.0, 'lost')
        rendered = text.render(built.verdict())
        self.assertLess(
            rendered.index('\nfindings'), rendered.index('\nservice ')
        )

    def test_a_fault_shows_its_proofs(self):
        built = histories.whole()
        built.note(27.5, events.Topic.STEADY, 'galera')
        built.note(30.0, events.Topic.STEADY, 'canary', 'boot: 503')
        rendered = text.render(built.verdict())
        self.assertIn('steady: galera after 7.5 s, canary not ag', rendered)
        self.assertIn(
            'service.restart of rabbitmq, healed after 5.0', rendered
        )
        self.assertIn('worked: nova ', rendered)
        self.assertIn('happened: proof of evidenced', rendered)

    def test_a_cloud_cannot_move_the_cursor(self):
        rendered = text.render(
            failing('\x1b[2J\r\x07\n[bold]evil[/bold]\u202e')
        )
        for letter in '\x1b\r\x07\u202e':
            self.assertNotIn(letter, rendered)
        self.assertIn('[bold]evil[/bold]', rendered)

    def test_a_name_is_no_markup(self):
        built = histories.storm()
        for name in ('[/bold]x', '[red]y'):
            built.call(20.0, name, 'server/a')
        shown = text.render(built.verdict())
        self.assertIn('[/bold]x', shown)
        self.assertIn('[red]y', shown)

    def test_long_lists_are_cut(self):
        built = histories.whole()
        for number in range(50):
            built.create(15.0, f'x{number}')
        rendered = text.render(built.verdict())
        self.assertIn('and 40 more, see verdict.json', rendered)

    def test_colours_on_a_terminal(self):
        out = io.StringIO()
        console = rich.console.Console(
            file=out, force_terminal=True, color_system='standard', width=80
        )
        text.show(failing(), DIRECTORY, console)
        self.assertIn('\x1b[1;31mFAIL', out.getvalue())


class TestFiles(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def names(self):
        return sorted(path.name for path in self.directory.iterdir())

    def test_verdict_json(self):
        path = self.directory / verdict_json.NAME
        verdict_json.write(failing(), path)
        data = path.read_bytes()
        self.assertEqual('fail', json.loads(data)['verdict'])
        self.assertEqual(
            failing(), msgspec.json.decode(data, type=verdicts.Verdict)
        )
        self.assertEqual(['verdict.json'], self.names())

    def test_summary(self):
        text.write(failing(), self.directory)
        written = (self.directory / 'summary.txt').read_text()
        self.assertEqual(text.render(failing(), self.directory), written)
        self.assertEqual(['summary.txt'], self.names())

    def test_an_older_file_stays_whole_until_the_new_one_is(self):
        path = self.directory / verdict_json.NAME
        path.write_text('old')
        path.with_name('sub').mkdir()
        self.assertRaises(
            OSError, verdict_json.write_whole, path.with_name('sub'), 'x'
        )
        self.assertEqual(['sub', 'verdict.json'], self.names())
        self.assertEqual('old', path.read_text())
