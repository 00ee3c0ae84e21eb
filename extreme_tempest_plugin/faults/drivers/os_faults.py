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
"""Break and heal services through os-faults 0.3.0.

os-faults brings the actions that operators know and their configuration
format. It has no timeout and has been seen to hang, so each call is a child
process that is killed, with everything below it, when its time is over.
"""

import contextlib
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import galera
from extreme_tempest_plugin.faults.drivers import process_tree
from extreme_tempest_plugin.faults.drivers import remote

_CHILD = 'extreme_tempest_plugin.faults.drivers.os_faults_child'
# What a child may know of our environment; OS_PASSWORD is not among it.
_KEPT = ('HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'SSH_AUTH_SOCK')
_REAP = 5.0
_INSTALL = (
    "install the extra `faults`: pip install 'extreme-tempest-plugin[faults]'"
)


# Where os-faults cannot run; more than that is for the evidence.
_START = 'systemctl start -- "$1"'


class EngineError(errors.HarnessError):
    """A call failed or was killed; what it did before is for the evidence."""


class TesterError(EngineError):
    """This machine itself could not run os-faults, or not to its end."""


class OsFaults:
    """An engine for services, see ``engine.Engine``, and for power.

    :param timeout: seconds after which a call is killed.
    :param child: module to run; tests bring one that hangs.
    """

    def __init__(self, timeout: float, child: str = _CHILD) -> None:
        self._timeout = timeout
        self._command = (sys.executable, '-P', '-m', child)

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        """Do it on every host of the target.

        :param dead_man: not used, see ``catalogue.Kind``.
        :raises EngineError: if it failed, with what the hosts said, or if it
            was killed after the timeout.
        :raises BeginError: see ``galera.begin``.
        :raises RemoteError: if this machine could not run os-faults, and a
            host did not start it without.
        """
        spent = 0.0
        clustered = target.unit in galera.UNITS and len(target.hosts) > 1
        if clustered and verb == catalogue.Verb.START:
            spent = galera.begin(target, self._timeout / 2)
        request = {'verb': verb, 'target': target}
        left = self._timeout - spent
        try:
            self._ask(verb, target, request, left)
        except TesterError:
            if verb != catalogue.Verb.START:
                raise
            # What heals does without a disk of ours.
            remote.on_all(
                target.hosts,
                lambda host: remote.run(
                    host, _START, target.unit, timeout=left
                ),
            )

    def press(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        bmc: schema.Bmc,
    ) -> None:
        """Press a button of the target's host.

        :param bmc: with user and password, which nobody gets to see.
        :raises EngineError: as above.
        """
        request = {'verb': verb, 'target': target, 'bmc': bmc}
        try:
            self._ask(verb, target, request, self._timeout)
        except EngineError as error:
            raise EngineError(without(bmc.password, str(error))) from None

    def _ask(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        request: dict[str, object],
        timeout: float,
    ) -> None:
        try:
            # os-faults leaves inventories behind, ansible what was
            # interrupted.
            with tempfile.TemporaryDirectory(
                prefix='extreme-faults-', ignore_cleanup_errors=True
            ) as scratch:
                said, stderr = self._run(
                    msgspec.json.encode(request), scratch, timeout
                )
        except OSError as error:
            raise TesterError(ssh.ours('os-faults', error)) from None
        try:
            answer = msgspec.json.decode(said, type=dict[str, str])
        except msgspec.DecodeError:
            lines = stderr.decode(errors='replace').strip().splitlines()
            raise TesterError(
                f'os-faults ended without an answer: {(lines or ["?"])[-1]}'
            ) from None
        if answer.get('error'):
            raise EngineError(
                f'os-faults: {verb} of {target.name}: {answer["error"]}'
            )

    def _run(
        self, request: bytes, scratch: str, timeout: float
    ) -> tuple[bytes, bytes]:
        theirs, ours = os.pipe()
        try:
            process = subprocess.Popen(
                [*self._command, str(theirs), scratch],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=scratch,
                env=environment(scratch),
                pass_fds=(theirs,),
                start_new_session=True,
            )
            return self._wait(process, request, timeout)
        finally:
            os.close(theirs)
            os.close(ours)

    def _wait(
        self, process: subprocess.Popen[bytes], request: bytes, timeout: float
    ) -> tuple[bytes, bytes]:
        try:
            return process.communicate(request, timeout)
        except subprocess.TimeoutExpired:
            raise EngineError(
                f'os-faults did not end within {self._timeout:g} s '
                '([destructive] call_timeout) and was killed'
            ) from None
        finally:
            if process.poll() is None:
                process_tree.kill(process.pid)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_REAP)
            # Not read to their end: what cannot die would hold them open.
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def without(secret: str, text: str) -> str:
    """A text that a foreign library wrote, without a password."""
    return text.replace(secret, '***')


