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
"""Settings without a tempest.conf, for unit tests."""

import dataclasses
import pathlib

from extreme_tempest_plugin import settings as settings_


def settings(**changes):
    """Settings of a cloud in which nothing may be broken."""
    made = settings_.Settings(
        cloud=settings_.Cloud(
            auth_url='http://127.0.0.1:1/v3',
            region='RegionOne',
            endpoint_type='public',
            ca_file='',
            insecure=False,
            catalog_types={'keystone': 'identity', 'nova': 'compute'},
            image='image',
            flavor='flavor',
        ),
        logs=settings_.Logs(
            hosts=(), files=(), interval=60, user='', key_file=''
        ),
        destructive=settings_.Destructive(
            allowed=False,
            targets=(),
            os_faults_config='',
            call_timeout=60,
            state_dir=pathlib.Path('/nowhere/journal'),
        ),
        users=4,
        max_instances=16,
        plans_dir=None,
        runs_dir=pathlib.Path('runs'),
        known_issues=(),
        services=('keystone', 'nova'),
    )
    return dataclasses.replace(made, **changes)
