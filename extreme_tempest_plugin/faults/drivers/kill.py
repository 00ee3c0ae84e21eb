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
"""Kill a unit with SIGKILL: what it had in hand is gone.

The processes are those of its control group, its MainPID among them; where
systemd itself would leave the others alone when the unit stops, MainPID only.
See KillMode= in systemd.kill(5). os-faults kills whatever has a pattern in its
line of ``ps``, also an editor that has the log open.
"""

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import freeze
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import remote

_KILL = """
look
[ -n "$now" ] || fail "$unit has no process"
ours "$found" && fail "$unit holds our own session: it must not be killed"
slay
"""


class Killer:
    """Engine of ``service.kill``; os-faults starts what does not come back.

    :param timeout: seconds that a call may take.
    :param find: how processes are found and killed, see ``freeze.SYSTEMD``.
    """

    def __init__(self, timeout: float, find: str = freeze.SYSTEMD) -> None:
        self._timeout = timeout
        self._find = find

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        """Do it on every host of the target.

        :param dead_man: not used, see ``catalogue.Kind``.
        :raises RemoteError: if a host refused it.
        :raises UnreachableError: if the only host did not answer in time.
        :raises EngineError: if os-faults could not start it.
        :raises BeginError: see ``galera.begin``.
        """
        if verb is not catalogue.Verb.KILL:
            os_faults.OsFaults(self._timeout).call(verb, target)
            return
        remote.on_all(
            target.hosts,
            lambda host: freeze.run(
                host, _KILL, target, timeout=self._timeout, find=self._find
            ),
        )


DRIVER = driver.Driver(
    name='kill',
    by='shell over SSH, as root',
    kinds=(catalogue.KINDS['service.kill'],),
    engine=Killer,
    observer=evidence.OverSsh,
    preflight=os_faults.preflight,
)
