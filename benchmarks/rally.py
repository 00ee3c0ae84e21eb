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
"""Rally's constant runner reads one URL, in an environment of its own.

``rally task start`` does much beside the requests, so the cost of a request
is taken from the difference of a long task and a short one.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys

import nginx

VERSION = '5.1.1'

#: Requests of the two tasks.
SHORT, LONG = 200, 3200


def install():
    """An environment with Rally; made once.

    :returns: path of ``rally``.
    """
    venv = nginx.CACHE / f'rally-{VERSION}'
    rally = venv / 'bin' / 'rally'
    if not rally.exists():
        print(f'  installing Rally {VERSION}', file=sys.stderr, flush=True)
        subprocess.run([sys.executable, '-m', 'venv', venv], check=True)
        pip = [venv / 'bin' / 'pip', 'install', '--quiet']
        subprocess.run([*pip, f'rally=={VERSION}'], check=True)
    return rally


class Rally:
    """Rally with a database that is thrown away.

    :param directory: for it.
    """

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        self._rally = install()
        self._configuration = self._directory / 'rally.conf'
        self._configuration.write_text(
            '[database]\n'
            f'connection = sqlite:///{self._directory}/rally.sqlite\n'
        )
        self._run('db', 'create')
        self._run('env', 'create', '--name', 'bench')

    def cost(self, url, users):
        """Requests, and the CPU seconds that they take."""
        short = self._task(url, users, SHORT)
        long = self._task(url, users, LONG)
        return LONG - SHORT, long - short

    def watch(self, url, seconds, status=200):
        """One request after the other for a time.

        :param status: that is good.
        :returns: for each its begin and end, epoch s, and whether it failed.
        """
        self._start(
            url,
            status,
            # It takes any failure for a failed SLA.
            good=(0, 2),
            type='constant_for_duration',
            duration=seconds,
            concurrency=1,
        )
        report = self._directory / 'report.json'
        self._run('task', 'report', '--json', '--out', str(report))
        return [
            (
                one['timestamp'],
                one['timestamp'] + one['duration'],
                bool(one['error']),
            )
            for task in json.loads(report.read_text())['tasks']
            for subtask in task['subtasks']
            for workload in subtask['workloads']
            for one in workload['data']
        ]

    def _start(self, url, status, good=(0,), **runner):
        task = self._directory / 'task.json'
        arguments = {'url': url, 'method': 'GET', 'status_code': status}
        scenario = {'args': arguments, 'runner': runner}
        task.write_text(json.dumps({'HttpRequests.check_request': [scenario]}))
        return self._run('task', 'start', str(task), good=good)

    def _task(self, url, users, times):
        before = _children_s()
        out = self._start(
            url, 200, type='constant', times=times, concurrency=users
        )
        used = _children_s() - before
        if f'{times}' not in out or '100.0%' not in out:
            raise SystemExit(f'rally: {out[-2000:]}')
        return used

    def _run(self, *arguments, good=(0,)):
        done = subprocess.run(
            [self._rally, '--config-file', self._configuration, *arguments],
            env={**os.environ, 'HOME': str(self._directory)},
            capture_output=True,
            text=True,
            timeout=900,
        )
        if done.returncode not in good:
            raise SystemExit(
                f'rally {arguments}: {done.stdout[-800:]}{done.stderr[-800:]}'
            )
        return done.stdout


def _children_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
