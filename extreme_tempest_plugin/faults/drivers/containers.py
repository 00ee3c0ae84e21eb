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
"""A container of docker or podman: restarted, stopped, killed, paused.

By the runtime's own command, as root, over SSH. Its answer is no evidence:
process, start, freezer and port are looked at afterwards.
"""

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults.drivers import containers_shell
from extreme_tempest_plugin.faults.drivers import containers_state
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import freeze
from extreme_tempest_plugin.faults.drivers import remote

_SCRIPTS = {
    catalogue.Verb.RESTART: containers_shell.RESTART,
    catalogue.Verb.TERMINATE: containers_shell.STOP,
    catalogue.Verb.KILL: containers_shell.KILL,
    catalogue.Verb.START: containers_shell.START,
    catalogue.Verb.FREEZE: containers_shell.PAUSE,
    catalogue.Verb.THAW: containers_shell.UNPAUSE,
}


class Containers:
    """Engine and observer of services that are containers.

    :param timeout: seconds that one host may take.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        remote.on_all(
            target.hosts,
            lambda host: self._run(host, _SCRIPTS[verb], target),
        )

    def observe(
        self, target: configuration.Target
    ) -> tuple[containers_state.ContainerState, ...]:
        """The target on each of its hosts, in their order.

        :raises UnreachableError: if one of them cannot be asked.
        """
        return ssh.everywhere(
            target.hosts, lambda host: self._of_host(host, target)
        )

    def _of_host(
        self, host: ssh.Host, target: configuration.Target
    ) -> containers_state.ContainerState:
        look = containers_shell.LOOK + freeze.PORT
        try:
            said = self._run(
                host, look, target, str(target.port), host.address
            )
        except remote.RemoteError as error:
            raise ssh.UnreachableError(str(error)) from None
        return containers_state.parse(said, host.address, target)

    def _run(
        self,
        host: ssh.Host,
        script: str,
        target: configuration.Target,
        *args: str,
    ) -> str:
        part = target.part
        assert isinstance(part, runtimes.Container)
        return remote.run(
            host,
            containers_shell.ONE + containers_shell.COMMON + script,
            part.runtime,
            part.container,
            target.unit,
            *args,
            timeout=self._timeout,
        )


def statuses(
    host: ssh.Host, wanted: tuple[runtimes.Container, ...], timeout: float
) -> tuple[str, ...]:
    """How containers are, in their order; empty where it cannot be asked.

    :param timeout: seconds that it may take.
    """
    words = [word for one in wanted for word in (one.runtime, one.container)]
    try:
        said = remote.run(
            host,
            containers_shell.COMMON + containers_shell.STATUSES,
            *words,
            timeout=timeout,
        ).splitlines()
    except (remote.RemoteError, ssh.UnreachableError):
        return ()
    return tuple(said) if len(said) == len(wanted) else ()


DRIVER = driver.Driver(
    name='containers',
    by='docker or podman, by shell over SSH, as root',
    kinds=(
        catalogue.KINDS['service.restart'],
        catalogue.KINDS['service.terminate'],
        catalogue.KINDS['service.kill'],
        catalogue.KINDS['service.freeze'],
    ),
    engine=Containers,
    observer=Containers,
)
