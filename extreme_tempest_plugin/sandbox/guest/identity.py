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
# mypy: ignore-errors
"""Fills a new keystone: services, endpoints, users and roles.

Runs on a controller, once. Standard input is a JSON object:
``url``, ``region``, ``password``, ``roles``, a list of names, and
``services``, a list of objects with ``name``, ``type`` and ``url``.
"""

import json
import sys

from keystoneauth1 import identity
from keystoneauth1 import session
from keystoneclient.v3 import client


def main():
    site = json.load(sys.stdin)
    password = site['password']
    auth = identity.V3Password(
        auth_url=site['url'],
        username='admin',
        password=password,
        project_name='admin',
        user_domain_name='Default',
        project_domain_name='Default',
    )
    keystone = client.Client(
        session=session.Session(auth=auth), interface='public'
    )
    project = keystone.projects.create('service', domain='default')
    (admin,) = keystone.roles.list(name='admin')
    # keystone-manage bootstrap makes this role as well.
    roles = keystone.roles.list(name='service')
    service_role = roles[0] if roles else keystone.roles.create('service')
    for role in site['roles']:
        keystone.roles.create(role)
    for entry in site['services']:
        user = keystone.users.create(
            entry['name'], domain='default', password=password
        )
        for role in (admin, service_role):
            keystone.roles.grant(role, user=user, project=project)
        service = keystone.services.create(entry['name'], type=entry['type'])
        for interface in ('public', 'internal', 'admin'):
            keystone.endpoints.create(
                service=service,
                url=entry['url'],
                interface=interface,
                region=site['region'],
            )


if __name__ == '__main__':
    main()
