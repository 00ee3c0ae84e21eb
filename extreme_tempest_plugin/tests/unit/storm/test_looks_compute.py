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
"""What actions on servers see, of a cloud that does it and one that lies."""

import testtools

from extreme_tempest_plugin.tests.unit.storm import canned

SHOW = 'nova:servers/a'
PORTS = 'neutron:v2.0/ports?device_id=a'


def server(status='ACTIVE', task=None, **more):
    """What nova shows of the server."""
    return {
        SHOW: {
            'server': {
                'id': 'a',
                'name': 'new',
                'status': status,
                'OS-EXT-STS:task_state': task,
                **more,
            }
        }
    }


GONE = {SHOW: None}
TAGS = f'{SHOW}/tags'


def record(*events):
    """What nova has recorded of the request."""
    return {
        f'{SHOW}/os-instance-actions/req-1': {
            'instanceAction': {
                'events': [
                    {'event': event, 'result': result}
                    for event, result in events
                ]
            }
        }
    }


def creates(action, **more):
    return canned.Case(
        action=action,
        done={**server(), **more.pop('done', {})},
        lies=(GONE, server('BUILD', 'spawning'), *more.pop('lies', ())),
        **more,
    )


def deletes(action):
    return canned.Case(
        action=action,
        done=GONE,
        lies=(server(), server('ERROR'), server('ACTIVE', 'deleting')),
    )


def turns(action, before, to):
    return canned.Case(
        action=action,
        done=server(to),
        lies=(GONE, server(before), server(to, 'powering-on')),
    )


def again(action, event):
    return canned.Case(
        action=action,
        done={**server(), **record((event, 'Success'))},
        lies=(
            GONE,
            server('REBOOT', 'rebooting'),
            server('SHUTOFF'),
            record(),
            record((event, None)),
            record((event, 'Error')),
            record(('another', 'Success')),
        ),
    )


def key(action, **args):
    value = args.get('value')
    has = {'xt_a': value} if value else {}
    return canned.Case(
        action=action,
        done=server(metadata={'xt_b': 'x', **has}),
        lies=(
            GONE,
            server(metadata={'xt_a': 'somebody else'}),
            *([server()] if value else []),
        ),
        args={'key': 'xt_a', **args},
    )


def migration(**fields):
    return {
        'nova:os-migrations?instance_uuid=a': {'migrations': [fields]},
    }


def migrates(action, event, to, status):
    there = {
        'status': status,
        'source_compute': 'cmp1',
        'dest_compute': 'cmp2',
    }
    host = {'OS-EXT-SRV-ATTR:host': 'cmp2'}
    return canned.Case(
        action=action,
        done={
            **server(to, **host),
            **record((event, 'Success'), ('other', 'Success')),
            **migration(**there),
        },
        lies=(
            GONE,
            server('MIGRATING', 'migrating', **host),
            server(to, **{'OS-EXT-SRV-ATTR:host': 'cmp1'}),
            record(),
            record((event, 'Success'), ('other', None)),
            record((event, 'Success'), ('other', 'Error')),
            {'nova:os-migrations?instance_uuid=a': {'migrations': []}},
            migration(**{**there, 'status': 'error'}),
            migration(**{**there, 'source_compute': 'cmp2'}),
        ),
    )


ALT, FIRST = {'flavor': {'id': 'flavor-2'}}, {'flavor': {'id': 'flavor-1'}}

INTERFACE = f'{SHOW}/os-interface/port'


def port(device):
    return {
        'neutron:v2.0/ports/port': {
            'port': {'id': 'port', 'device_id': device}
        }
    }


def ports(**fields):
    return {PORTS: {'ports': [{'id': 'p1'}, {'id': 'p2', **fields}]}}


def leads(to, status='ACTIVE'):
    return {
        'neutron:v2.0/floatingips/floating_ip': {
            'floatingip': {
                'port_id': to,
                'status': status,
                'floating_ip_address': '203.0.113.5',
            }
        }
    }


