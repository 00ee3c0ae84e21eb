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
"""A cloud of keystone and nova that is an nginx with fixed answers.

A server is created with an id of its own and shown ACTIVE: enough for a
storm that creates and reads. The nginx of the machine is taken; where there
is none, the Debian package is unpacked into a cache, without installing it.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

CACHE = pathlib.Path(
    os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache',
    'extreme-tempest-plugin',
    'benchmarks',
)

PROJECT = '11111111111111111111111111111111'

#: What nova always shows; Tempest's clients check it against a schema.
_SERVER = {
    'name': 'bench',
    'status': 'ACTIVE',
    'tenant_id': PROJECT,
    'user_id': PROJECT,
    'hostId': '',
    'image': '',
    'flavor': {'id': '1', 'links': []},
    'created': '2026-11-21T00:00:00Z',
    'updated': '2026-11-21T00:00:00Z',
    'metadata': {},
    'addresses': {},
    'links': [],
    'accessIPv4': '',
    'accessIPv6': '',
}

_FLAVOR = {'flavor': {'id': 'flavor-1', 'vcpus': 1, 'ram': 64}}

_LIMITS = {
    'maxTotalInstances': -1,
    'totalInstancesUsed': 0,
    'maxTotalCores': -1,
    'maxTotalRAMSize': -1,
    'maxTotalKeypairs': -1,
}

_CONFIGURATION = """\
daemon off;
master_process off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/json;
    keepalive_timeout 3600;
    keepalive_requests 1000000000;
    tcp_nodelay on;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        add_header x-openstack-request-id req-$request_id always;
        location = /v3/auth/tokens {{
            add_header X-Subject-Token bench;
            return 201 '{token}';
        }}
        location = /v2.1/limits {{ return 200 '{limits}'; }}
        location /v2.1/flavors/ {{ return 200 '{flavor}'; }}
        location = /v2.1/servers {{
            return 202 '{{"server": {{"id": "$request_id", "links": []}}}}';
        }}
        location ~ ^/v2.1/servers/(?<id>[^/]+)$ {{
            return 200 '{server}';
        }}
    }}
}}
"""


def find():
    """Path of an nginx.

    :raises SystemExit: if there is none and none can be had.
    """
    found = shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin')
    if found:
        return found
    root = CACHE / 'nginx'
    unpacked = root / 'usr' / 'sbin' / 'nginx'
    if not unpacked.exists():
        try:
            _unpack(root)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SystemExit(
                f'no nginx and none can be had: {error}; '
                'install it: apt-get install nginx-light'
            ) from None
    return str(unpacked)


def _unpack(root):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            ['apt-get', 'download', 'nginx'],
            cwd=directory,
            check=True,
            capture_output=True,
        )
        (package,) = pathlib.Path(directory).glob('*.deb')
        root.mkdir(parents=True, exist_ok=True)
        subprocess.run(['dpkg-deb', '-x', package, root], check=True)


def _token(url):
    domain = {'id': 'default', 'name': 'Default'}
    endpoint = {
        'interface': 'public',
        'region': 'RegionOne',
        'url': f'{url}/v2.1',
    }
    return {
        'token': {
            'expires_at': '2099-01-01T00:00:00.000000Z',
            'user': {'id': 'u', 'name': 'bench', 'domain': domain},
            'project': {'id': PROJECT, 'name': 'bench', 'domain': domain},
            'catalog': [
                {'type': 'compute', 'name': 'nova', 'endpoints': [endpoint]}
            ],
        }
    }


def _free_port():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        return taken.getsockname()[1]


@contextlib.contextmanager
def serving():
    """Run it; yields its URL."""
    port = _free_port()
    url = f'http://127.0.0.1:{port}'
    with tempfile.TemporaryDirectory() as directory:
        configuration = pathlib.Path(directory, 'nginx.conf')
        configuration.write_text(
            _CONFIGURATION.format(
                directory=directory,
                port=port,
                token=json.dumps(_token(url)),
                flavor=json.dumps(_FLAVOR),
                limits=json.dumps({'limits': {'absolute': _LIMITS}}),
                server=json.dumps({'server': {'id': '$id', **_SERVER}}),
            )
        )
        process = subprocess.Popen(
            [find(), '-p', directory, '-c', configuration],
            stderr=subprocess.DEVNULL,
        )
        try:
            _await(process, port, pathlib.Path(directory, 'error.log'))
            yield url
        finally:
            process.terminate()
            process.wait()


def _await(process, port, log):
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        time.sleep(0.05)
    raise SystemExit(f'nginx does not serve: {log.read_text()[-300:]}')
