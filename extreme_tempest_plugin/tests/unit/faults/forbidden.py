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
"""Requests that the guard must refuse, each one change of one that it grants.

The request is the plan of :func:`text` in the world of ``world.World``.
"""

import collections.abc
import dataclasses
import json
from typing import Any

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.tests.unit.faults import fakes
from extreme_tempest_plugin.tests.unit.faults import world

C1, C2 = world.ADDRESSES['ctl1'], world.ADDRESSES['ctl2']

#: Changes the world; the observer is there for what the targets show.
Change = collections.abc.Callable[[world.World, world.Observer], None]


def text(*faults: str, **keys: object) -> str:
    """A plan in YAML.

    :param faults: ``kind target``, and keys of the fault with their values.
    :param keys: of the plan.
    """
    made: list[dict[str, object]] = []
    for fault in faults:
        kind, target, *more = fault.split()
        pairs = (pair.split('=') for pair in more)
        made.append(
            {
                'fault': kind,
                'target': target,
                **{key: json.loads(value) for key, value in pairs},
            }
        )
    plan = {
        'name': 'p',
        'duration': 900,
        'uptime': {'services': ['nova']},
        'faults': made,
        **keys,
    }
    return json.dumps(plan)


def by_chance(*targets: str, **keys: object) -> str:
    """A plan in YAML that kills these by chance."""
    drawn = [{'fault': 'service.kill', 'target': one} for one in targets]
    return text(seed=1, chaos={'faults': drawn, 'pause': [20, 40]}, **keys)