TRIED = 'tcp:203.0.113.5'

GROUP = 'nova:os-server-groups/group'
SOFT = 'soft-anti-affinity'


def group(policy, *members):
    shown = {'id': 'group', 'policy': policy, 'members': members}
    return {GROUP: {'server_group': shown}}


CASES = (
    creates('server.create'),
    creates('server.create_from_image'),
    creates('server.create_with_keypair'),
    creates(
        'server.create_in_group',
        done=group(SOFT, 'a'),
        lies=(group(SOFT, 'b'), {GROUP: None}),
    ),
    canned.Case(
        action='server.create_unawaited',
        done=server(),
        lies=(GONE, server('ERROR')),
    ),
    deletes('server.delete'),
    deletes('server.delete_building'),
    deletes('server.delete_active'),
    canned.Case(
        action='server.rename',
        done=server(),
        lies=(GONE, server(name='old')),
        args={'name': 'new'},
    ),
    canned.Case(
        action='server.show',
        done=server(),
        lies=(server('SHUTOFF'), server(id='b')),
        state='ACTIVE',
    ),
    key('server.set_metadata', value='v'),
    key('server.put_metadata', value='v'),
    key('server.delete_metadata'),
    turns('server.stop', 'ACTIVE', 'SHUTOFF'),
    turns('server.start', 'SHUTOFF', 'ACTIVE'),
    turns('server.pause', 'ACTIVE', 'PAUSED'),
    turns('server.unpause', 'PAUSED', 'ACTIVE'),
    turns('server.suspend', 'ACTIVE', 'SUSPENDED'),
    turns('server.resume', 'SUSPENDED', 'ACTIVE'),
    again('server.reboot_soft', 'compute_reboot_instance'),
    again('server.reboot_hard', 'compute_reboot_instance'),
    again('server.rebuild', 'compute_rebuild_instance'),
    canned.Case(
        action='server.resize',
        done=server('VERIFY_RESIZE', **ALT),
        lies=(
            GONE,
            server(**ALT),
            server('RESIZE', 'resize_migrating', **ALT),
            server('VERIFY_RESIZE', **FIRST),
        ),
        args={'flavor': 'alt'},
    ),
    canned.Case(
        action='server.confirm_resize',
        done=server(**ALT),
        lies=(GONE, server('VERIFY_RESIZE', **ALT), server(**FIRST)),
        attributes={'flavor': 'alt', 'flavor_before': 'first'},
    ),
    canned.Case(
        action='server.revert_resize',
        done=server(**FIRST),
        lies=(GONE, server('VERIFY_RESIZE', **ALT), server(**ALT)),
        attributes={'flavor': 'alt', 'flavor_before': 'first'},
    ),
    migrates(
        'server.migrate',
        'compute_finish_resize',
        'VERIFY_RESIZE',
        'finished',
    ),
    migrates(
        'server.live_migrate',
        'compute_post_live_migration_at_destination',
        'ACTIVE',
        'completed',
    ),
    canned.Case(
        action='server.attach_interface',
        done={**server(), **port('a'), INTERFACE: {}},
        lies=(
            GONE,
            port(''),
            port('another'),
            {'neutron:v2.0/ports/port': None},
            {INTERFACE: None},
        ),
    ),
    canned.Case(
        action='server.detach_interface',
        done={**server(), **port('')},
        lies=(GONE, port('a'), {INTERFACE: {}}),
    ),
    canned.Case(
        action='server.add_floating_ip',
        done={**server(), **ports(), **leads('p2')},
        lies=(
            GONE,
            leads(None, 'DOWN'),
            leads('p2', 'DOWN'),
            leads('p3'),
            {'neutron:v2.0/floatingips/floating_ip': None},
            {TRIED: 'no answer'},
        ),
    ),
    canned.Case(
        action='server.add_floating_ip',
        done={**server(), **ports(), **leads('p2'), TRIED: ''},
        lies=({TRIED: 'no answer'}, {TRIED: 'refused'}),
    ),
    canned.Case(
        action='server.remove_floating_ip',
        done={**server(), **leads(None, 'DOWN')},
        lies=(
            GONE,
            leads('p2'),
            {'neutron:v2.0/floatingips/floating_ip': None},
            {TRIED: ''},
        ),
    ),
    canned.Case(
        action='server.remove_floating_ip',
        done={**server(), **leads(None, 'DOWN'), TRIED: 'no answer'},
        lies=({TRIED: ''},),
    ),
    canned.Case(
        action='server.add_tag',
        done={**server(), TAGS: {'tags': ['x', 'xt_a']}},
        lies=(GONE, {TAGS: {'tags': ['x']}}),
        args={'key': 'xt_a', 'value': 'there'},
    ),
    canned.Case(
        action='server.delete_tag',
        done={**server(), TAGS: {'tags': ['x']}},
        lies=(GONE, {TAGS: {'tags': ['xt_a']}}),
        args={'key': 'xt_a'},
    ),
    canned.Case(
        action='server.add_security_group',
        done={**server(), **ports(security_groups=['x', 'group'])},
        lies=(GONE, ports(), ports(security_groups=['x'])),
    ),
    canned.Case(
        action='server.remove_security_group',
        done={**server(), **ports(security_groups=['x'])},
        lies=(GONE, ports(security_groups=['x', 'group'])),
    ),
    canned.Case(
        action='keypair.create',
        done={'nova:os-keypairs/a': {}},
        lies=({'nova:os-keypairs/a': None},),
    ),
    canned.Case(
        action='keypair.import',
        done={'nova:os-keypairs/a': {'keypair': {'public_key': 'ours'}}},
        lies=(
            {'nova:os-keypairs/a': None},
            {'nova:os-keypairs/a': {'keypair': {'public_key': 'theirs'}}},
        ),
        args={'name': 'a', 'public_key': 'ours'},
    ),
    canned.Case(
        action='keypair.delete',
        done={},
        lies=({'nova:os-keypairs/a': {}},),
    ),
    canned.Case(
        action='server_group.create',
        done={'nova:os-server-groups/a': group('affinity')[GROUP]},
        lies=(
            {'nova:os-server-groups/a': None},
            {'nova:os-server-groups/a': group(SOFT)[GROUP]},
        ),
        args={'name': 'a', 'policy': 'affinity'},
    ),
    canned.Case(
        action='server_group.delete',
        done={},
        lies=({'nova:os-server-groups/a': {}},),
    ),
)


