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
"""The verdict, and what damage to a history may do to it."""

import pathlib
import random
import tempfile

import hypothesis
import hypothesis.strategies as st
import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.tests.unit.checkers import histories
from extreme_tempest_plugin.tests.unit.history import strategies

GOOD = histories.whole()
GOOD_EVENTS = GOOD.events()
GOOD_LINES = GOOD.lines()


def failing():
    built = histories.whole()
    built.create(15.0, 'c', 'ERROR', False, 2.0)
    built.census('server/c', 'ERROR')
    built.call(60.0, 'server.create', outcome='info', status=500)
    built.delete(50.0, 'a')
    return built


class TestVerdict(testtools.TestCase):
    def test_good(self):
        found = GOOD.verdict()
        self.assertEqual('pass', found.verdict, found.reason)
        self.assertEqual('10 SLOs met in 5 operations.', found.reason)
        self.assertEqual((), found.findings)
        self.assertEqual((), found.gaps)

    def test_numbers(self):
        found = GOOD.verdict()
        self.assertEqual(2, found.operations['server.create'].ok)
        self.assertEqual(1.0, found.settle['server.create'].median_s)
        self.assertEqual('2026-11-20T18:00:00.000+00:00', found.start)
        self.assertEqual(99.0, found.duration_s)
        self.assertEqual(len(GOOD_EVENTS), found.events)
        (fault,) = found.faults
        self.assertEqual(5.0, fault.recovery_s)
        self.assertEqual('proof of evidenced', fault.evidence['evidenced'])

    def test_start_and_end_are_those_of_the_events(self):
        built = histories.Builder()
        built.note(3.0, events.Topic.REMARK)
        built.note(5.5, events.Topic.REMARK)
        found = built.verdict()
        self.assertEqual('2026-11-20T18:00:03.000+00:00', found.start)
        self.assertEqual('2026-11-20T18:00:05.500+00:00', found.end)
        self.assertEqual(2.5, found.duration_s)

    def test_time_to_settle(self):
        built = histories.Builder()
        for number in range(1, 101):
            built.create(3.0, str(number), after=float(number))
        found = built.verdict().settle['server.create']
        self.assertEqual(
            (100, 50.5, 95.0, 100.0),
            (found.count, found.median_s, found.p95_s, found.max_s),
        )

    def test_a_failure_beats_what_is_unknown(self):
        built = failing()
        built.note(50.0, events.Topic.UNMEASURED, 'x', 'y')
        found = built.verdict()
        self.assertEqual('fail', found.verdict)
        self.assertNotEqual((), found.gaps)

    def test_exit_codes(self):
        codes = {
            word: verdict.exit_code(
                msgspec.structs.replace(GOOD.verdict(), verdict=word)
            )
            for word in verdict.Word
        }
        self.assertEqual({'pass': 0, 'fail': 1, 'unknown': 3}, codes)

    def test_json_round_trip(self):
        for built in (GOOD, failing(), histories.Builder()):
            found = built.verdict()
            data = msgspec.json.encode(found)
            self.assertEqual(
                found, msgspec.json.decode(data, type=verdict.Verdict)
            )
            self.assertEqual(1, msgspec.json.decode(data)['verdict_version'])

    def test_the_same_history_gives_the_same_verdict(self):
        built = failing()
        self.assertEqual(
            msgspec.json.encode(built.verdict()),
            msgspec.json.encode(built.verdict()),
        )

    def test_no_event(self):
        self.assertEqual('unknown', histories.Builder().verdict().verdict)

    def test_no_row_is_no_pass(self):
        word, _ = verdict.decide((), (), 0)
        self.assertEqual('unknown', word)

    def test_a_header_without_a_time(self):
        header = msgspec.structs.replace(GOOD.header(), utc='yesterday')
        self.assertRaises(
            errors.HistoryError, verdict.judge, header, [], GOOD.plan
        )


