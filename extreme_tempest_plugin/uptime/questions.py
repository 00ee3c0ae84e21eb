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
"""What a read probe asks of each service. Pure.

Each needs no more than a member's role, and is answered from the service's
own database, so that a service whose database is away is seen to be away.
Placement answers a member nothing but its versions, and a service that is
not in the table is asked for its own, too: that says only that its API
process is there.
"""

import dataclasses
import re

_VERSION = re.compile(r'/v\d+(\.\d+)?(/|$)')


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """What a read probe sends.

    :param name: of the probe.
    :param version: API version, for an endpoint that does not name one.
    :param path: after the version.
    :param key: what the answer's document must hold; empty for a list.
    :param subject: the token is what is asked about.
    :param statuses: that are good.
    :param root: ``path`` is that of the service, before its version.
    """

    name: str
    version: str
    path: str
    key: str
    subject: bool = False
    statuses: tuple[int, ...] = (200,)
    root: bool = False

    def of(self, path: str) -> tuple[str, str]:
        """What to ask of an endpoint: its path, and what comes after it.

        :param path: of the endpoint in the catalog.
        """
        versioned = _VERSION.search(path)
        if self.root:
            return path[: versioned.start()] if versioned else path, self.path
        return path, ('' if versioned else self.version) + self.path


QUESTIONS = {
    'keystone': Question(
        'token.validate', '/v3', '/auth/tokens?nocatalog', 'token', True
    ),
    'nova': Question('server.list', '/v2.1', '/servers?limit=1', 'servers'),
    'neutron': Question(
        'network.list', '/v2.0', '/networks?limit=1&fields=id', 'networks'
    ),
    'glance': Question('image.list', '/v2', '/images?limit=1', 'images'),
    'cinder': Question('volume.list', '/v3', '/volumes?limit=1', 'volumes'),
    'swift': Question('container.list', '', '?format=json&limit=1', ''),
    'designate': Question('zone.list', '/v2', '/zones?limit=1', 'zones'),
    'octavia': Question(
        'loadbalancer.list',
        '/v2',
        '/lbaas/loadbalancers?limit=1',
        'loadbalancers',
    ),
    'heat': Question('stack.list', '/v1', '/stacks?limit=1', 'stacks'),
    'barbican': Question('secret.list', '/v1', '/secrets?limit=1', 'secrets'),
}

#: Of any other service.
VERSIONS = Question(
    'version.list', '', '/', 'versions', statuses=(200, 300), root=True
)

#: Types in the catalog, of services that the settings do not name.
TYPES = {
    'octavia': 'load-balancer',
    'heat': 'orchestration',
    'barbican': 'key-manager',
    'magnum': 'container-infra',
    'manila': 'sharev2',
    'ironic': 'baremetal',
}


def of(service: str) -> Question:
    """What to ask of a service."""
    return QUESTIONS.get(service, VERSIONS)