class ComputeTest(canned.Looks, testtools.TestCase):
    kinds = frozenset({'server', 'keypair', 'server_group'})
    cases = CASES

    def test_events_that_are_hidden_prove_nothing(self):
        """Then a server at rest must do."""
        done = next(one for one in CASES if one.action == 'server.rebuild')
        hidden = {f'{SHOW}/os-instance-actions/req-1': {'instanceAction': {}}}
        self.assertTrue(done.look(hidden).reached)

    def test_an_error_is_the_end(self):
        for case in CASES:
            if case.action in ('server.stop', 'server.rebuild'):
                sight = case.look(
                    server('ERROR', fault={'message': 'no\n host'})
                )
                self.assertTrue(sight.final)
                self.assertEqual('no host', sight.error)


class TestStates(testtools.TestCase):
    def state(self, action, **shown):
        (case,) = (case for case in CASES if case.action == action)
        return case.look(server(**shown)).state

    def test_what_nova_does_with_it_is_its_state(self):
        for status, task, state in (
            ('ACTIVE', 'deleting', 'deleting'),
            ('ACTIVE', None, 'ACTIVE'),
            ('BUILD', 'spawning', 'BUILD'),
            ('ERROR', 'deleting', 'ERROR'),
        ):
            for action in ('server.delete', 'server.stop'):
                self.assertEqual(
                    state, self.state(action, status=status, task=task)
                )

    def test_where_what_is_wanted_is_reached_it_is_the_status(self):
        self.assertEqual('ACTIVE', self.state('server.rename', task='x'))

    def test_what_is_still_built_is_there(self):
        (case,) = (c for c in CASES if c.action == 'server.create_unawaited')
        sight = case.look(server('BUILD', 'spawning'))
        self.assertEqual((True, 'BUILD'), (sight.reached, sight.state))

    def test_a_build_that_failed_may_still_be_deleted(self):
        for action, final in (
            ('server.delete', True),
            ('server.delete_building', False),
        ):
            (case,) = (c for c in CASES if c.action == action)
            self.assertEqual(final, case.look(server('ERROR')).final, action)


