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

Arguments: kind of fault, target, state_dir.
"""

import os
import pathlib
import sys
import time

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model

#: On `ha` a service is that of a whole cluster.
BOUNDS = model.Bounds(beyond_quorum=True)


def destructive(target: str, state_dir: str) -> settings.Destructive:
    """What allows to break this target of the sandbox."""
    return settings.Destructive(
        allowed=True,
        targets=(target,),
        os_faults_config=os.environ['OS_FAULTS_CONFIG'],
        call_timeout=60,
        state_dir=pathlib.Path(state_dir),
    )


def _say(event: events.Event) -> None:
    if isinstance(event, events.Fault):
        print(event.phase, flush=True)
    else:
        print(event, file=sys.stderr, flush=True)


def main(kind: str, target: str, state_dir: str) -> None:
    plan = model.Fault(fault=kind, target=target)
    allowed = destructive(target, state_dir)
    (found,) = guard.check((plan,), allowed, BOUNDS)
    fault = breaking.make(
        plan,
        found,
        allowed,
        identity='fault-1',
        run='killed',
        record=_say,
    )
    with fault:
        time.sleep(1)
        print('healing', flush=True)
    print('ended', flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
