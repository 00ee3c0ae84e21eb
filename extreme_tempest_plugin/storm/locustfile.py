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
"""Users of a storm as Locust users: the only file that imports locust.

Importing locust patches the process (gevent), so this runs in a process of
its own, which ``storm.runner`` starts. Everything that decides anything is in
``storm.user``; here is spawning, think time, and stopping.
"""

import contextlib
import logging
import os
import pathlib
import typing

import gevent
import gevent.event
import locust
from locust import env as locust_env
from locust import events as locust_events
from locust import exception as locust_exception
from locust.user.task import LOCUST_STATE_STOPPING

from extreme_tempest_plugin.storm import joining
from extreme_tempest_plugin.storm import process
from extreme_tempest_plugin.storm import spec
from extreme_tempest_plugin.storm import surroundings as around

LOG = logging.getLogger(__name__)

#: Exit status when our own side broke.
BROKEN = 3

#: Seconds between two looks of a user that only settles, of one that waits
#: for its next operation, and between two looks at whether the parent lives.
PAUSE = 0.2
LOOK = 1.0
PARENT_PAUSE = 1.0
SEND_PAUSE = 0.5

#: ns until a user looks again whether it can do something.
IDLE = 50_000_000

#: Set when no more operations are to be done.
_END = gevent.event.Event()

_stopping = False

_TOLD = spec.take(pathlib.Path(os.environ[spec.VARIABLE]))

#: The process once it knows its share. The master of several has none.
_PROCESS: gevent.event.AsyncResult = gevent.event.AsyncResult()

#: The side of the master, or of a worker on another machine, of what goes
#: between the two; None in any other process.
_host: joining.Host | None = None
_guest: joining.Guest | None = None


class StormUser(locust.User):
    """One virtual user in its greenlet."""

    def __init__(self, environment: locust_env.Environment) -> None:
        super().__init__(environment)
        self._statistics = environment.stats
        _begin(environment)
        self._process = _PROCESS.get()
        self._seat = self._process.new_user(self._ended)

    @locust.task
    def live(self) -> None:
        """One operation after the other until Locust says stop.

        A loop of our own: what Locust does between two tasks costs as much
        as half an operation.
        """
        self._guard(self._live)

    def on_stop(self) -> None:
        """Settle what is pending; ends at the latest with its deadlines."""
        self._guard(self._settle)

    def _live(self) -> None:
        if self._seat is None:
            self._sleep(None)
            return
        step, pace = self._seat.user.step, self._seat.pace
        clock = self._process.clock
        due = pace.first(self._seat.begin)
        while self._state != LOCUST_STATE_STOPPING:
            self._wait_until(due)
            did = step(due if pace.open else 0)
            now = clock()
            due = pace.after(due, now)
            if not did:
                self._process.idle()
                due = max(due, now + IDLE)

    def _wait_until(self, due: int) -> None:
        """Wait, and look after what is pending meanwhile."""
        assert self._seat is not None
        # Whoever was answered meanwhile goes first: then requests go out in
        # one bunch, and wake who serves them once, not one by one.
        gevent.sleep(0)
        while (left := due - self._process.clock()) > 0:
            if not self._seat.user.pending:
                self._sleep(left / 1e9)
                return
            self._sleep(min(left / 1e9, LOOK))
            self._seat.user.settle()

    def _sleep(self, seconds: float | None) -> None:
        """Sleep, at most until the end.

        Not by Locust's ``wait``: that lets a user be killed, which may hit
        it just as it begins its next call.

        :raises StopUser: if that is the end.
        """
        if _END.wait(seconds):
            raise locust_exception.StopUser

    def _settle(self) -> None:
        while self._seat and self._seat.user.settle():
            gevent.sleep(PAUSE)

    def _guard(self, call: typing.Callable[[], None]) -> None:
        """Tell of an error of ours.

        Locust would log it and go on; then nobody would know that this user
        has measured nothing since.
        """
        try:
            call()
        except locust_exception.StopUser:
            raise
        except Exception as error:
            LOG.exception('the storm broke')
            self.environment.process_exit_code = BROKEN
            gevent.spawn(_stop, self.environment)
            # A full disk takes no note; then the exit status says it.
            with contextlib.suppress(OSError):
                self._process.broken(error)

    def _ended(self, ended: around.Ended) -> None:
        # Without Locust's event: nobody else listens.
        self._statistics.log_request(
            ended.service, ended.action, ended.elapsed / 1e6, 0
        )
        if ended.error:
            self._statistics.log_error(
                ended.service, ended.action, ended.error
            )


