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
"""Options of the plugin.

One list, GROUPS, feeds the registration, ``get_opt_lists`` and the sample:
they cannot drift apart. Only ``settings.py`` reads the values.
"""

import collections.abc

from oslo_config import cfg

stress_group = cfg.OptGroup(
    name='stress',
    title='Storms: concurrent pseudo-random actions',
)

StressGroup = [
    cfg.IntOpt(
        'users',
        default=4,
        min=1,
        help='Virtual users of a storm whose plan does not say how many.',
    ),
    cfg.IntOpt(
        'max_instances',
        default=16,
        min=1,
        help='Servers that all users of a storm may have at one time. Each '
        'user gets an equal share.',
    ),
    cfg.StrOpt(
        'os_cloud',
        help='Name of a cloud in clouds.yaml: the commands work there as the '
        'user that it names, instead of with the credentials of tempest.conf. '
        'The test classes always use those of tempest.conf.',
    ),
    cfg.PortOpt(
        'floating_ip_port',
        help='TCP port at which every server answers at its floating IP, as '
        '22, soon after it is ACTIVE and reachable from where the storm runs. '
        'A storm then tries it after each change of a floating IP, and lets '
        'it in by the default security group of its project meanwhile. '
        'Without it floating IPs are verified by the APIs alone.',
    ),
    cfg.PortOpt(
        'web_ui_port',
        help='Port on which Locust shows the statistics of a storm while it '
        'runs. Without it there is no web page.',
    ),
    cfg.HostAddressOpt(
        'web_ui_host',
        default='127.0.0.1',
        help='Address of the web page. It has no password: whoever reaches it '
        'can end the storm.',
    ),
    cfg.IntOpt(
        'workers',
        default=0,
        min=0,
        help='Load processes on other machines that a storm waits for, beside '
        'those of the plan here: `tempest extreme worker` starts one.',
    ),
    cfg.HostAddressOpt(
        'worker_host',
        default='127.0.0.1',
        help='Address on which a storm listens for them.',
    ),
    cfg.PortOpt(
        'worker_port',
        default=5557,
        help='Port on which a storm listens for them.',
    ),
    cfg.StrOpt(
        'worker_key_file',
        help='File with a key that both sides have. What they are told, with '
        'credentials of the cloud, and what they write is encrypted with it; '
        "Locust's statistics are not.",
    ),
    cfg.StrOpt(
        'plans_dir',
        help='Directory with plans that the test classes use instead of the '
        'plans of the same name that come with the plugin: those in '
        'extreme_tempest_plugin/tests/scenario, rabbitmq_restart.yaml for '
        'one, and the ready plans that classes run, as images.yaml.',
    ),
    cfg.StrOpt(
        'runs_dir',
        default='extreme-runs',
        help='Directory in which each run makes one of its own, with its '
        'history and verdict.',
    ),
    cfg.ListOpt(
        'known_issues',
        default=[],
        help='YAML files of known issues: findings that are listed and do '
        'not fail a run. They take the place of the file that comes with the '
        'plugin. Empty: that one.',
    ),
    cfg.ListOpt(
        'name_servers',
        default=[],
        help='Name servers that the census asks for the zones of a storm, '
        'host, host:port or [address]:port. With one that does not answer '
        'the verdict is unknown. Empty: those that designate names, if they '
        'answer here.',
    ),
    cfg.ListOpt(
        'log_hosts',
        default=[],
        deprecated_opts=[
            cfg.DeprecatedOpt('target_controller', group='stress'),
            cfg.DeprecatedOpt('controller', group='stress'),
        ],
        help='Addresses of hosts whose logs are read over SSH during a run. '
        'Nothing is ever written or deleted there. Their host keys are not '
        'checked. Empty: no log is read.',
    ),
    cfg.ListOpt(
        'log_files',
        default=['/var/log/nova/*.log'],
        deprecated_opts=[
            cfg.DeprecatedOpt('target_logfiles', group='stress'),
            cfg.DeprecatedOpt('nova_logdir', group='stress'),
        ],
        help='Files to read on each host: paths, shell patterns of paths, or '
        'directories, of which all *.log files are read.',
    ),
    cfg.IntOpt(
        'log_check_interval',
        default=60,
        min=1,
        help='Seconds between two readings of the logs.',
    ),
    cfg.StrOpt(
        'ssh_user',
        deprecated_opts=[
            cfg.DeprecatedOpt('target_ssh_user', group='stress'),
            cfg.DeprecatedOpt('host_admin_user', group='stress'),
        ],
        help='User for SSH to log_hosts; it needs sudo without a password '
        'for what it may not read itself.',
    ),
    cfg.StrOpt(
        'ssh_private_key_file',
        deprecated_opts=[
            cfg.DeprecatedOpt('target_private_key_path', group='stress'),
            cfg.DeprecatedOpt('host_private_key_path', group='stress'),
        ],
        help='Private key for SSH to log_hosts.',
    ),
]

uptime_group = cfg.OptGroup(
    name='uptime',
    title='Uptime: one monitor for each API',
)

UptimeGroup = [
    cfg.ListOpt(
        'services',
        default=['keystone', 'nova', 'neutron', 'glance'],
        help='What to watch where a plan does not say so: services by name '
        'or by their type in the catalog, as nova, nova/kept over a kept '
        'connection, nova/write, nova/boot, nova@HOST:PORT for one backend; '
        'and tcp:HOST:PORT, ping:HOST, dns:NAME@SERVER.',
    ),
    cfg.StrOpt(
        'control',
        help='Something of the network of this machine that is watched '
        'beside them, tcp:HOST:PORT, ping:HOST or dns:NAME@SERVER. While it '
        'is away, too, nobody knows whether an API was.',
    ),
]

destructive_group = cfg.OptGroup(
    name='destructive',
    title='Destructive scenarios',
)

DestructiveGroup = [
    cfg.BoolOpt(
        'allowed',
        default=False,
        help='Whether anything of this cloud may be broken on purpose. '
        'Without it each destructive test is skipped.',
    ),
    cfg.ListOpt(
        'targets',
        default=[],
        help='Names of the services, containers, nodes, partitions, links, '
        'clocks, disks, ports of switches, commands and targets of other '
        'drivers, as in the os-faults configuration, that may be broken. '
        'Nothing else is touched.',
    ),
    cfg.StrOpt(
        'os_faults_config',
        help='Path of the os-faults configuration (YAML or JSON).',
    ),
    cfg.IntOpt(
        'call_timeout',
        default=60,
        min=5,
        help='Seconds after which a call that breaks or heals, through '
        'os-faults or over SSH, is killed.',
    ),
    cfg.StrOpt(
        'state_dir',
        default='/var/lib/extreme-tempest',
        help='Directory of the journal: faults that were injected and are '
        'not yet proven healed. It must outlive a reboot of this machine. '
        'Only root can make the default one.',
    ),
]

GROUPS: list[tuple[cfg.OptGroup, list[cfg.Opt]]] = [
    (stress_group, StressGroup),
    (uptime_group, UptimeGroup),
    (destructive_group, DestructiveGroup),
]


def list_opts() -> collections.abc.Sequence[
    tuple[cfg.OptGroup, list[cfg.Opt]]
]:
    """What ``oslo-config-generator`` asks for."""
    return GROUPS
