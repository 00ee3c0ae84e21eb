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
"""Power of hosts, as an os-faults configuration has it.

A target says which host and which file. User and password of its BMC are
read from the file when they are needed: a target goes into the journal,
where no secret may be.
"""

import collections.abc
import os
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import files
from extreme_tempest_plugin.faults import nodes
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import schema

_IPMI = 'ipmi'
#: Ours, in the same place.
_REDFISH = 'redfish'
_DRIVERS: dict[str, type[schema.Ipmi | schema.Redfish]] = {
    _IPMI: schema.Ipmi,
    _REDFISH: schema.Redfish,
}
#: Bytes of IPMI 2.0: commands Set User Name and Set User Password.
_LONGEST = {'username': 16, 'password': 20}
# An address of IPv6 in brackets; never a user, never a path.
_URL = re.compile(
    r'(https?://)?(\[[0-9A-Fa-f:.]+\]|\w[\w.-]*)(:[0-9]{1,5})?/?\Z', re.ASCII
)
_SYSTEM = re.compile(r'\w[\w.:-]*\Z', re.ASCII)


class Power(parts.Part, frozen=True, kw_only=True):
    """How the power of a host is switched.

    :param file: the os-faults configuration, which has user and password.
    :param fqdn: of the host, which is what the BMC is found by.
    :param bmc: address of its BMC.
    :param units: of systemd on this host, that must be active again.
    :param driver: of ``power_managements``: ``ipmi`` or ``redfish``.
    """

    file: str
    fqdn: str
    bmc: str
    units: tuple[str, ...] = ()
    driver: str = _IPMI

    @property
    def subject(self) -> str:
        return catalogue.Subject.NODE

    def at(self, where: str) -> str:
        return f'{where} by its BMC {self.bmc}'

    def away(self, hosts: parts.Addresses) -> parts.Addresses:
        return hosts

    @property
    def by(self) -> str:
        return 'sushy, by Redfish' if self.driver == _REDFISH else ''


class Checking(nodes.Checking):
    """A file that is being checked, for what switches power."""

    def bmcs(self, file: schema.File) -> dict[str, schema.Bmc]:
        """The BMC of each node that has one, by fqdn.

        :raises UsageError: if one cannot be used.
        """
        found: dict[str, schema.Bmc] = {}
        for number, driver in enumerate(file.power_managements):
            if driver.driver not in _DRIVERS:
                continue
            key = f'power_managements[{number}].args'
            given = self.convert(driver.args, _DRIVERS[driver.driver], key)
            by_mac: dict[str, schema.Bmc] = {
                mac.lower(): one for mac, one in given.mac_to_bmc.items()
            }
            for bmc in (*by_mac.values(), *given.fqdn_to_bmc.values()):
                self._check_bmc(bmc, key)
            its: dict[str, schema.Bmc] = {}
            for node in file.node_discover.args:
                known = by_mac.get(node.mac.lower())
                known = known or given.fqdn_to_bmc.get(node.fqdn)
                if not node.fqdn or not known:
                    continue
                if its.setdefault(node.fqdn, known) != known:
                    raise self.wrong(
                        'node_discover.args',
                        f'two nodes, with BMCs of their own, have the fqdn '
                        f'{node.fqdn!r}',
                    )
            # As os-faults has it: the first driver that knows it.
            found = {**its, **found}
        return found

    def power(
        self,
        node: schema.Node,
        bmcs: collections.abc.Mapping[str, schema.Bmc],
        units: collections.abc.Iterable[str],
    ) -> Power | None:
        """How a node is switched; None where it has no BMC.

        :param bmcs: see :meth:`bmcs`.
        :param units: that run there.
        """
        bmc = bmcs.get(node.fqdn)
        if bmc is None:
            return None
        return Power(
            file=os.path.abspath(os.path.expanduser(self.path)),
            fqdn=node.fqdn,
            bmc=bmc.address,
            units=tuple(dict.fromkeys(units)),
            driver=_REDFISH if isinstance(bmc, schema.RedfishBmc) else _IPMI,
        )

    def _check_bmc(self, bmc: schema.Bmc, key: str) -> None:
        if isinstance(bmc, schema.RedfishBmc):
            self._check_redfish(bmc, key)
            return
        self.check(
            f'{key}: address of a BMC', bmc.address, ssh.SAFE, 'an address'
        )
        for name, longest in _LONGEST.items():
            value = getattr(bmc, name)
            # The value is never said.
            if not 0 < len(value.encode()) <= longest:
                raise self.wrong(
                    f'{key}: {name} for the BMC {bmc.address}',
                    f'is empty or longer than {longest} bytes',
                )

    def _check_redfish(self, bmc: schema.RedfishBmc, key: str) -> None:
        if '@' in bmc.address:
            # Nor is what may be a password.
            raise self.wrong(f'{key}: address of a BMC', 'holds a user')
        self.check(f'{key}: address of a BMC', bmc.address, _URL, 'an address')
        about = f'{key}: %s for the BMC {bmc.address}'
        if bmc.system:
            self.check(about % 'system', bmc.system, _SYSTEM, 'a system')
        for name in ('username', 'password', 'verify'):
            # The value is never said.
            if getattr(bmc, name) == '':
                raise self.wrong(about % name, 'is empty')
        if bmc.url.startswith('http:') and bmc.verify is not False:
            raise self.wrong(
                about % 'address',
                'http shows user and password to everybody on the way: use '
                'https, or say verify: false',
            )


def credentials(power: Power) -> schema.Bmc:
    """The BMC of a host with user and password, from the file.

    :raises UsageError: if the file has them no longer.
    """
    checking = Checking(power.file)
    file = checking.convert(files.load(power.file), schema.File, '')
    try:
        return checking.bmcs(file)[power.fqdn]
    except KeyError:
        raise checking.wrong(
            'power_managements',
            f'has user and password of the BMC of {power.fqdn} no longer',
        ) from None
