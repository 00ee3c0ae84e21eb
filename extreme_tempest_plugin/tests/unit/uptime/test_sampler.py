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
import heapq

import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.uptime import outages
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import sampler
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport

MS = 1_000_000
PACE = sampler.Pace(interval_ns=100 * MS, timeout_ns=1000 * MS, in_flight=4)


class World:
    """Time, threads and a service, none of them real.

    ``launch`` runs a job up to the sending of its sample; its answer comes
    when the time of the answer has come.
    """

    def __init__(self, end, answer):
        self.time = 0
        self.end = end * MS
        self.answer = answer
        self.stalls = []
        self.events = []
        self.deadlines = []
        self._pending = []
        self._count = 0

    def now(self):
        return self.time

    def wait_until(self, when):
        self._advance(min(when, self.end))
        if self.stalls and self.time >= self.stalls[0][0]:
            self.time = self.stalls.pop(0)[1]
        return when <= self.end

    def rest_until(self, when):
        self._advance(when)

    def _advance(self, when):
        while self._pending and self._pending[0][0] <= when:
            self.time = max(self.time, self._pending[0][0])
            heapq.heappop(self._pending)[2]()
        self.time = max(self.time, when)

    def sample(self, **pace):
        given = {
            'interval_ns': PACE.interval_ns,
            'timeout_ns': PACE.timeout_ns,
            'in_flight': PACE.in_flight,
        }
        self.sampler = sampler.Sampler(
            'nova',
            self,
            sampler.Pace(**(given | pace)),
            self,
            self.launch,
            self.events.append,
        )
        self.begun = 0
        self.sampler.run(self._begin)
        return self.events

    def _begin(self):
        self.begun += 1

    def launch(self, job):
        """Run the job as a thread would: its answer is not there at once."""
        took, reply = self.answer(self.time // MS)
        self._reply = reply
        sent = self.time
        if took is None:
            # Hangs; the job's frame is simply kept from going on.
            self._hang(job)
            return
        if took == 0:
            job()
            return

        def finish():
            # ``sent`` is when the job began, not when it ends.
            later, self.time = self.time, sent
            self._resume = later
            self._reply = reply
            job()
            self.time = max(later, self.time)

        self._count += 1
        heapq.heappush(self._pending, (sent + took * MS, self._count, finish))

    def _hang(self, job):
        self._reply = Hung
        try:
            job()
        except Hung:
            # As if the thread never came back: nothing of it is undone.
            with self.sampler._lock:
                self.sampler._busy += 1

    # The probe.

    name = 'server.list'

    def headers(self):
        if isinstance(self._reply, tokens.NoToken):
            raise self._reply
        return {}

    def send(self, headers, deadline_ns):
        self.deadlines.append(deadline_ns)
        if self._reply is Hung:
            raise Hung
        if isinstance(self._reply, Exception):
            raise self._reply
        self.time = max(self.time, getattr(self, '_resume', 0))
        self._resume = 0
        return self._reply


class Hung(BaseException):
    pass


UP = probes.Reply(200)


def times(found, kind):
    return [e.intended // MS for e in found if isinstance(e, kind)]


class TestSampler(testtools.TestCase):
    def test_samples_are_due_at_fixed_times(self):
        world = World(950, lambda at: (30, UP))
        found = world.sample()
        self.assertEqual(
            list(range(0, 1000, 100)), times(found, events.Sample)
        )
        for event in found:
            self.assertEqual(event.intended, event.sent)
            self.assertEqual(30 * MS, event.done - event.sent)
            self.assertEqual('', event.error)
        self.assertEqual(1, world.begun)

    def test_an_answer_has_the_time_that_is_left(self):
        world = World(50, lambda at: (0, UP))
        world.sample()
        self.assertEqual([1000 * MS], world.deadlines)

    def test_slow_answers_do_not_delay_the_next(self):
        world = World(950, lambda at: (250, UP))
        found = world.sample()
        self.assertEqual(
            list(range(0, 1000, 100)), times(found, events.Sample)
        )
        self.assertEqual([], times(found, events.Missed))

    def test_hung_probe(self):
        """Later samples are due all the same, and the hung one is judged."""
        world = World(2050, lambda at: (None, None) if at == 500 else (5, UP))
        found = world.sample()
        self.assertEqual(
            list(range(0, 2100, 100)), sorted(times(found, events.Sample))
        )
        (failed,) = (e for e in found if e.error)
        self.assertEqual('timeout', failed.error)
        self.assertEqual(500 * MS, failed.sent)
        self.assertEqual(500 * MS + 1100 * MS, failed.done)

    def test_in_flight_bound_is_missed_and_no_outage(self):
        world = World(950, lambda at: (None, None))
        found = world.sample()
        self.assertEqual([0, 100, 200, 300], times(found, events.Sample))
        self.assertEqual(
            list(range(400, 1000, 100)), times(found, events.Missed)
        )
        self.assertEqual({'4 requests in flight'}, whys(found))
        (outage,) = outages.of(found, PACE.interval_ns).outages
        self.assertEqual(0, outage.start_ns)
        self.assertTrue(outage.open)

    def test_no_token_is_missed_and_not_failed(self):
        away = tokens.NoToken('no token: keystone: refused')
        world = World(250, lambda at: (0, away if at == 100 else UP))
        found = world.sample()
        self.assertEqual([0, 200], times(found, events.Sample))
        self.assertEqual([100], times(found, events.Missed))
        self.assertEqual({'no token: keystone: refused'}, whys(found))

    def test_what_this_machine_cannot_send_is_missed(self):
        full = transport.NotSent('Too many open files')
        found = World(50, lambda at: (0, full)).sample()
        self.assertEqual({'this machine: Too many open files'}, whys(found))

    def test_what_breaks_in_us_is_missed_and_tells_no_secret(self):
        broken = ValueError('token-that-must-not-be-written')
        found = World(50, lambda at: (0, broken)).sample()
        self.assertEqual({'the monitor broke: ValueError'}, whys(found))

    def test_no_more_threads_is_missed(self):
        world = World(50, lambda at: (0, UP))

        def launch(job):
            raise RuntimeError("can't start new thread")

        world.launch = launch
        found = world.sample()
        self.assertEqual({"this machine: can't start new thread"}, whys(found))

    def test_a_monitor_that_was_not_run_says_so(self):
        world = World(1050, lambda at: (0, UP))
        world.stalls = [(300 * MS, 730 * MS)]
        found = world.sample()
        self.assertEqual([300, 400, 500, 600], times(found, events.Missed))
        self.assertEqual({'the monitor was not run in time'}, whys(found))
        late = [e for e in found if getattr(e, 'sent', 0) == 730 * MS]
        self.assertEqual([700], times(late, events.Sample))

    def test_waits_for_the_last_answers(self):
        found = World(50, lambda at: (700, UP)).sample()
        self.assertEqual([0], times(found, events.Sample))
        self.assertEqual(700 * MS, found[0].done)

    def test_what_hangs_at_the_end_has_failed(self):
        found = World(50, lambda at: (None, None)).sample()
        self.assertEqual(['timeout'], [e.error for e in found])

    def test_what_comes_after_a_sample_keeps_its_place(self):
        seen = []

        def after():
            seen.append((len(world.events), world.sampler._busy))

        world = World(50, lambda at: (30, probes.Reply(200, after=after)))
        found = world.sample()
        self.assertEqual([30 * MS], [one.done for one in found])
        self.assertEqual([(1, 1)], seen)
        self.assertEqual(0, world.sampler._busy)

    def test_what_was_given_up_has_its_after(self):
        seen = []
        late = probes.Reply(error='timeout', after=lambda: seen.append(1))
        world = World(50, lambda at: (0, late))

        def send(headers, deadline_ns):
            world.time = 1100 * MS
            world.sampler._give_up()
            world.time = 1150 * MS
            return late

        world.send = send
        (failed,) = world.sample()
        self.assertEqual((0, 1100 * MS), (failed.sent, failed.done))
        self.assertEqual([1], seen)


def whys(found):
    return {e.why for e in found if isinstance(e, events.Missed)}