class TestServerGroups(testtools.TestCase):
    def look(self, policy, *placed, status='ACTIVE', message=''):
        (case,) = (c for c in CASES if c.action == 'server.create_in_group')
        members = [id_ for id_, _, _ in placed]
        return case.look(
            {
                **server(status, fault={'message': message}),
                **group(policy, 'a', *members),
                'nova:servers/detail': {
                    'servers': [
                        {
                            'id': id_,
                            'name': id_,
                            'status': state,
                            'hostId': host,
                        }
                        for id_, state, host in (
                            ('a', status, 'h1'),
                            ('stranger', 'ACTIVE', 'h1'),
                            *placed,
                        )
                    ]
                },
            }
        )

    def test_where_the_policy_wants_them(self):
        for policy, host in (
            ('affinity', 'h1'),
            ('anti-affinity', 'h2'),
            (SOFT, 'h1'),
            (SOFT, 'h2'),
        ):
            sight = self.look(policy, ('b', 'ACTIVE', host))
            self.assertTrue(sight.reached, policy)

    def test_where_it_does_not(self):
        for policy, host, on in (
            ('affinity', 'h2', 'is not on the host of server/b'),
            ('anti-affinity', 'h1', 'is on the host of server/b'),
        ):
            sight = self.look(
                policy, ('c', 'ACTIVE', ''), ('b', 'ACTIVE', host)
            )
            self.assertFalse(sight.reached)
            self.assertTrue(sight.final)
            self.assertIn(on, sight.error)

    def test_who_is_on_its_way_says_nothing(self):
        for state, host in (
            ('BUILD', 'h1'),
            ('ERROR', 'h1'),
            ('ACTIVE', ''),
        ):
            sight = self.look('anti-affinity', ('b', state, host))
            self.assertTrue(sight.reached, state)

    def test_no_host_is_the_right_of_a_strict_policy_alone(self):
        for policy, message, allowed in (
            ('affinity', 'No valid host was found. ', True),
            ('anti-affinity', 'Exceeded maximum number of retries.', True),
            ('affinity', 'Failure prepping block device.', False),
            (SOFT, 'No valid host was found. ', False),
        ):
            sight = self.look(policy, status='ERROR', message=message)
            self.assertEqual(
                (allowed, True, 'ERROR'),
                (sight.reached, sight.final, sight.state),
                message,
            )


class TestSecurityGroups(testtools.TestCase):
    def seen(self, **fields):
        (case,) = (c for c in CASES if c.action == 'server.add_security_group')
        return case.look(ports(security_groups=['group'], **fields)).seen

    def test_the_group_is_an_element_of_a_set(self):
        name = 'group.security_group/group'
        self.assertEqual({name: 'there'}, self.seen())
        self.assertEqual({name: 'there'}, self.seen(name='a port of nova'))

    def test_a_port_that_came_from_elsewhere_does_not_count(self):
        name = 'group.security_group/group'
        self.assertEqual({name: None}, self.seen(name='xt-1234-port'))
