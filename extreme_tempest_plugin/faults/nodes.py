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
"""The nodes of an os-faults configuration, as hosts that we reach."""

import collections.abc
import dataclasses
import ipaddress
import os

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import files
from extreme_tempest_plugin.faults import schema


class Checking(files.Checking):
    """A file that is being checked, for what names nodes."""

    def host(self, node: schema.Node, key: str) -> ssh.Host:
        """How a node is reached.

        :raises UsageError: if it cannot be, or not safely.
        """
        auth = node.auth
        for field in ('password', 'become_password'):
            if getattr(auth, field):
                raise self.wrong(
                    f'{key}.auth.{field}',
                    'passwords are not supported: use private_key_file and a '
                    'user with sudo without a password',
                )
        jump = None
        if auth.jump is not None:
            jump = self._reach(
                auth.jump.host,
                auth.jump.username or auth.username,
                auth.jump.private_key_file,
                f'{key}.auth.jump',
            )
        host = self._reach(
            node.ip, auth.username, auth.private_key_file, f'{key}.auth'
        )
        return dataclasses.replace(host, jump=jump)

    def _reach(
        self, address: str, user: str, key_file: str, key: str
    ) -> ssh.Host:
        if key_file:
            key_file = os.path.abspath(os.path.expanduser(key_file))
            self.check(f'{key}.private_key_file', key_file, ssh.SAFE, 'a path')
        if user:
            self.check(f'{key}.username', user, ssh.SAFE, 'a user')
        self.check(f'{key}: address', address, ssh.SAFE, 'an address')
        return ssh.Host(address=address, user=user, key_file=key_file)

    def check_listed(
        self,
        key: str,
        address: str,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> None:
        """Refuse what is no node.

        :raises UsageError: if the address is none of the hosts.
        """
        if address not in hosts:
            raise self.wrong(
                key, f'{address!r} is no ip of node_discover.args'
            )

    def listed(
        self,
        key: str,
        addresses: collections.abc.Iterable[str],
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[ssh.Host, ...]:
        """The hosts of these addresses, each once.

        :raises UsageError: if one is no node.
        """
        for address in addresses:
            self.check_listed(key, address, hosts)
        return tuple(hosts[address] for address in dict.fromkeys(addresses))

    def address(self, key: str, given: str) -> str:
        """As nft prints it, so that rules can be compared.

        :raises UsageError: if it is no address of another host.
        """
        try:
            address = ipaddress.ip_address(given)
        except ValueError:
            raise self.wrong(
                key, f'{given!r} is no address of IPv4 or IPv6'
            ) from None
        if address.is_loopback or address.is_unspecified:
            raise self.wrong(key, f'{given!r} is no address of another host')
        if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
            raise self.wrong(key, f'{given!r} has a zone, which nft has not')
        return address.compressed
