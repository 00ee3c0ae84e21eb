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
"""What every test needs: flavors, images, networks, a router.

Runs on a controller, once, with the OS_* variables of an administrator.
Standard input is a JSON object: ``external_cidr``, ``external_gateway`` and
``services``, the names of those that are there.
Prints a JSON object with the ids and neutron's extensions.
"""

import json
import os
import sys
import tempfile

import openstack

IMAGE_BYTES = 65536


def _flavor(cloud, name, ram, id):
    return cloud.compute.create_flavor(
        name=name, ram=ram, disk=1, vcpus=1, id=id
    ).id


def _image(cloud, name, path):
    return cloud.create_image(
        name,
        filename=path,
        disk_format='raw',
        container_format='bare',
        visibility='public',
        wait=True,
        use_import=False,
    ).id


def _external_network(cloud, cidr, gateway):
    network = cloud.network.create_network(
        name='public',
        is_router_external=True,
        provider_network_type='flat',
        provider_physical_network='public',
    )
    cloud.network.create_subnet(
        name='public-subnet',
        network_id=network.id,
        cidr=cidr,
        ip_version=4,
        enable_dhcp=False,
        gateway_ip=gateway,
    )
    return network


def _private_network(cloud, external):
    network = cloud.network.create_network(name='private')
    subnet = cloud.network.create_subnet(
        name='private-subnet',
        network_id=network.id,
        cidr='10.20.0.0/20',
        ip_version=4,
    )
    router = cloud.network.create_router(
        name='router', external_gateway_info={'network_id': external.id}
    )
    cloud.network.add_interface_to_router(router, subnet_id=subnet.id)
    return network


def _volume_type(cloud):
    cloud.block_storage.create_type(
        name='nfs', extra_specs={'volume_backend_name': 'nfs'}
    )


def main():
    wanted = json.load(sys.stdin)
    cloud = openstack.connect()
    with tempfile.NamedTemporaryFile() as image:
        image.write(os.urandom(IMAGE_BYTES))
        image.flush()
        images = [_image(cloud, name, image.name) for name in ('tiny', 'alt')]
    if 'cinder' in wanted['services']:
        _volume_type(cloud)
    external = _external_network(
        cloud, wanted['external_cidr'], wanted['external_gateway']
    )
    private = _private_network(cloud, external)
    made = {
        'flavor': _flavor(cloud, 'm1.nano', 64, '42'),
        'flavor_alt': _flavor(cloud, 'm1.micro', 128, '84'),
        'image': images[0],
        'image_alt': images[1],
        'public_network': external.id,
        'private_network': private.id,
        'network_extensions': ','.join(
            sorted(found.alias for found in cloud.network.extensions())
        ),
    }
    print(json.dumps(made))


if __name__ == '__main__':
    main()