@locust_events.init.add_listener
def prepare(environment: locust_env.Environment, **kwargs: object) -> None:
    """Listen to whom we listen, before users begin."""
    global _host, _guest
    # Before the campaign is told that there is something to stop.
    gevent.signal_handler(spec.STOP, _stop, environment)
    gevent.spawn(_watch_parent, environment, int(os.environ[spec.PARENT]))
    runner = environment.runner
    match _TOLD:
        case spec.WorkerSpec():
            _PROCESS.set(process.Process(_TOLD))
        case spec.MasterSpec() if _TOLD.guests:
            _host = joining.Host(_TOLD, runner)
            gevent.spawn(_watch_guests, environment)
        case spec.GuestSpec():
            _guest = joining.Guest(
                _TOLD,
                runner,
                pathlib.Path.cwd(),
                lambda share: _PROCESS.set(process.Process(share)),
                lambda: gevent.spawn(_stop, environment),
            )
            gevent.spawn(_send_home)


@locust_events.test_start.add_listener
def begin(environment: locust_env.Environment, **kwargs: object) -> None:
    """Fire until the time is up."""
    if not isinstance(_TOLD, spec.MasterSpec):
        gevent.spawn(_begin, environment)


def _begin(environment: locust_env.Environment) -> None:
    """Begin as soon as the share is known; a second time does nothing."""
    one = _PROCESS.get()
    if one.started():
        duration = one.worker.whole.duration
        gevent.spawn_later(duration, _time_is_up, environment, one)


def _time_is_up(
    environment: locust_env.Environment, one: process.Process
) -> None:
    """End; a replay that is late first does what is left, within bounds."""
    whole = one.worker.whole
    until = one.clock() + int((whole.longest - whole.duration) * 1e9)
    while one.left() and one.clock() < until:
        gevent.sleep(PAUSE)
    _stop(environment)


def _send_home() -> None:
    while True:
        gevent.sleep(SEND_PAUSE)
        assert _guest is not None
        _guest.send_home()


def _watch_guests(environment: locust_env.Environment) -> None:
    """End in good order when a worker on another machine is gone."""
    assert _host is not None
    while not _host.lost:
        gevent.sleep(PARENT_PAUSE)
    LOG.error('a worker on another machine is gone')
    environment.process_exit_code = BROKEN
    _stop(environment)


@locust_events.test_stopping.add_listener
def stop(**kwargs: object) -> None:
    """Wake those who wait."""
    _END.set()


@locust_events.quit.add_listener
def end(exit_code: int, **kwargs: object) -> None:
    """Say that all was done."""
    if exit_code == 0 and _PROCESS.ready():
        _PROCESS.get().ended()


def _watch_parent(environment: locust_env.Environment, parent: int) -> None:
    """Stop when the campaign is dead: it will not stop us any more."""
    while os.getppid() == parent:
        gevent.sleep(PARENT_PAUSE)
    LOG.error('the campaign is dead: no more operations')
    _stop(environment)


def _stop(environment: locust_env.Environment) -> None:
    """End the storm; a second time does nothing.

    A second ``quit`` of Locust, which its handler of SIGTERM is, would kill
    a user that was waiting at the first one and now settles.
    """
    global _stopping
    if not _stopping:
        _stopping = True
        if _host is not None:
            _host.stop()
            while _host.waiting and not _host.lost:
                gevent.sleep(PAUSE)
        if _guest is not None:
            # The last line goes home before Locust says good-bye.
            environment.runner.stop()
            if environment.process_exit_code is None and _PROCESS.ready():
                _PROCESS.get().ended()
            _guest.send_home(last=True)
        environment.runner.quit()
        if environment.web_ui is not None:
            environment.web_ui.stop()
