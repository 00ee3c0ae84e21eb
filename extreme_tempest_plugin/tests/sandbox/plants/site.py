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
"""Raw HTTP against the sandbox that the tests run in."""

import concurrent.futures
import configparser
import contextlib
import os
import pathlib
import sys
import threading
import time
import uuid

from extreme_tempest_plugin.sandbox import api
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox.hosts import machine
from extreme_tempest_plugin.sandbox.status import Record

KEYSTONE, NOVA, PLACEMENT, CINDER, NEUTRON = 5000, 8774, 8778, 8776, 9696

PASSWORD = 'only-for-this-proof'


class Client(api.Cloud):
    """Counts its requests, and knows its project."""

    project_id = ''
    user_id = ''
    sent = 0

    def request(self, *args, **kwargs):
        Client.sent += 1
        return super().request(*args, **kwargs)

    def status(self, *request):
        """The status of an answer; 0 when there was none."""
        try:
            return self.request(*request).status
        except api.ApiError as error:
            return error.status

    def post(self, port, path, body):
        return self.request('POST', port, path, body)


class Site:
    """The sandbox of the environment that ``sandbox exec`` makes."""

    def __init__(self):
        directory = os.environ.get('TEMPEST_CONFIG_DIR')
        if not directory:
            raise RuntimeError('run this in `tempest extreme sandbox exec --`')
        self.name = os.environ['OS_CLOUD']
        state = pathlib.Path(directory).parents[2]
        self.state_dir = state
        self.layout = layout.make(self.name, state)
        record = Record.read(self.layout.record)
        self.shape = record.shape
        self.machines = {
            one.host.name: one
            for one in machine.machines(self.layout, self.shape)
        }
        self.config = configparser.ConfigParser(interpolation=None)
        self.config.read(pathlib.Path(directory) / 'tempest.conf')
        self.admin = Client(self.shape.api_address, record.password)
        self.admin.authenticate()

    @contextlib.contextmanager
    def tenant(self):
        """A user, member of a project of its own; both are removed."""
        name = f'proof-{uuid.uuid4().hex[:8]}'
        admin = self.admin
        made = admin.post(
            KEYSTONE, '/v3/projects', {'project': {'name': name}}
        )
        project = made.field('project', 'id')
        user = {'name': name, 'password': PASSWORD}
        made = admin.post(KEYSTONE, '/v3/users', {'user': user})
        user = made.field('user', 'id')
        client = Client(admin.address, PASSWORD, 60, name, name)
        client.project_id, client.user_id = project, user
        try:
            admin.request('PUT', KEYSTONE, self.grant(client))
            client.authenticate()
            yield client
        finally:
            admin.request('DELETE', KEYSTONE, f'/v3/users/{user}')
            admin.request('DELETE', KEYSTONE, f'/v3/projects/{project}')

    def grant(self, client):
        """The path of a tenant's role in its project."""
        roles = self.admin.get(KEYSTONE, '/v3/roles?name=member')
        role = roles.items('roles')[0]['id']
        return (
            f'/v3/projects/{client.project_id}/users/{client.user_id}'
            f'/roles/{role}'
        )

    @contextlib.contextmanager
    def servers(self, client, count, wait=True):
        """Ids of servers; those that are left are removed."""
        body = {
            'name': 'proof',
            'flavorRef': self.config['compute']['flavor_ref'],
            'imageRef': self.config['compute']['image_ref'],
        }
        made = []
        try:
            for _ in range(count):
                answer = client.post(NOVA, '/v2.1/servers', {'server': body})
                made.append(answer.field('server', 'id'))
            if wait:
                for server in made:
                    until(90, self.is_active, client, server)
            yield made
        finally:
            for server in made:
                client.status('DELETE', NOVA, f'/v2.1/servers/{server}')
            for server in made:
                until(90, self.is_gone, client, server)

    @staticmethod
    def state(client, server):
        """Status and task of a server; empty when there is none."""
        try:
            answer = client.get(NOVA, f'/v2.1/servers/{server}')
        except api.ApiError as error:
            if error.status != 404:
                raise
            return '', None
        return (
            answer.field('server', 'status'),
            answer.field('server', 'OS-EXT-STS:task_state'),
        )

    def is_active(self, client, server):
        return self.state(client, server)[0] == 'ACTIVE'

    def is_gone(self, client, server):
        return not self.state(client, server)[0]

    def on_computes(self, *argv):
        for host in self.shape.computes:
            self.machines[host.name].run(argv)

    def on_controllers(self, *argv):
        for host in self.shape.controllers:
            self.machines[host.name].run(argv)

    def wait_for_computes(self):
        """Until nova calls every compute up that was started before now."""
        since = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())

        def are_up():
            answer = self.admin.get(
                NOVA, '/v2.1/os-services?binary=nova-compute'
            )
            return all(
                entry['state'] == 'up' and (entry['updated_at'] or '') > since
                for entry in answer.items('services')
            )

        until(90, are_up)


def until(seconds, condition, *arguments):
    """Wait for it.

    :raises AssertionError: it did not come
    """
    end = time.monotonic() + seconds
    while not condition(*arguments):
        if time.monotonic() > end:
            raise AssertionError(f'not within {seconds} s')
        time.sleep(0.2)


def at_once(count, function):
    """Results of ``function(number)``, called in as many threads at once."""
    barrier = threading.Barrier(count)

    def call(number):
        barrier.wait()
        return function(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def seen(proof, site, most, seconds):
    """Try until the bug shows.

    :param most: attempts
    :param seconds: after which no further attempt begins
    :returns: what was seen; empty if nothing
    """
    before, began = Client.sent, time.monotonic()
    what, tried, took = '', 0, 0.0
    while not what and tried < most and took < seconds:
        what = proof(site)
        tried += 1
        took = time.monotonic() - began
    print(
        f'{proof.__name__}: {what or "not seen"}; {tried} attempts, '
        f'{Client.sent - before} requests, {took:.1f} s',
        file=sys.stderr,
    )
    return what