#: What is granted, and changed below.
GRANTED = 'service.kill nova-api'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request.

    :param name: what is forbidden about it.
    :param says: parts of the refusal.
    :param plan: YAML.
    :param settings: of ``settings.Destructive``, that are different.
    :param change: of the world.
    """

    name: str
    says: tuple[str, ...]
    plan: str = text(GRANTED)
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    change: Change = lambda there, observer: None
    preflight: collections.abc.Callable[[object], None] = lambda kinds: None


def _sections(**sections: Any) -> Change:
    def change(there: world.World, observer: world.Observer) -> None:
        there.configure(**sections)

    return change


def _with(section: str, name: str, given: object) -> Change:
    """One more in a section, or another one."""
    return _sections(**{section: {**world.file()[section], name: given}})


def _again(section: str) -> Change:
    """A section a second time, empty."""

    def change(there: world.World, observer: world.Observer) -> None:
        text = there.path.read_text().rstrip().removesuffix('}')
        there.path.write_text(f'{text}, "{section}": {{}}}}')

    return change


def _seen(error: Exception | None = None, **state: Any) -> Change:
    def change(there: world.World, observer: world.Observer) -> None:
        observer.error, observer.state = error, state

    return change


def _journal(owner: liveness.Owner | None = None) -> Change:
    def change(there: world.World, observer: world.Observer) -> None:
        log = journal.Journal(there.destructive.state_dir)
        log.add(fakes.entry(owner=owner))

    return change


def _torn(there: world.World, observer: world.Observer) -> None:
    log = journal.Journal(there.destructive.state_dir)
    log.add(fakes.entry()).write_text('{')


def _key(mode: int) -> Change:
    return lambda there, observer: there.key.chmod(mode)


def _no_key(there: world.World, observer: world.Observer) -> None:
    there.key.unlink()


def _no_ansible(kinds: object) -> None:
    raise errors.UsageError('install the extra `faults`')


_OPTIONS = (
    Case(
        name='not allowed',
        settings={'allowed': False},
        says=('[destructive] allowed = true',),
    ),
    Case(
        name='nothing is listed',
        settings={'targets': ()},
        says=('not listed in [destructive] targets', 'nothing'),
    ),
    Case(
        name='another one is listed',
        settings={'targets': ('nova-apis', 'mysql')},
        says=('not listed in [destructive] targets', 'mysql'),
    ),
    Case(
        name='the second fault is not listed',
        plan=text(GRANTED, 'node.off ctl1 at=200'),
        settings={'targets': ('nova-api',)},
        says=('node.off of ctl1 refused: not listed',),
    ),
    Case(
        name='no configuration',
        settings={'os_faults_config': ''},
        says=('set [destructive] os_faults_config',),
    ),
    Case(
        name='no such configuration',
        settings={'os_faults_config': '/nonexistent'},
        says=('/nonexistent: cannot be read', 'os_faults_config'),
    ),
    Case(
        name='the journal cannot be written',
        change=lambda there, observer: there.destructive.state_dir.touch(),
        says=('[destructive] state_dir',),
    ),
    Case(
        name='ansible is missing',
        preflight=_no_ansible,
        says=('install the extra',),
    ),
)

_CONFIGURATION = (
    Case(
        name='a key that nobody knows',
        change=_sections(servces={}),
        says=('servces',),
    ),
    Case(
        name='a pattern with shell',
        change=_with(
            'services',
            'nova-api',
            world.service(
                'nova-api',
                'ctl1',
                args={'service_name': 'nova-api', 'grep': "x'; id; '"},
            ),
        ),
        says=('services.nova-api.args.grep', 'refused as a pattern'),
    ),
    Case(
        name='a command that is a shell',
        change=_with(
            'switches',
            'sw',
            {
                **world.file()['switches']['sw'],
                'down': ['sh', '-c', 'id', 'PORT'],
            },
        ),
        says=('switches.sw.down', 'would run something else'),
    ),
    Case(
        name='a line that is a shell',
        change=_with('switches', 'rack', world.netmiko(down=['bash id PORT'])),
        says=('switches.rack.down', 'would run something else'),
    ),
    Case(
        name='a BMC that nobody vouches for',
        change=_sections(
            power_managements=[
                {
                    'driver': 'redfish',
                    'args': {
                        'fqdn_to_bmc': {
                            'ctl1': {
                                'address': 'http://198.51.100.1',
                                'username': 'root',
                                'password': 'geheim',
                            }
                        }
                    },
                }
            ]
        ),
        says=('power_managements[0].args', 'verify: false'),
    ),
    Case(
        name='a password',
        change=_sections(
            node_discover={
                'driver': 'node_list',
                'args': [{'ip': C1, 'auth': {'password': 'geheim'}}],
            }
        ),
        says=('auth.password', 'passwords are not supported'),
    ),
    Case(
        name='a container that carries shell',
        change=_with(
            'containers',
            'c',
            world.container('a;id', 'ctl1'),
        ),
        says=('containers.c.args.container_name', 'refused as a container'),
    ),
    Case(
        name='a container with the name of a service',
        change=_with('containers', 'nova-api', world.container('x1', 'ctl1')),
        says=('containers.nova-api', 'name of a service'),
    ),
    Case(
        name='a disk that is memory',
        change=_with('disks', 'shm', {'host': C1, 'path': '/dev/shm'}),
        says=('disks.shm.path', 'no disk that may be filled'),
    ),
    Case(
        name='a partition from itself',
        change=_with('partitions', 'p', {'host': C1, 'peers': [C1]}),
        says=('partitions.p.peers', 'on the way to it'),
    ),
    Case(
        name='packets of its own that are lost',
        change=_with('links', 'p', {'host': C1, 'peers': [C1], 'loss': 9}),
        says=('links.p.peers', 'on the way to it'),
    ),
    Case(
        name='a clock that jumps by nothing',
        change=_with('clocks', 'c', {'host': C1, 'step_s': 0}),
        says=('clocks.c.step_s', 'too few'),
    ),
    Case(
        name='a cluster of a host that nobody knows',
        change=_with('clusters', 'c', {'hosts': [C1, '203.0.113.7']}),
        says=('clusters.c.hosts', 'no ip or fqdn'),
    ),
    Case(
        name='a cluster that counts a vote twice',
        change=_with('clusters', 'c', {'hosts': [C1, C2, 'ctl1']}),
        says=('clusters.c.hosts', 'there twice'),
    ),
    Case(
        name='a cluster of a misspelt service',
        change=_with(
            'clusters', 'c', {'hosts': [C1, C2], 'services': ['mysqll']}
        ),
        says=('clusters.c.services', 'mysqll'),
    ),
    Case(
        name='an address that is there twice',
        change=_sections(
            node_discover={
                'driver': 'node_list',
                'args': [
                    *world.file()['node_discover']['args'],
                    {'ip': C1, 'fqdn': 'another'},
                ],
            }
        ),
        says=('node_discover.args[5].ip', 'there twice'),
    ),
    Case(
        name='a section that stands twice',
        change=_again('clusters'),
        says=('clusters: stands here a second time',),
    ),
)

_TARGETS = (
    Case(
        name='a fault that is none',
        plan=text('service.explode nova-api'),
        says=("no fault 'service.explode'", 'known:'),
    ),
    Case(
        name='a target that is none',
        plan=text('service.kill ghost'),
        settings={'targets': ('ghost',)},
        says=('no such service', 'it has:'),
    ),
    Case(
        name='a host where a service is wanted',
        plan=text('service.kill ctl1'),
        says=('no such service',),
    ),
    Case(
        name='a service where a host is wanted',
        plan=text('node.off nova-api'),
        says=('no such node',),
    ),
    Case(
        name='a service where ports are wanted',
        plan=text('switch.flap nova-api'),
        says=('no such ports',),
    ),
    Case(
        name='a disk where a partition is wanted',
        plan=text('network.partition ctl1-var'),
        says=('no such partition',),
    ),
    Case(
        name='a delay where a loss is wanted',
        plan=text('network.loss ctl1-slow'),
        says=('no such loss', 'it has: ctl1-lossy'),
    ),
    Case(
        name='a loss where a delay is wanted',
        plan=text('network.delay ctl1-lossy'),
        says=('no such delay',),
    ),
    Case(
        name='a host where a clock is wanted',
        plan=text('clock.step ctl1'),
        says=('no such clock',),
    ),
    Case(
        name='a host without a BMC',
        plan=text('node.off ctl3'),
        settings={'targets': ('ctl3',)},
        says=('power_managements has no BMC of it',),
    ),
    Case(
        name='a switch that cannot undo it by itself',
        plan=text('switch.port_down ctl1-net'),
        settings={'targets': ('ctl1-net',)},
        change=_with('switches', 'rack', world.netmiko(no_timer=False)),
        says=('switches.rack', 'no timer', 'no_timer: true'),
    ),
    Case(
        name='flapping of a switch that cannot flap by itself',
        plan=text('switch.flap ctl1-net'),
        settings={'targets': ('ctl1-net',)},
        change=_with('switches', 'rack', world.netmiko()),
        says=('without a shell', 'use switch.port_down'),
    ),
    *(
        Case(
            name=f'{kind} of {unit}',
            plan=text(f'service.{kind} net'),
            settings={'targets': ('net',)},
            change=_with('services', 'net', world.service(unit, 'cmp1')),
            says=('nobody could heal them', 'use service.restart'),
        )
        for kind in ('terminate', 'freeze')
        for unit in (
            'NetworkManager',
            'systemd-networkd.service',
            'networking',
            'firewalld',
            'nftables',
            'ufw',
        )
    ),
    Case(
        name='a driver that proves nothing',
        change=_with(
            'services', 'nova-api', {'driver': 'process', 'args': {}}
        ),
        says=('its driver is process',),
    ),
)

_TIMES = (
    Case(
        name='before the start',
        plan=text(f'{GRANTED} at=-1'),
        says=('faults.0.at', '>= 0'),
    ),
    Case(
        name='after the end',
        plan=text(f'{GRANTED} at=900'),
        says=('after the end at 900 s',),
    ),
    Case(
        name='held for less than nothing',
        plan=text('service.terminate nova-api hold=-1'),
        says=('faults.0.hold', '>= 0'),
    ),
    Case(
        name='no time to recover',
        plan=text(f'{GRANTED} recovery=0'),
        says=('faults.0.recovery', '> 0'),
    ),
    Case(
        name='held longer than it may take to recover',
        plan=text('service.terminate nova-api hold=120 recovery=60'),
        says=('raise `recovery`',),
    ),
    Case(
        name='a hold of what heals itself',
        plan=text(f'{GRANTED} hold=5'),
        says=('heals itself',),
    ),
    Case(
        name='a dead man who does not know when',
        plan=text('network.partition ctl1-alone hold=null'),
        says=('a timer on the host', 'give `hold`'),
    ),
    Case(
        name='commands that are never undone',
        plan=text('host.command alarm hold=null'),
        says=('a timer on the host', 'give `hold`'),
    ),
    Case(
        name='a port that stays down',
        plan=text('switch.port_down ctl1-ports hold=null'),
        says=('a timer on the host', 'give `hold`'),
    ),
)

_TOGETHER = (
    *(
        Case(
            name=f'all members of a cluster: {kind}',
            plan=text(f'service.{kind} rabbitmq'),
            says=('leaves 0 of 3', 'cluster rabbitmq', 'beyond_quorum: true'),
        )
        for kind in ('restart', 'kill', 'terminate', 'freeze')
    ),
    Case(
        name='two of three, by their ports',
        plan=text('switch.port_down two-ports', most_hosts=2),
        says=('leaves 1 of 3', 'beyond_quorum: true'),
    ),
    Case(
        name='two of three, by partitions that overlap',
        plan=text(
            'network.partition ctl1-alone hold=30',
            'network.partition ctl2-alone at=10',
            overlap=True,
            most_hosts=2,
        ),
        says=('leaves 1 of 3', 'beside network.partition of ctl1-alone'),
    ),
    Case(
        name='two of three, a host and a service',
        plan=text('node.off ctl1', 'service.kill rabbitmq-ctl2 at=60'),
        says=('leaves 1 of 3', 'cluster rabbitmq'),
    ),
    Case(
        name='two hosts of a service at the same time',
        plan=text(
            'service.terminate rabbitmq host="ctl1" hold=30',
            'service.kill rabbitmq host="ctl2" at=10',
            overlap=True,
        ),
        says=('fault 1 still holds its target',),
    ),
    Case(
        name='a host that the service is not on',
        plan=text('service.kill rabbitmq host="cmp1"'),
        says=('cmp1 is no host of it', 'os_faults_config', C1),
    ),
    Case(
        name='a host that nobody knows',
        plan=text('service.kill rabbitmq host="ctl9"'),
        says=('ctl9 is no host of it',),
    ),
    Case(
        name='a host of a host',
        plan=text('node.off cmp1 host="ctl1"'),
        says=('leave `host` out',),
    ),
    Case(
        name='commands that hit all hosts at once',
        plan=text('host.command all-stopped', beyond_quorum=True),
        says=('hits 3 hosts', 'most_hosts: 1'),
    ),
    Case(
        name='commands that hit all members of a cluster',
        plan=text('host.command all-stopped', most_hosts=3),
        says=('leaves 0 of 3', 'beyond_quorum: true'),
    ),
    Case(
        name='commands with a shell in them',
        plan=text('host.command alarm'),
        change=_with(
            'commands',
            'alarm',
            {
                'hosts': [C1],
                'inject': ['alarm', 'on;reboot'],
                'heal': ['alarm', 'off'],
                'status': ['alarm', 'show'],
                'says_broken': 'alarm',
            },
        ),
        says=('commands.alarm.inject', 'refused as a word'),
    ),
    Case(
        name='a service where commands are wanted',
        plan=text('host.command nova-api'),
        says=('no such command', 'all-stopped'),
    ),
    Case(
        name='a target of a driver that nobody brings',
        change=_sections(targets={'array': {'driver': 'acme', 'hosts': [C1]}}),
        says=('targets.array.driver', "no driver 'acme'"),
    ),
    Case(
        name='two hosts at once',
        plan=text('switch.flap two-ports'),
        says=('hits 2 hosts', 'most_hosts: 1'),
    ),
    Case(
        name='two hosts by two faults, beyond a quorum of no cluster',
        plan=text('node.off ctl1', 'node.off cmp1 at=60', beyond_quorum=True),
        change=_sections(clusters={}),
        says=('hits 2 hosts', 'most_hosts: 1'),
    ),
    Case(
        name='one begins while another lasts',
        plan=text(
            'service.terminate nova-compute hold=30',
            f'{GRANTED} at=29',
        ),
        says=('fault 1', 'overlap: true'),
    ),
    Case(
        name='one begins while another is held to the end',
        plan=text(
            'service.terminate nova-compute hold=null', f'{GRANTED} at=500'
        ),
        says=('fault 1', 'overlap: true'),
    ),
    Case(
        name='the same target twice',
        plan=text(
            'service.terminate nova-api hold=30',
            f'{GRANTED} at=29',
            overlap=True,
        ),
        says=('fault 1 still holds its target',),
    ),
    Case(
        name='a host that is needed is away',
        plan=text(
            'node.off cmp1',
            'service.kill nova-compute at=100',
            overlap=True,
        ),
        says=(f'{world.ADDRESSES["cmp1"]} away meanwhile', 'raise `at`'),
    ),
    Case(
        name='a peer that is needed is away',
        plan=text(
            'node.off ctl2',
            'network.partition ctl1-alone at=100',
            overlap=True,
        ),
        says=(f'{C2} away meanwhile',),
    ),
    Case(
        name='one of many by chance that is not listed',
        plan=by_chance(*['nova-api'] * 50, 'sshd'),
        says=('sshd refused: not listed in [destructive] targets',),
    ),
    Case(
        name='all members of a cluster, by chance',
        plan=by_chance('nova-api', 'rabbitmq'),
        says=('leaves 0 of 3', 'beyond_quorum: true'),
    ),
    Case(
        name='chance without time',
        plan=by_chance('nova-api', duration=10),
        says=('chaos: no fault would be over',),
    ),
    Case(
        name='a misspelt limit',
        plan=text('service.kill rabbitmq', beyond_quorom=True),
        says=('beyond_quorom: unknown key',),
    ),
    Case(
        name='a limit that is no answer',
        plan=text('service.kill rabbitmq', beyond_quorum='yes'),
        says=('beyond_quorum', 'Expected `bool`'),
    ),
    Case(
        name='no host at all',
        plan=text(GRANTED, most_hosts=0),
        says=('most_hosts', '>= 1'),
    ),
    Case(
        name='an abort that never comes',
        plan=text(GRANTED, abort={'seconds': -1}),
        says=('abort.seconds', '>= 0'),
    ),
)

_NOW = (
    Case(
        name='the tester would be cut off',
        plan=text('network.partition ctl1-not-me'),
        says=('is an address of this machine', 'cut off'),
    ),
    Case(
        name='the tester would be far away',
        plan=text('network.delay ctl1-far-from-me'),
        says=('is an address of this machine', 'cut off'),
    ),
    Case(
        name='the tester would be switched off',
        plan=text('node.reset me'),
        says=('is an address of this machine', 'away'),
    ),
    Case(
        name='the host sees the tester behind a NAT',
        change=_seen(why='it would cut off its tester'),
        says=('nova-api refused: it would cut off its tester',),
    ),
    Case(name='no key', change=_no_key, says=('No such file',)),
    Case(
        name='a key that its group can read',
        change=_key(0o640),
        says=('chmod 600',),
    ),
    Case(
        name='a key that everybody can read',
        change=_key(0o604),
        says=('chmod 600',),
    ),
    Case(
        name='a fault of a dead run is active',
        change=_journal(),
        says=('is active', 'tempest extreme heal'),
    ),
    Case(
        name='a fault of our own is active',
        change=_journal(liveness.this_process()),
        says=('is active', 'tempest extreme heal'),
    ),
    Case(
        name='a fault that nobody can read may be active',
        change=_torn,
        says=('a fault may be active', 'tempest extreme heal'),
    ),
    Case(
        name='the target is not there',
        change=_seen(active='failed'),
        says=('not in its steady state',),
    ),
    Case(
        name='the target is about to start',
        change=_seen(active='activating'),
        says=('not in its steady state',),
    ),
    Case(
        name='the target does not answer',
        change=_seen(port=8774, port_open=False),
        says=('not in its steady state', 'does not answer'),
    ),
    Case(
        name='the target cannot be seen',
        change=_seen(ssh.UnreachableError(f'{C1}: no answer')),
        says=('its state cannot be seen', f'{C1}: no answer'),
    ),
)

#: All of them.
CASES = (
    *_OPTIONS,
    *_CONFIGURATION,
    *_TARGETS,
    *_TIMES,
    *_TOGETHER,
    *_NOW,
)
