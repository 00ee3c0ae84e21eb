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
import locust
from locust import env as locust_env
from locust import events as locust_events

from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import process
from extreme_tempest_plugin.storm import spec
from extreme_tempest_plugin.storm import user

LOG = logging.getLogger(__name__)

#: Exit status when our own side broke.
BROKEN = 3

#: Seconds between two looks of a user that only settles, and between two
#: looks at whether the parent lives.
PAUSE = 0.2
PARENT_PAUSE = 1.0

_stopping = False

PROCESS = process.Process(spec.take(pathlib.Path(os.environ[spec.VARIABLE])))


class StormUser(locust.User):
    """One virtual user in its greenlet."""

    def __init__(self, environment: locust_env.Environment) -> None:
        super().__init__(environment)
        index, self._user = PROCESS.new_user(self._ended)
        whole = PROCESS.worker.whole
        self._least, self._most = whole.storm.think_time
        self._rng = choosing.source(whole.seed, index, 'think')

    def wait_time(self) -> float:
        """Seconds of thought, from the user's own random source."""
        return self._rng.uniform(self._least, self._most)

    @locust.task
    def step(self) -> None:
        """One operation."""
        self._guard(self._user.step)

    def on_stop(self) -> None:
        """Settle what is pending; ends at the latest with its deadlines."""
        while self._guard(self._user.settle):
            gevent.sleep(PAUSE)

    def _guard(self, call: typing.Callable[[], int]) -> int:
        try:
            return call()
        except Exception as error:
            # Locust would log it and go on; then nobody would know that
            # this user has measured nothing since.
            LOG.exception('the storm broke')
            self.environment.process_exit_code = BROKEN
            gevent.spawn(_stop, self.environment.runner)
            # A full disk takes no note; then the exit status says it.
            with contextlib.suppress(OSError):
                PROCESS.broken(error)
            return 0

    def _ended(self, ended: user.Ended) -> None:
        self.environment.events.request.fire(
            request_type=ended.service,
            name=ended.action,
            response_time=ended.elapsed / 1e6,
            response_length=0,
            exception=ended.error or None,
            context={},
        )


@locust_events.test_start.add_listener
def begin(environment: locust_env.Environment, **kwargs: object) -> None:
    """Fire until the time is up, or nobody waits for the result."""
    runner = environment.runner
    # Before the campaign is told that there is something to stop.
    gevent.signal_handler(spec.STOP, _stop, runner)
    PROCESS.started()
    gevent.spawn_later(PROCESS.worker.whole.duration, _stop, runner)
    gevent.spawn(_watch_parent, runner, os.getppid())


@locust_events.quit.add_listener
def end(exit_code: int, **kwargs: object) -> None:
    """Say that all was done."""
    if exit_code == 0:
        PROCESS.ended()


def _watch_parent(runner: typing.Any, parent: int) -> None:
    """Stop when the campaign is dead: it will not stop us any more."""
    while os.getppid() == parent:
        gevent.sleep(PARENT_PAUSE)
    LOG.error('the campaign is dead: no more operations')
    _stop(runner)


def _stop(runner: typing.Any) -> None:
    """End the storm; a second time does nothing.

    A second ``quit`` of Locust, which its handler of SIGTERM is, would kill
    a user that was waiting at the first one and now settles.
    """
    global _stopping
    if not _stopping:
        _stopping = True
        runner.quit()
