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
"""Histories with one thing wrong each, and good ones, with all event types.

Small, so that many thousands of mutations of them can be judged.
"""

import msgspec

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories

#: A watch of few samples.
SHORT = msgspec.structs.replace(
    histories.PLAN,
    duration=30.0,
    uptime=model.Uptime(services=('nova',), interval=5.0, timeout=5.0),
    faults=(
        model.Fault(
            fault='service.restart', target='rabbitmq', at=8.0, recovery=10.0
        ),
    ),
    steady=model.Steady(within=20.0),
    slo=model.Slo(longest_outage={'default': 6.0}, log_errors=1),
)


def _metadata(built, t, key, value):
    op = built.call(
        t,
        'server.set_metadata',
        'server/a',
        args={'key': key},
        writes={key: value},
        effect='changes',
        status=200,
    )
    built.settle(t + 0.2, op, 'ACTIVE', seen={key: value})


def _attach(built, t, volume, server):
    op = built.call(
        t,
        'volume.attach',
        f'volume/{volume}',
        effect='changes',
        partners={'server': f'server/{server}'},
    )
    built.settle(t + 0.5, op, 'in-use')


def _agree(built):
    """What the services say of the same things."""
    built.census('allocation/a', 'present', service='placement', server='a')
    built.census(
        'volume_attachment/v-a', 'attached', 'cinder', volume='v', server='a'
    )
    built.census('server_volume/a.1', 'present', volume='v', server='a')
    built.census('port/p', device='a', device_owner='compute:nova')
    built.census('quota/server', '', limit='5', in_use='1', reserved='0')
    built.complete(
        'volume', 'allocation', 'volume_attachment', 'server_volume'
    )


def log(t, line, built):
    """A line of a server's log."""
    built.add(
        events.Log(
            t=histories.ns(t),
            actor='campaign',
            host='ctl1',
            file='/var/log/nova/nova-compute.log',
            line=f'ERROR nova.compute [None req-1 u p] {line}',
            level='ERROR',
            request_id='req-1',
        )
    )


def good(healed=4.0):
    """All types of events but a missed sample, and nothing wrong."""
    built = histories.storm(SHORT)
    built.watch(start=2.0, end=32.0, every=5.0)
    built.fault(start=8.0, whole=healed)
    built.note(8.5, events.Topic.STEADY, 'galera', 'ctl1: no answer')
    built.note(13.0, events.Topic.STEADY, 'galera')
    for t in (0.1, 98.0):
        built.note(t, events.Topic.CLOCK, 'campaign', str(histories.OFFSET))
    built.note(0.2, events.Topic.REMARK, 'storm', 'the quota is small')
    op = built.call(
        3.5,
        'volume.create',
        value='volume/v',
        args={'name': 'name-v', 'size': 1},
        effect='creates',
        choice={'among': 2, 'made_by': None},
    )
    built.settle(3.7, op, 'available')
    built.census('volume/v', 'in-use', name='name-v', service='cinder')
    _attach(built, 20.0, 'v', 'a')
    _metadata(built, 21.0, 'colour', 'red')
    built.call(
        22.0,
        'server.reboot_soft',
        'server/a',
        'fail',
        status=409,
        effect='changes',
        allowed=(409,),
        error='server a is busy',
    )
    built.call(9.0, 'server.create', outcome='info', error='timeout')
    log(23.0, 'cannot lock', built)
    _agree(built)
    return built


def plain():
    """The storm alone."""
    return histories.storm()


def watched():
    """The monitor alone."""
    built = histories.Builder(
        msgspec.structs.replace(SHORT, storm=None, faults=())
    )
    built.process('campaign')
    built.watch(start=2.0, end=32.0, every=5.0)
    return built


def lost():
    built = plain()
    built.create(6.0, 'c')
    return built


def lost_update():
    built = plain()
    built.rename(40.0, 'a', 'newer')
    return built


def duplicate():
    built = plain()
    for number in range(2):
        built.call(
            10.0 + number / 10,
            'security_group_rule.create',
            value=f'security_group_rule/r{number}',
            args={'name': f'n{number}', 'port': 80},
            partners={'group': 'security_group/g'},
            effect='creates',
            took=0.5,
        )
    return built


def quota():
    built = plain()
    built.census('quota/keypair', '', limit='0', in_use='1')
    return built


def disagreement():
    built = plain()
    built.census('allocation/b', 'present', service='placement', server='b')
    built.complete('allocation')
    return built


def stuck():
    built = plain()
    built.create(6.0, 'c', 'ERROR', False, 2.0)
    built.census('server/c', 'ERROR')
    return built


def server_error():
    built = plain()
    built.call(60.0, 'server.create', outcome='info', status=500)
    return built


def refusal():
    built = plain()
    built.call(
        60.0,
        'server.reboot_soft',
        'server/a',
        'fail',
        status=409,
        effect='changes',
    )
    return built


def violation():
    built = plain()
    built.add(
        events.Violation(
            t=histories.ns(20.0),
            actor='storm/0',
            service='nova',
            request='GET servers/*',
            where='body.servers[0].id',
            why='is integer, not string',
            status=200,
            request_id='req-v',
        )
    )
    built.note(79.0, events.Topic.VALIDATED, 'nova', '37')
    return built


def outage():
    built = histories.Builder(
        msgspec.structs.replace(SHORT, storm=None, faults=())
    )
    built.process('campaign')
    built.watch(start=2.0, end=60.0, every=5.0, down=((20.0, 50.0),))
    return built


def recovery():
    return good(healed=15.0)


def unsteady():
    built = good()
    built.note(14.0, events.Topic.STEADY, 'apis', 'nova is down')
    return built


def server_log():
    built = good()
    built.missed(11.0)
    log(24.0, 'something else', built)
    return built


def left_behind():
    built = plain()
    built.note(95.0, events.Topic.LEFT_BEHIND, 'server/a', '409 for 60 s')
    return built


GOOD = (good, plain, watched)

#: What is found, by the checker that finds it.
BAD = {
    'lost': (lost,),
    'registers': (lost_update,),
    'duplicates': (duplicate,),
    'quotas': (quota,),
    'references': (disagreement,),
    'stuck': (stuck,),
    'unexpected': (server_error, refusal),
    'answers': (violation,),
    'outage': (outage,),
    'recovery': (recovery, unsteady),
    'logs': (server_log,),
    'integrity': (left_behind,),
}
