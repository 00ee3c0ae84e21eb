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
"""Which driver breaks, sees and heals a kind of fault.

Others add theirs by the entry point ``extreme_tempest_plugin.faults``: each
names an instance of ``driver.Driver``, or a sequence of them.
"""

import collections.abc
import functools
import re

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import others
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults.drivers import clock
from extreme_tempest_plugin.faults.drivers import commands
from extreme_tempest_plugin.faults.drivers import containers
from extreme_tempest_plugin.faults.drivers import delay
from extreme_tempest_plugin.faults.drivers import disk
from extreme_tempest_plugin.faults.drivers import driver as driver_
from extreme_tempest_plugin.faults.drivers import engine as engine_
from extreme_tempest_plugin.faults.drivers import freeze
from extreme_tempest_plugin.faults.drivers import kill
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import partition
from extreme_tempest_plugin.faults.drivers import ports
from extreme_tempest_plugin.faults.drivers import power

NAMESPACE = 'extreme_tempest_plugin.faults'

#: A kind of fault and what it is of.
What = tuple[catalogue.Kind, configuration.Target]
#: Whether the engines of these faults can work at all.
Preflight = collections.abc.Callable[[collections.abc.Iterable[What]], None]

# It is the subject of its targets, and part of names on their hosts.
_NAME = re.compile(r'[a-z][a-z0-9_]*\Z', re.ASCII)
_OWN = (
    # First, for its kinds are those of services that are units, too.
    containers.DRIVER,
    os_faults.DRIVER,
    kill.DRIVER,
    freeze.DRIVER,
    partition.DRIVER,
    delay.DRIVER,
    clock.DRIVER,
    disk.DRIVER,
    power.DRIVER,
    ports.DRIVER,
    commands.DRIVER,
)


@functools.cache
def drivers() -> dict[str, driver_.Driver]:
    """Every driver, by its name.

    :raises UsageError: if one that others add cannot be loaded, is none, or
        takes a name of another one.
    """
    found = {one.name: one for one in _OWN}
    kinds = {kind.name for one in _OWN for kind in one.kinds}
    for source, one in others.added(NAMESPACE, driver_.Driver, 'driver'):
        if why := _unfit(one):
            raise errors.UsageError(f'{NAMESPACE}: {source}: {why}')
        for name, taken in (
            (one.name, {*found, *catalogue.Subject}),
            *((kind.name, kinds) for kind in one.kinds),
        ):
            if name in taken:
                raise errors.UsageError(
                    f'{NAMESPACE}: {name} of {source} is there already: '
                    'remove the package that brings it'
                )
        found[one.name] = one
        kinds |= {kind.name for kind in one.kinds}
    return found


def _by_kind(
    drivers: collections.abc.Iterable[driver_.Driver],
) -> dict[str, tuple[catalogue.Kind, driver_.Driver]]:
    return {kind.name: (kind, one) for one in drivers for kind in one.kinds}


def _known(name: str) -> tuple[catalogue.Kind, driver_.Driver]:
    # Ours first: what others bring may be broken, and ours is healed.
    known = _by_kind(_OWN)
    if name not in known:
        known = _by_kind(drivers().values())
    if name not in known:
        raise errors.PlanError(
            f'faults: there is no fault {name!r}; known: '
            + ', '.join(sorted(known))
        )
    return known[name]


def kinds() -> dict[str, catalogue.Kind]:
    """Every kind of fault, by its name in a plan.

    :raises UsageError: as :func:`drivers`.
    """
    found = _by_kind(drivers().values())
    return {name: kind for name, (kind, _) in found.items()}


def kind(name: str) -> catalogue.Kind:
    """The kind of that name.

    :raises PlanError: if there is none.
    :raises UsageError: as :func:`drivers`, if it is none of ours.
    """
    return _known(name)[0]


def driver(
    kind: catalogue.Kind, target: configuration.Target
) -> driver_.Driver:
    """Who does it to that target: a service may be a unit or a container."""
    offered = containers.DRIVER.kinds
    if isinstance(target.part, runtimes.Container) and kind in offered:
        return containers.DRIVER
    return _known(kind.name)[1]


def engine(
    kind: catalogue.Kind, target: configuration.Target, timeout: float
) -> engine_.Engine:
    """Who does and undoes it.

    :param timeout: seconds after which a call is given up.
    """
    return driver(kind, target).engine(timeout)


def observer(
    kind: catalogue.Kind, target: configuration.Target
) -> evidence.Observer:
    """Who sees whether it happened."""
    offered = driver(kind, target)
    return offered.observer(offered.look)


def preflight(faults: collections.abc.Iterable[What]) -> None:
    """Whether what they need is installed on this machine.

    :raises UsageError: saying what to install.
    """
    wanted = (driver(*what).preflight for what in faults)
    for check in dict.fromkeys(wanted):
        check()


def _unfit(one: driver_.Driver) -> str:
    """Why it is no driver that could be used; empty if it is."""
    if not _NAME.match(one.name):
        return f'{one.name!r} is no name: it must match {_NAME.pattern}'
    for kind in one.kinds:
        if kind.of not in (one.name, *catalogue.Subject):
            return (
                f'{kind.name} is of {kind.of!r}: that is neither the name of '
                'its driver nor a subject of ours'
            )
    return ''
