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
"""Which driver breaks, sees and heals a kind of fault."""

import collections.abc

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import disk
from extreme_tempest_plugin.faults.drivers import engine as engine_
from extreme_tempest_plugin.faults.drivers import freeze
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import partition
from extreme_tempest_plugin.faults.drivers import ports
from extreme_tempest_plugin.faults.drivers import power

#: Whether the engines of these kinds can work at all.
Preflight = collections.abc.Callable[
    [collections.abc.Iterable[catalogue.Kind]], None
]

#: Seconds that a host may take to be seen.
_LOOK_TIMEOUT = 15.0


def engine(kind: catalogue.Kind, timeout: float) -> engine_.Engine:
    """Who does and undoes it.

    :param timeout: seconds after which a call is given up.
    """
    match kind.does:
        case catalogue.Verb.FREEZE:
            return freeze.Freezer(timeout)
        case catalogue.Verb.CUT:
            return partition.Partitioner(timeout)
        case catalogue.Verb.FILL:
            return disk.Filler(timeout)
        case catalogue.Verb.PORTS_DOWN | catalogue.Verb.PORTS_FLAP:
            return ports.PortSwitch(timeout)
    if kind.of is catalogue.Subject.NODE:
        return power.Power(timeout)
    return os_faults.OsFaults(timeout)


def observer(kind: catalogue.Kind) -> evidence.Observer:
    """Who sees whether it happened."""
    match kind.proof:
        case catalogue.Proof.FROZEN:
            return freeze.Freezer(_LOOK_TIMEOUT)
        case catalogue.Proof.CUT:
            return partition.Partitioner(_LOOK_TIMEOUT)
        case catalogue.Proof.FULL:
            return disk.Filler(_LOOK_TIMEOUT)
        case catalogue.Proof.DOWN | catalogue.Proof.FLAPPED:
            return ports.PortSwitch(_LOOK_TIMEOUT)
    if kind.of is catalogue.Subject.NODE:
        return power.Power(_LOOK_TIMEOUT)
    return evidence.OverSsh(_LOOK_TIMEOUT)


def preflight(kinds: collections.abc.Iterable[catalogue.Kind]) -> None:
    """Whether what they need is installed on this machine.

    :raises UsageError: saying what to install.
    """
    if any(kind.by is catalogue.By.OS_FAULTS for kind in kinds):
        os_faults.preflight()