class TestDamage(testtools.TestCase):
    """What holds: no damage gives a traceback, and none gives a pass.

    Evidence that is removed may turn a pass into unknown, and a fail into
    unknown where its proof is gone, but nothing into a pass.
    """

    def judged(self, lines):
        """The verdict of a file, or 'refused'."""
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / 'history.jsonl'
            path.write_bytes(b''.join(lines))
            try:
                return verdict.judge_file(reader.Reader(path)).verdict
            except errors.UsageError as error:
                self.assertNotIn('\n', str(error))
                return 'refused'

    def test_whole(self):
        self.assertEqual('pass', self.judged(GOOD_LINES))
        self.assertEqual('fail', self.judged(failing().lines()))

    def test_each_event_dropped(self):
        for lines in (GOOD_LINES, failing().lines()):
            for number in range(1, len(lines)):
                left = [*lines[:number], *lines[number + 1 :]]
                self.assertNotEqual('pass', self.judged(left), lines[number])

    def test_each_event_dropped_and_the_rest_numbered_anew(self):
        # As if it had never been written: what is needed for a pass.
        needed = (
            events.Ok,
            events.Settled,
            events.Fault,
            events.Invoke,
            events.Note,
        )
        for number, event in enumerate(GOOD_EVENTS):
            left = [*GOOD_EVENTS[:number], *GOOD_EVENTS[number + 1 :]]
            renumbered = [
                msgspec.structs.replace(each, n=n)
                for n, each in enumerate(left, start=1)
            ]
            found = verdict.judge(GOOD.header(), renumbered, GOOD.plan)
            if not isinstance(event, needed) or _is_spare(event):
                continue
            self.assertNotEqual('pass', found.verdict, event)

    def test_each_event_doubled(self):
        for number in range(1, len(GOOD_LINES)):
            doubled = [*GOOD_LINES[: number + 1], *GOOD_LINES[number:]]
            self.assertNotEqual('pass', self.judged(doubled))

    def test_cut_anywhere(self):
        whole = b''.join(GOOD_LINES)
        for end in range(0, len(whole) - 1, 97):
            self.assertNotEqual('pass', self.judged([whole[:end]]), end)

    def test_two_runs_in_one_file(self):
        both = [*GOOD_LINES, *GOOD_LINES[1:]]
        self.assertEqual('unknown', self.judged(both))
        self.assertEqual('refused', self.judged([*GOOD_LINES, *GOOD_LINES]))

    @hypothesis.given(st.randoms(use_true_random=False))
    @hypothesis.settings(max_examples=60)
    def test_lines_dropped_doubled_and_moved(self, rng):
        lines = GOOD_LINES[1:]
        for _ in range(rng.randint(1, 5)):
            _damage(lines, rng)
        # A line that was doubled and then torn to nothing is no damage.
        if b''.join(lines) != b''.join(GOOD_LINES[1:]):
            found = self.judged([GOOD_LINES[0], *lines])
            self.assertNotEqual('pass', found)

    @hypothesis.given(st.data())
    @hypothesis.settings(max_examples=150)
    def test_bytes_changed(self, data):
        whole = bytearray(b''.join(GOOD_LINES))
        for _ in range(data.draw(st.integers(1, 4))):
            position = data.draw(st.integers(0, len(whole) - 1))
            whole[position] = data.draw(st.integers(0, 255))
        # A changed byte may change nothing that counts: only no traceback.
        self.judged([bytes(whole)])

    @hypothesis.given(st.lists(strategies.any_event, max_size=40))
    @hypothesis.settings(max_examples=200)
    def test_any_events_in_any_order(self, noise):
        numbered = [
            msgspec.structs.replace(event, n=number)
            for number, event in enumerate(noise, start=1)
        ]
        found = verdict.judge(GOOD.header(), numbered, GOOD.plan)
        self.assertNotEqual('pass', found.verdict)
        self.assertNotEqual('', found.reason)
        msgspec.json.encode(found)

    @hypothesis.given(
        st.lists(strategies.any_event, min_size=1, max_size=10),
        st.integers(0, 2**32),
    )
    @hypothesis.settings(max_examples=100)
    def test_noise_among_good_events(self, noise, seed):
        mixed = [*GOOD_EVENTS, *noise]
        random.Random(seed).shuffle(mixed)
        found = verdict.judge(GOOD.header(), mixed, GOOD.plan)
        self.assertNotEqual('pass', found.verdict)


class TestGrowth(testtools.TestCase):
    def test_evidence_is_bounded(self):
        built = histories.whole()
        for number in range(2000):
            t = 40.0 + number / 100
            built.call(t, 'server.create', outcome='info', status=500)
        found = built.verdict()
        (finding,) = found.findings
        self.assertEqual(2000, finding.count)
        self.assertLess(len(msgspec.json.encode(found)), 20_000)


def _is_spare(event):
    """Not needed for a pass."""
    if isinstance(event, events.Fault):
        return event.phase in ('planned', 'healed')
    return isinstance(event, events.Note) and event.about.startswith('before/')


def _damage(lines, rng):
    """Drop, double, move or tear one line."""
    position = rng.randrange(len(lines)) if lines else 0
    match rng.choice(['drop', 'double', 'move', 'tear']):
        case 'drop' if lines:
            del lines[position]
        case 'double' if lines:
            lines.insert(rng.randrange(len(lines)), lines[position])
        case 'move' if lines:
            lines.insert(rng.randrange(len(lines)), lines.pop(position))
        case 'tear' if lines:
            lines[position] = lines[position][: rng.randrange(20)]