def environment(scratch: str) -> dict[str, str]:
    """What the child and ansible see."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith('ANSIBLE_')
    }
    binaries = str(pathlib.Path(sys.executable).parent)
    path = os.environ.get('PATH', os.defpath)
    return {
        # ansible puts these before what os-faults gives, and the first wins:
        # by default a shared connection and a longer wait.
        'ANSIBLE_SSH_ARGS': '-C -o ControlMaster=no -o ControlPath=none',
        'ANSIBLE_TIMEOUT': '5',
        # Half of the round trips; no file of ours on the host.
        'ANSIBLE_PIPELINING': 'true',
        **kept,
        # os-faults asks `which` for ansible-playbook.
        'PATH': f'{binaries}{os.pathsep}{path}',
        'TMPDIR': scratch,
        'ANSIBLE_LOCAL_TEMP': scratch,
        'ANSIBLE_DEPRECATION_WARNINGS': 'false',
        'ANSIBLE_RETRY_FILES_ENABLED': 'false',
        'PYTHONUNBUFFERED': '1',
    }


def preflight() -> None:
    """Whether os-faults can work here at all.

    :raises UsageError: saying what to install.
    :raises TesterError: if this machine cannot run anything.
    """
    if importlib.util.find_spec('os_faults') is None:
        raise errors.UsageError(f'os-faults is not installed: {_INSTALL}')
    # gettempdir() wants a disk with room, which a heal can do without.
    variables = environment(os.environ.get('TMPDIR', os.curdir))
    playbook = shutil.which('ansible-playbook', path=variables['PATH'])
    if playbook is None:
        raise errors.UsageError(
            f'ansible-playbook is not installed: {_INSTALL}'
        )
    if not _bundled(playbook) and not _documented(variables):
        raise errors.UsageError(
            'ansible has no collection ansible.posix, which os-faults needs: '
            f'{_INSTALL}'
        )


def _bundled(playbook: str) -> bool:
    """Whether the ansible beside this Python brings the collection."""
    if pathlib.Path(playbook).parent != pathlib.Path(sys.executable).parent:
        return False
    return any(
        pathlib.Path(entry, 'ansible_collections/ansible/posix').is_dir()
        for entry in sys.path
    )


def _documented(variables: dict[str, str]) -> bool:
    """Ask ansible itself; it knows every place where collections lie."""
    try:
        found = subprocess.run(
            ['ansible-doc', '-t', 'callback', '-j', 'ansible.posix.json'],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    except OSError as error:
        raise TesterError(ssh.ours('ansible-doc', error)) from None
    return b'ansible.posix.json' in found.stdout


DRIVER = driver.Driver(
    name='os_faults',
    by='os-faults, ansible over SSH',
    kinds=(
        catalogue.KINDS['service.restart'],
        catalogue.KINDS['service.terminate'],
    ),
    engine=OsFaults,
    observer=evidence.OverSsh,
    preflight=preflight,
)
