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
"""One call to os-faults, in a process of its own that can be killed.

Reads a request as JSON from stdin, writes an answer as JSON to stdout. Ends,
with everything that it started, when its parent dies: an engine that lives
on would undo what the next run heals.
"""

import collections.abc
import os
import shutil
import subprocess
import sys
import threading
import time
import types
from typing import Any

import msgspec
import os_faults
from os_faults import registry
from os_faults.ansible import executor
from os_faults.drivers.cloud import universal

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import os_faults_power
from extreme_tempest_plugin.faults.drivers import process_tree

# os-faults shares connections and waits for ever on one that a partition
# has cut; facts of 0.3.0.
SSH_ARGS = (
    '-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no '
    '-o ConnectTimeout=5 -o ServerAliveInterval=2 -o ServerAliveCountMax=2 '
    '-o ControlMaster=no -o ControlPath=none -o BatchMode=yes'
)
_TEXT_LIMIT = 300
#: To remove what others write into, a tenth of a second apart.
_TRIES = 50


class Request(msgspec.Struct, frozen=True):
    """What is to be done.

    :param bmc: of the host, where its power is switched.
    """

    verb: catalogue.Verb
    target: configuration.Target
    bmc: schema.Bmc | None = None


class Answer(msgspec.Struct, frozen=True):
    """How it went.

    :param error: empty where every host said that it was done.
    """

    error: str = ''


class _Recording(universal.UniversalCloudManagement):
    """Keeps what each host said, where os-faults keeps only its status."""

    NAME = 'extreme_recording'
    records: list[executor.AnsibleExecutionRecord] = []

    def execute_on_cloud(
        self,
        hosts: list[Any],
        task: dict[str, Any],
        raise_on_error: bool = True,
    ) -> list[executor.AnsibleExecutionRecord]:
        if 'service' in task:
            # Else ansible gathers facts first to learn that it is systemd,
            # which our evidence relies on anyway.
            task = {**task, 'service': {**task['service'], 'use': 'systemd'}}
        found = self.cloud_executor.execute(hosts, task, [])
        self.records.extend(found)
        return found


def _execute(
    *words: str, env_variables: collections.abc.Mapping[str, str], **_: object
) -> tuple[str, str]:
    """In place of oslo's: keeps our environment, and ansible's complaint.

    os-faults drops PATH, HOME, the SSH agent and every ANSIBLE_* variable,
    and looks for JSON in stdout whatever stderr says.
    """
    done = subprocess.run(
        words,
        env={**os.environ, **env_variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding='utf-8',
        errors='replace',
        check=False,
    )
    if '{' not in done.stdout:
        raise executor.AnsibleExecutionException(
            f'ansible-playbook: {done.stderr.strip() or done.stdout}'
        )
    return done.stdout, done.stderr


def _arrange() -> None:
    executor.SSH_COMMON_ARGS = SSH_ARGS
    executor.processutils = types.SimpleNamespace(
        execute=lambda *words, **options: (
            _execute(*words, **options)
            if 'env_variables' in options
            else _original(*words, **options)
        )
    )
    registry.get_drivers().setdefault(_Recording.NAME, _Recording)


_original = executor.processutils.execute


def call(request: Request) -> Answer:
    """Do it, and say what went wrong in one line."""
    _arrange()
    target = request.target
    if request.bmc is not None:
        (host,) = target.hosts
        trouble = os_faults_power.press(
            request.verb, _node(host), target.name, request.bmc
        )
        # First: half of a password could not be found any more.
        said = trouble.replace(request.bmc.password, '***')
        return Answer(said[:_TEXT_LIMIT])
    cloud = os_faults.connect(cloud_configuration(target))
    service = cloud.get_service(target.name)
    # Always the nodes of the configuration: os-faults would else look for
    # running processes, and so never start what is stopped.
    getattr(service, request.verb.value)(nodes=service.get_nodes())
    if len(cloud.records) != len(target.hosts):
        return Answer(
            f'{len(cloud.records)} of {len(target.hosts)} hosts answered'
        )
    return Answer(
        '; '.join(
            f'{record.host}: {record.status}: {cause(record.payload)}'
            for record in cloud.records
            if record.status != executor.STATUS_OK
        )
    )


def cloud_configuration(target: configuration.Target) -> dict[str, Any]:
    """What os-faults is given: checked values and nothing else."""
    args: dict[str, Any] = {'service_name': target.unit, 'grep': target.grep}
    return {
        'cloud_management': {'driver': _Recording.NAME},
        'node_discover': {
            'driver': 'node_list',
            'args': [_node(host) for host in target.hosts],
        },
        'services': {
            target.name: {
                'driver': 'system_service',
                'args': args,
                'hosts': [host.address for host in target.hosts],
            }
        },
    }


def _node(host: Any) -> dict[str, Any]:
    auth = {}
    if host.user:
        auth['username'] = host.user
    if host.key_file:
        auth['private_key_file'] = host.key_file
    if host.jump is not None:
        jump = _node(host.jump)
        auth['jump'] = {'host': jump['ip'], **jump['auth']}
    return {'ip': host.address, 'auth': auth}


def cause(payload: collections.abc.Mapping[str, Any]) -> str:
    """Why a module failed, one line: stderr tells more than msg."""
    words = [
        str(payload[key])
        for key in ('msg', 'stderr', 'module_stderr')
        if payload.get(key)
    ]
    return ' '.join(' '.join(words).split())[:_TEXT_LIMIT] or 'no cause given'


class _LifeLine(threading.Thread):
    """Ends this process, and all below it, when the parent dies.

    :param descriptor: of a pipe whose other end the parent holds.
    :param scratch: directory that the parent can then no longer remove.
    """

    def __init__(self, descriptor: int, scratch: str) -> None:
        super().__init__(daemon=True)
        self._descriptor = descriptor
        self._scratch = scratch
        self._cut = threading.Event()

    def run(self) -> None:
        os.read(self._descriptor, 1)
        self._cut.set()
        process_tree.kill_descendants(os.getpid())
        # Who is about to die, and the call itself, may still write there.
        for _ in range(_TRIES):
            shutil.rmtree(self._scratch, ignore_errors=True)
            if not os.path.exists(self._scratch):
                break
            time.sleep(0.1)
        os._exit(1)

    def leave(self) -> None:
        """Before the process ends by itself: the work above comes first."""
        if self._cut.is_set():
            self.join()


def main(argv: list[str]) -> int:
    """Entry point.

    :param argv: descriptor of the life line; directory for what os-faults
        and ansible leave behind.
    """
    process_tree.adopt()
    line = _LifeLine(int(argv[0]), argv[1])
    line.start()
    try:
        _answer()
    finally:
        line.leave()
    return 0


def _answer() -> None:
    # Nothing but the answer may come out of our stdout.
    out = os.dup(1)
    os.dup2(2, 1)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    try:
        answer = call(request)
    except Exception as error:
        # Whatever a foreign library raises is an answer, not a traceback.
        text = ' '.join(f'{type(error).__name__}: {error}'.split())
        answer = Answer(text[:_TEXT_LIMIT])
    os.write(out, msgspec.json.encode(answer))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
