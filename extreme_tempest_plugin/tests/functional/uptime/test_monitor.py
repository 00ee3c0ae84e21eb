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
"""Real monitor processes against a cloud of our own that can be broken."""

import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.tests.functional.uptime import lateness
from extreme_tempest_plugin.tests.functional.uptime import stand_in
from extreme_tempest_plugin.uptime import outages
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import watch

INTERVAL = 0.02


def seen(spec):
    return [
        event
        for event in reader.Reader(pathlib.Path(spec.part), part=True)
        if isinstance(event, events.Sample | events.Missed)
    ]


def notes(spec):
    return [
        event.what
        for event in reader.Reader(pathlib.Path(spec.part), part=True)
        if isinstance(event, events.Note)
    ]


class MonitorCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.parts = pathlib.Path(folder.name)
        self.cloud = self.useCloud()

    def useCloud(self, **options):
        cloud = stand_in.Cloud(**options)
        self.addCleanup(cloud.__exit__)
        return cloud

    def spec(self, service='nova', **changes):
        types = {'nova': 'compute', 'keystone': 'identity'}
        given = {
            'service': service,
            'target': service,
            'run': 'run-1',
            'part': str(self.parts / f'uptime-{service}.jsonl'),
            'auth_url': f'{self.cloud.keystone.url}/v3',
            'region': 'here',
            'endpoint_type': 'public',
            'catalog_type': types.get(service, 'none'),
            'ca_file': '',
            'insecure': False,
            'username': 'demo',
            'password': stand_in.PASSWORD,
            'user_domain': 'Default',
            'project_id': 'p',
            'interval': INTERVAL,
            'timeout': 20.0,
        }
        return spec_.Spec(**(given | changes))

    def until(self, condition):
        """A machine may be slow."""
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def first_line(self, process):
        """What a process says at first; it may hang."""
        readable, _, _ = select.select([process.stdout], [], [], 60)
        self.assertTrue(readable)
        return process.stdout.readline()

    def availability(self, spec):
        return outages.of(seen(spec), spec.interval_ns)


class TestPlanted(MonitorCase):
    def watch(self, mode, lengths, **changes):
        """Plant outages; each must be found, and nothing else."""
        spec = self.spec(**changes)
        planted = []
        with watch.Monitors([spec]) as monitors:
            self.cloud.nova.await_answers(5)
            for seconds in lengths:
                planted.append(self.cloud.nova.plant(mode, seconds))
                self.cloud.nova.await_answers(3)
                time.sleep(0.3)
            self.assertEqual((), monitors.check())
        self.assertEqual((), monitors.check())
        self.assertEqual(
            [
                events.Topic.STARTED,
                events.Topic.CLOCK,
                events.Topic.CLOCK,
                events.Topic.ENDED,
            ],
            notes(spec),
        )
        found = self.availability(spec).outages
        self.report(planted, found)
        planted = [plant for plant in planted if self.hit(spec, plant)]
        self.assertEqual(len(planted), len(found), found)
        for plant, outage in zip(planted, found, strict=True):
            self.covers(plant, outage, self.slowest(spec))
        return found

    def hit(self, spec, plant):
        """Whether a sample met it, by the stand-in.

        On a machine that did not run the monitor none may have; then the
        monitor has to say so.
        """
        start, end = plant.start[1], plant.end[0]
        watched = seen(spec)
        if plant.mode == 'refuse':
            met = any(self.refused(one, plant) for one in watched)
        else:
            met = bool(plant.met)
        if not met:
            self.assertTrue(any(start < one.intended < end for one in watched))
        return met

    def refused(self, one, plant):
        """The stand-in does not hear of those that it refuses."""
        if not isinstance(one, events.Sample):
            return False
        if one.error:
            return one.sent < plant.end[1] and plant.start[0] < one.done
        return plant.start[1] < one.sent and one.done < plant.end[0]

    def slowest(self, spec):
        """How long this machine let an answer wait at most, ns.

        The stand-in, too, is late on a busy machine.
        """
        return max(
            event.done - event.sent
            for event in seen(spec)
            if isinstance(event, events.Sample) and event.error != 'timeout'
        )

    def report(self, planted, found):
        lines = [f'{plant}' for plant in planted]
        lines += [f'{outage}' for outage in found]
        for plant, outage in zip(planted, found, strict=False):
            lines.append(
                f'{plant.mode} {(plant.end[0] - plant.start[1]) / 1e6:.1f} ms'
                f': start {(outage.start_ns - plant.start[1]) / 1e6:+.1f} ms,'
                f' end {(outage.end_ns - plant.end[1]) / 1e6:+.1f} ms'
            )
        self.addDetail(
            'planted', testtools.content.text_content('\n'.join(lines))
        )
        if os.environ.get('EXTREME_SHOW'):
            print('\n'.join(lines), file=sys.stderr)

    def covers(self, plant, outage, slowest):
        self.assertLessEqual(outage.start_earliest_ns, plant.start[1])
        self.assertGreaterEqual(
            outage.start_latest_ns + slowest, plant.start[0]
        )
        self.assertLessEqual(outage.end_earliest_ns, plant.end[1] + slowest)
        self.assertGreaterEqual(outage.end_latest_ns, plant.end[0])

    def test_refused(self):
        for outage in self.watch('refuse', (0.05, 0.5, 2.0)):
            self.assertLessEqual(set(outage.errors), {'refused', 'reset'})

    def test_503(self):
        for outage in self.watch('503', (0.05, 0.5, 2.0)):
            self.assertEqual({'http-5xx'}, set(outage.errors))

    def test_reset(self):
        for outage in self.watch('reset', (0.05, 0.5, 2.0)):
            self.assertEqual({'reset'}, set(outage.errors))

    def test_hung_requests_that_are_never_answered(self):
        for outage in self.watch('hang', (0.05, 0.5, 2.0), timeout=2.0):
            self.assertEqual({'timeout'}, set(outage.errors))

    def test_hung_and_then_answered_late(self):
        self.watch('late', (2.5,), timeout=1.0)

    def test_dripping_answer_is_a_timeout(self):
        for outage in self.watch('drip', (0.5,), timeout=1.0):
            self.assertEqual({'timeout'}, set(outage.errors))

    def test_maintenance_page_is_not_the_service(self):
        for outage in self.watch('page', (0.5,)):
            self.assertEqual({'malformed'}, set(outage.errors))

    def test_401_with_a_good_token_is_an_outage(self):
        for outage in self.watch('401', (0.5,)):
            self.assertEqual({'http-4xx'}, set(outage.errors))


