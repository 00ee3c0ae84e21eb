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
"""Damaged histories: never a traceback, and none passes for what it lacks.

As many mutations as one likes, and others than those of the last time::

    EXTREME_MUTATIONS=100000 EXTREME_MUTATIONS_SEED=2 stestr run bad_input
"""

import collections
import contextlib
import io
import json
import os
import pathlib
import random
import tempfile
from unittest import mock

import msgspec
import testtools
from cliff import app
from cliff import commandmanager

from extreme_tempest_plugin.cmd import check
from extreme_tempest_plugin.history import merge
from extreme_tempest_plugin.tests.unit import mutations
from extreme_tempest_plugin.tests.unit.checkers import stories

MUTATIONS = int(os.environ.get('EXTREME_MUTATIONS', '2000'))
SEED = int(os.environ.get('EXTREME_MUTATIONS_SEED', '1'))

#: So small because most of the time would be spent in reading YAML.
KNOWN = """
known_issues:
  - id: one
    checker: stuck
    resource: server/.*
    what: 'stuck in BUILD'
    reference: LP1
    reason: it is so
    expires: 2030-01-01
"""

CODES = {'pass': 0, 'fail': 1, 'unknown': 3}


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.path = self.directory / 'history.jsonl'
        known = self.directory / 'known.yaml'
        known.write_text(KNOWN)
        self.options = ['--known-issues', str(known), '-f']
        manager = commandmanager.CommandManager('extreme.test')
        main = app.App('tempest', '1', manager)
        self.command = check.Check(main, None, cmd_name='extreme check')
        self.parser = self.command.get_parser('tempest extreme check')

    def check(self, form='json'):
        """Exit code and what was printed."""
        out, error = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(error),
        ):
            args = self.parser.parse_args(
                [str(self.path), *self.options, form]
            )
            code = self.command.run(args)
        return code, out.getvalue(), error.getvalue()

    def judged(self, content, form='json'):
        """Its verdict, or 'refused'; no traceback."""
        self.path.write_bytes(content)
        code, out, error = self.check(form)
        if code == 2:
            self.assertEqual(1, error.count('\n'), error)
            self.assertEqual('', out)
            return 'refused'
        self.assertEqual('', error)
        out.encode()
        if form == 'text':
            self.assertTrue(out)
            return {value: word for word, value in CODES.items()}[code]
        found = json.loads(out)
        self.assertEqual(CODES[found['verdict']], code)
        if code == 0:
            # Each line is an event that was judged.
            self.assertEqual(len(content.splitlines()) - 1, found['events'])
        return found['verdict']


class TestStories(testtools.TestCase):
    def test_good(self):
        for story in stories.GOOD:
            found = story().verdict()
            self.assertEqual('pass', found.verdict, found.reason)

    def test_bad(self):
        for checker, each in stories.BAD.items():
            for story in each:
                found = story().verdict()
                self.assertEqual('fail', found.verdict)
                self.assertIn(checker, [one.checker for one in found.findings])


class TestMutations(Case):
    def setUp(self):
        super().setUp()
        bad = [story for each in stories.BAD.values() for story in each]
        self.good = [story().lines() for story in stories.GOOD]
        self.all = [*self.good, *(story().lines() for story in bad)]
        self.rng = random.Random(SEED)
        self.seen = collections.Counter()

    def mutate(self, times, change):
        """Judge what ``change`` makes of histories; the verdicts."""
        for number in range(times):
            whole = self.rng.choice(self.all)
            content, certain = change(whole)
            if content == b''.join(whole):
                continue
            form = 'text' if number % 8 == 0 else 'json'
            try:
                found = self.judged(content, form)
                if certain:
                    self.assertNotEqual('pass', found)
            except Exception:
                self.addDetail(
                    'history', testtools.content.text_content(repr(content))
                )
                raise
            self.seen[found] += 1

    def test_what_breaks_is_noticed(self):
        """A traceback, a wrong pass, and a line that nobody judged."""
        whole = self.good[0]
        content = b''.join(whole)
        with mock.patch.object(check.verdict, 'judge_file', side_effect=[1]):
            self.assertRaises(AssertionError, self.judged, content)
        short = stories.good().verdict()
        with mock.patch.object(
            check.verdict, 'judge_file', return_value=short
        ):
            self.assertEqual('pass', self.judged(content))
            self.assertRaises(AssertionError, self.judged, content + b'x\n')
            self.assertRaises(
                AssertionError, self.mutate, 9, lambda _: (content, True)
            )

    def test_lines(self):
        def change(whole):
            for _ in range(self.rng.randint(1, 3)):
                if len(whole) > 1:
                    other = self.rng.choice(self.all)
                    whole = mutations.lines(whole, self.rng, other)
            return b''.join(whole), True

        self.mutate(MUTATIONS * 4 // 10, change)

    def test_bytes(self):
        def change(whole):
            return mutations.flip(b''.join(whole), self.rng), False

        self.mutate(MUTATIONS * 3 // 10, change)

    def test_fields(self):
        def change(whole):
            whole = list(whole)
            for _ in range(self.rng.randint(1, 3)):
                at = self.rng.randrange(len(whole))
                with contextlib.suppress(ValueError, RecursionError):
                    whole[at] = mutations.field(whole[at], self.rng)
            return b''.join(whole), False

        self.mutate(MUTATIONS * 3 // 10, change)

    def test_parts(self):
        """Of several processes, one of which left a damaged one."""
        events = {story: story().events() for story in stories.GOOD}
        headers = {story: story().header() for story in stories.GOOD}
        for _ in range(MUTATIONS // 10):
            story = self.rng.choice(stories.GOOD)
            parts = collections.defaultdict(list)
            for event in events[story]:
                line = msgspec.json.encode(msgspec.structs.replace(event, n=0))
                parts[event.actor.split('/user')[0]].append(line + b'\n')
            damaged = self.rng.choice(sorted(parts))
            lines = parts[damaged]
            at = self.rng.randrange(len(lines))
            match self.rng.randrange(3):
                case 0:
                    cut = self.rng.randrange(1, len(lines[at]) - 1)
                    lines[at:] = [lines[at][:cut]]
                case 1:
                    lines[at] = self.rng.choice(mutations.GARBAGE)
                case 2:
                    lines.clear()
            paths = []
            for actor, written in parts.items():
                path = self.directory / actor.replace('/', '-')
                path.write_bytes(b''.join(written))
                paths.append(path)
            self.path.unlink(missing_ok=True)
            merge.merge(headers[story], paths, self.path)
            found = self.judged(self.path.read_bytes())
            self.assertIn(found, ('unknown', 'fail'), (damaged, lines))
