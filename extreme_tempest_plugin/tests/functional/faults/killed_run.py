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
"""A run with one fault, to be killed: says on stdout how far it is.

Arguments: the fault and its target as JSON, the directory of the journal, and
how processes are found (for a freeze where there is no systemd).
"""

import pathlib
import sys
import time

import msgspec

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import injection
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults.drivers import engine
from extreme_tempest_plugin.faults.drivers import freeze
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model

_TIMEOUT = 20.0


def driver(
    kind: catalogue.Kind, target: configuration.Target, find: str
) -> tuple[engine.Engine, evidence.Observer]:
    """Engine and observer as a run has them, but for finding processes."""
    if kind.name == 'service.freeze' and target.part is None:
        freezer = freeze.Freezer(_TIMEOUT, find=find)
        return freezer, freezer
    return (
        engines.engine(kind, target, _TIMEOUT),
        engines.observer(kind, target),
    )


def _say(event: events.Event) -> None:
    if isinstance(event, events.Fault):
        print(event.phase, flush=True)
    else:
        print(event, file=sys.stderr, flush=True)


def main(fault: str, target: str, state_dir: str, find: str) -> None:
    plan = msgspec.json.decode(fault, type=model.Fault)
    what = msgspec.json.decode(target, type=configuration.Target)
    # What is seen here is seen at once, but for a busy machine.
    injection._EVIDENCE_WAIT = 40.0
    breaks, sees = driver(engines.kind(plan.fault), what, find)
    with injection.Injection(
        plan,
        what,
        identity='fault-1',
        run='killed',
        engine=breaks,
        observer=sees,
        log=journal.Journal(pathlib.Path(state_dir)),
        record=_say,
    ):
        time.sleep(plan.hold or 0)
        print('healing', flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