class TestWatch(MonitorCase):
    def test_nothing_planted_nothing_found(self):
        specs = [self.spec('nova'), self.spec('keystone')]
        with watch.Monitors(specs) as monitors:
            progress = {}

            def looked():
                progress.update(monitors.progress())
                return all(
                    one.samples > 50 and one.up is not None
                    for one in progress.values()
                )

            self.until(looked)
        for spec in specs:
            result = self.availability(spec)
            self.assertEqual((), result.outages)
            self.assertGreater(result.good, 50)
            self.assertEqual(100.0, result.uptime_pct_by_requests)
            self.assertTrue(progress[spec.service].up)
            self.assertGreater(progress[spec.service].samples, 50)

    def test_progress_sees_an_outage(self):
        with watch.Monitors([self.spec()]) as monitors:
            self.cloud.nova.set('503')
            progress = []

            def is_down():
                progress.append(monitors.progress()['nova'])
                return progress[-1].up is False

            self.until(is_down)
        self.assertEqual('http-5xx', progress[-1].error)

    def test_keystone_away_is_not_counted_against_nova(self):
        self.cloud = self.useCloud(life_seconds=2.0)
        spec = self.spec()
        with watch.Monitors([spec]):
            self.cloud.nova.await_answers(3)
            self.cloud.keystone.set('refuse')
            self.until(lambda: len(self.tokenless(spec)) > 10)
            self.cloud.keystone.set('')
            self.until(lambda: self.cloud.issued >= 2)
            self.cloud.nova.await_answers(3)
        result = self.availability(spec)
        self.assertEqual((), result.outages)
        self.assertGreater(result.missed, 10)
        self.assertGreater(result.unknown_ns, 0)
        self.assertEqual(
            {'no token: keystone: refused'}, set(self.tokenless(spec))
        )

    def tokenless(self, spec):
        """Why samples were missed on a machine that ran the monitor."""
        whys = [e.why for e in seen(spec) if isinstance(e, events.Missed)]
        return [why for why in whys if why != lateness.NOT_RUN]

    def test_tokens_are_renewed_ahead(self):
        self.cloud = self.useCloud(life_seconds=1.0)
        spec = self.spec()
        with watch.Monitors([spec]):
            self.until(lambda: self.cloud.issued >= 3)
        self.assertEqual(0, self.availability(spec).failed)

    def test_no_secret_in_the_part(self):
        spec = self.spec()
        with watch.Monitors([spec]):
            self.cloud.nova.await_answers(1)
        text = pathlib.Path(spec.part).read_text()
        self.assertIn('"sample"', text)
        self.assertNotIn(stand_in.TOKEN, text)
        self.assertNotIn(stand_in.PASSWORD, text)

    def test_hanging_to_the_end_is_an_open_outage(self):
        spec = self.spec(timeout=0.5)
        with watch.Monitors([spec]):
            self.cloud.nova.await_answers(3)
            self.cloud.nova.set('hang')
            self.cloud.nova.await_answers(3)
        (outage,) = self.availability(spec).outages
        self.assertTrue(outage.open)


