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
import pathlib
import typing

import msgspec
from tempest import config
from tempest.lib import decorators
from tempest.lib import exceptions
from tempest.lib.common.utils import data_utils
from tempest.lib.common.utils import test_utils

from extreme_tempest_plugin.tests.scenario.destructive import base

CONF = config.CONF

#: Seconds until a server is ACTIVE.
_BOOT = 180


@decorators.serial
class OvnTest(base.DestructiveTest):
    """OVN and Open vSwitch are killed while a server is pinged."""

    services = ('nova', 'neutron')
    plan_file = pathlib.Path(__file__).with_name('ovn.yaml')
    router = True

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not CONF.stress.floating_ip_port:
            raise cls.skipException(
                'a server is to be pinged at its floating IP: set [stress] '
                'floating_ip_port where those can be reached'
            )

    @classmethod
    def resource_setup(cls) -> None:
        super().resource_setup()
        address = cls._float(cls._boot())
        uptime = cls.plan.uptime
        assert uptime is not None
        watched = uptime.services or cls.settings.services
        cls.plan = msgspec.structs.replace(
            cls.plan,
            uptime=msgspec.structs.replace(
                uptime, services=(*watched, f'ping:{address}')
            ),
        )

    @classmethod
    def _boot(cls) -> str:
        """A server that is ACTIVE: its identity."""
        servers = cls.os_primary.servers_client
        made = servers.create_server(
            name=data_utils.rand_name('pinged'),
            imageRef=CONF.compute.image_ref,
            flavorRef=CONF.compute.flavor_ref,
            networks=[{'uuid': cls.get_tenant_network()['id']}],
        )['server']['id']
        cls.addClassResourceCleanup(
            test_utils.call_and_ignore_notfound_exc,
            servers.wait_for_resource_deletion,
            made,
        )
        cls.addClassResourceCleanup(
            test_utils.call_and_ignore_notfound_exc,
            servers.delete_server,
            made,
        )

        def status() -> typing.Any:
            return servers.show_server(made)['server']['status']

        if (
            not test_utils.call_until_true(
                lambda: status() not in ('BUILD',), _BOOT, 1
            )
            or (said := status()) != 'ACTIVE'
        ):
            raise exceptions.TempestException(
                f'the server to be pinged is {said}'
            )
        return str(made)

    @classmethod
    def _float(cls, server: str) -> str:
        """A floating IP of the server, which lets pings in."""
        user = cls.os_primary
        (port,) = user.ports_client.list_ports(device_id=server)['ports']
        user.security_group_rules_client.create_security_group_rule(
            security_group_id=port['security_groups'][0],
            direction='ingress',
            ethertype='IPv4',
            protocol='icmp',
        )
        made = user.floating_ips_client.create_floatingip(
            floating_network_id=CONF.network.public_network_id,
            port_id=port['id'],
        )['floatingip']
        cls.addClassResourceCleanup(
            test_utils.call_and_ignore_notfound_exc,
            user.floating_ips_client.delete_floatingip,
            made['id'],
        )
        return str(made['floating_ip_address'])

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('6f3b1f0e-3a52-4d6c-9d43-2a2f2f6c7c11')
    def test_ovn(self):
        self.run_campaign()