class TestStart(MonitorCase):
    def refused(self, spec):
        error = self.assertRaises(
            errors.ExtremeError, watch.Monitors([spec]).__enter__
        )
        self.assertNotIn('\n', str(error))
        self.assertNotIn('Traceback', str(error))
        return str(error)

    def test_wrong_password(self):
        said = self.refused(self.spec(password='wrong-secret'))
        self.assertIn('refuses user \'demo\' with status 401', said)
        self.assertNotIn('wrong-secret', said)

    def test_service_not_in_the_catalog(self):
        said = self.refused(self.spec('glance', catalog_type='image'))
        self.assertIn('identity', said)
        self.assertIn("'image'", said)

    def test_unknown_service(self):
        said = self.refused(self.spec('mistral'))
        self.assertIn('mistral', said)
        self.assertIn('it has the types: compute, identity', said)

    def test_keystone_away(self):
        self.cloud.keystone.set('refuse')
        self.assertIn('keystone: refused', self.refused(self.spec()))

    def test_part_that_cannot_be_made(self):
        said = self.refused(self.spec(part=str(self.parts / 'no' / 'part')))
        self.assertIn('No such file', said)

    def test_one_that_does_not_start_ends_the_others(self):
        specs = [self.spec(), self.spec('keystone', password='wrong')]
        monitors = watch.Monitors(specs)
        self.assertRaises(errors.UsageError, monitors.__enter__)
        before = self.cloud.nova.requests
        time.sleep(0.3)
        self.assertEqual(before, self.cloud.nova.requests)

    def test_by_hand(self):
        done = subprocess.run(
            [sys.executable, '-m', watch.monitor.__name__],
            input=b'',
            capture_output=True,
            timeout=30,
            check=False,
        )
        self.assertEqual(2, done.returncode)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)


class TestEnd(MonitorCase):
    def start(self, **changes):
        process = subprocess.Popen(
            [sys.executable, '-m', watch.monitor.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for pipe in (process.stdin, process.stdout, process.stderr):
            self.addCleanup(pipe.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        spec = self.spec(**changes)
        process.stdin.write(spec_.encode(spec))
        process.stdin.flush()
        self.assertEqual(b'ready\n', self.first_line(process))
        return process, spec

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process, spec = self.start()
            process.send_signal(number)
            self.assertEqual(0, process.wait(60))
            self.assertEqual(events.Topic.ENDED, notes(spec)[-1])

    def test_closed_standard_input(self):
        process, spec = self.start()
        process.stdin.close()
        self.assertEqual(0, process.wait(60))
        self.assertEqual(events.Topic.ENDED, notes(spec)[-1])

    def test_killed_campaign(self):
        """It ends although a child of the campaign holds its pipe open."""
        code = (
            'import os, sys, time\n'
            'from extreme_tempest_plugin.uptime import spec, watch\n'
            'one = spec.decode(sys.stdin.buffer.readline())\n'
            'with watch.Monitors([one]) as monitors:\n'
            '    if not os.fork():\n'
            '        time.sleep(20)\n'
            '        os._exit(0)\n'
            '    print("up", flush=True)\n'
            '    time.sleep(60)\n'
        )
        spec = self.spec()
        with subprocess.Popen(
            [sys.executable, '-c', code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as campaign:
            campaign.stdin.write(spec_.encode(spec))
            campaign.stdin.flush()
            self.assertEqual(b'up\n', self.first_line(campaign))
            campaign.kill()
            end = time.monotonic() + 10
            while events.Topic.ENDED not in notes(spec):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.1)

    def test_full_disk_is_said_once_and_does_not_end_the_watch(self):
        process, _ = self.start(part='/dev/full')
        self.cloud.nova.await_answers(4)
        process.terminate()
        _, said = process.communicate(timeout=60)
        self.assertEqual(1, process.returncode)
        self.assertEqual(1, len(said.splitlines()), said)
        self.assertIn(b'No space left', said)

    def test_killed_monitor_is_told(self):
        spec = self.spec()
        with watch.Monitors([spec]) as monitors:
            process = monitors._running['nova']._process
            process.kill()
            process.wait(10)
            (said,) = monitors.check()
            self.assertIn('SIGKILL', said)
        self.assertNotIn(events.Topic.ENDED, notes(spec))

    def test_memory(self):
        process, _ = self.start()
        time.sleep(0.5)
        status = pathlib.Path(f'/proc/{process.pid}/status').read_text()
        (line,) = (x for x in status.splitlines() if x.startswith('VmRSS'))
        self.assertLess(int(line.split()[1]), 60 * 1024)
