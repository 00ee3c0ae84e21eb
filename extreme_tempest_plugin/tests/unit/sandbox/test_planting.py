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
"""Which files are written and which units restarted, and which are not."""

import collections
import pathlib
import shutil

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import plants
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.plants import carriers
from extreme_tempest_plugin.sandbox.plants import planting
from extreme_tempest_plugin.tests.unit.sandbox import fakes

SHAPE = topology.named('single')
WHERE = 'extreme_tempest_plugin.sandbox.plants.planting.'


class Machine:
    """Has the files of its own layer, and units that load plants.

    :param refuse: plants with which no unit starts
    """

    def __init__(self, host, upper):
        self.host = host
        self.upper = upper
        self.alive = collections.defaultdict(tuple)
        self.restarted = []
        self.states = {}
        self.state = 'on'
        self.refuse = ()

    def power(self, order):
        return self.state

    def run(self, argv, *, stdin='', timeout=60):
        if argv[0] == 'systemctl':
            return self.systemctl(*argv[1:])
        path = self.upper / argv[-1].lstrip('/')
        if argv[0] == 'install':
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(stdin)
        elif argv[:2] == ['rm', '-rf']:
            shutil.rmtree(path, ignore_errors=True)
        elif argv[0] == 'rm':
            path.unlink()
        elif argv[0] == 'rmdir':
            path.rmdir()
        else:
            raise AssertionError(argv)
        return ''

    def systemctl(self, verb, *arguments):
        if verb == 'restart':
            self.restart(arguments[0])
        elif verb == 'show':
            return self.states.get(arguments[-1], 'active') + '\n'
        return ''

    def restart(self, unit):
        self.restarted.append(unit)
        for key in [key for key in self.alive if key[0] == unit]:
            del self.alive[key]
        wanted = carriers.files_of(self.upper).get(unit, ())
        refused = any(name.startswith(self.refuse) for name in wanted)
        self.states[unit] = 'failed' if refused else 'active'
        if not refused:
            for name in wanted:
                path = self.upper / f'{carriers.DIRECTORY[1:]}/{name}'
                assert path.exists(), path
                self.alive[unit, name] = (7,)

    def journal(self, unit, lines):
        return (
            'Nov 20 ctl1 x[1]: sandbox plant b09: an old one\n'
            f'Nov 20 ctl1 {unit}[1]: sandbox plant b05: no such text\n'
            'Nov 20 ctl1 systemd: failed\n'
        )

    def files(self):
        return sorted(
            str(path.relative_to(self.upper)) for path in self.upper.rglob('*')
        )


class PlantingTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.layout = layout.Layout('dev', top, top)
        self.machines = []
        for host in SHAPE.hosts:
            upper = self.layout.host_dir(host.name) / 'upper'
            upper.mkdir(parents=True)
            self.machines.append(Machine(host, upper))
        self.patch('machine_module.machines', lambda *args: self.machines)
        self.patch('health.wait', lambda *args, check, **kwargs: check())
        self.patch('namespace.call', lambda path, function: True)
        self.useFixture(
            fixtures.MockPatchObject(
                carriers, 'carried', lambda machine: dict(machine.alive)
            )
        )
        self.known = plants.known()
        self.progress = fakes.Progress()
        self.planter = planting.Planter(self.layout, SHAPE, 'p', self.progress)

    def patch(self, name, new):
        self.useFixture(fixtures.MockPatch(WHERE + name, new))

    def on(self, *ids):
        self.planter.on(plants.choose(self.known, ids))

    def off(self, *ids):
        self.planter.off(ids, self.known)

    def restarted(self):
        done = {
            machine.host.name: machine.restarted
            for machine in self.machines
            if machine.restarted
        }
        for machine in self.machines:
            machine.restarted = []
        return done


class TestOn(PlantingTest):
    def test_on_every_host_that_has_the_unit_and_no_other(self):
        self.on('b09', 'b24')
        self.assertEqual(
            {
                'ctl1': ['keystone'],
                'cmp1': ['nova-compute'],
                'cmp2': ['nova-compute'],
            },
            self.restarted(),
        )
        self.assertEqual(
            [
                ('b09', 'cmp1', 'nova-compute', '1 process'),
                ('b09', 'cmp2', 'nova-compute', '1 process'),
                ('b24', 'ctl1', 'keystone', '1 process'),
            ],
            [
                (row.plant, row.host, row.unit, row.state)
                for row in self.planter.look()
            ],
        )

    def test_the_drop_in(self):
        self.on('b24')
        path = 'etc/systemd/system/keystone.service.d/plants.conf'
        text = (self.machines[0].upper / path).read_text()
        name = self.known['b24'].file_name
        self.assertEqual(
            '[Service]\n'
            'Environment=PYTHONPATH=/var/lib/extreme-plants\n'
            f'Environment=SANDBOX_PLANTS=/var/lib/extreme-plants/{name}\n'
            'RestartPreventExitStatus=78\n',
            text,
        )

    def test_again_changes_nothing(self):
        self.on('b24')
        self.restarted()
        self.on('b24')
        self.assertEqual({}, self.restarted())

    def test_another_one_beside_it(self):
        self.on('b02')
        self.restarted()
        self.on('b09', 'b02')
        self.assertEqual({'cmp1', 'cmp2'}, self.restarted().keys())
        self.assertEqual(4, len(self.planter.look()))

    def test_a_unit_that_lost_its_plant_is_restarted(self):
        # E.g. because the command that planted it was killed.
        self.on('b24')
        self.restarted()
        self.machines[0].alive.clear()
        self.on('b24')
        self.assertEqual({'ctl1': ['keystone']}, self.restarted())

    def test_a_changed_file_takes_the_place_of_the_old(self):
        self.on('b24')
        old = self.planter.look()[0].file_name
        (rewrite,) = self.known['b24'].rewrites
        other = plants.Rewrite(rewrite.module, rewrite.old, 'pass')
        path = self.known['b24'].path
        changed = plants.Plant('b24', path, 't', 'r', ('keystone',), (other,))
        self.planter.on([changed])
        (row,) = self.planter.look()
        self.assertNotEqual(old, row.file_name)
        self.assertNotIn(old, ' '.join(self.machines[0].files()))

    def test_a_host_that_is_off(self):
        self.machines[2].state = 'off'
        error = self.assertRaises(errors.UsageError, self.on, 'b09')
        self.assertIn('cmp2 is off', str(error))
        self.assertEqual([], self.machines[1].files())

    def test_a_service_that_refuses_it(self):
        self.machines[0].refuse = ('b05',)
        error = self.assertRaises(errors.SandboxError, self.on, 'b05')
        self.assertEqual(
            'nova-api on ctl1 does not start with plant b05: no such text; '
            'it would without',
            str(error),
        )
        states = {row.state for row in self.planter.look()}
        self.assertEqual({'wanted, but carried by no living process'}, states)
        self.off('b05')
        self.assertEqual('active', self.machines[0].states['nova-api'])
        self.assertEqual((), self.planter.look())

    def test_a_service_that_fails_for_another_reason(self):
        self.machines[0].refuse = ('b24',)
        error = self.assertRaises(errors.StepFailed, self.on, 'b24')
        self.assertIn('keystone on ctl1 does not start', str(error))
        self.assertIn('systemd: failed', str(error))


class TestOff(PlantingTest):
    def test_nothing_is_left(self):
        before = [machine.files() for machine in self.machines]
        self.on('b09', 'b24')
        self.restarted()
        self.off('b24', 'b09')
        self.assertEqual((), self.planter.look())
        self.assertEqual({'ctl1', 'cmp1', 'cmp2'}, self.restarted().keys())
        for files, machine in zip(before, self.machines, strict=True):
            left = {'etc', 'etc/systemd', 'etc/systemd/system'}
            left |= {'var', 'var/lib'}
            self.assertEqual(files, sorted({*machine.files()} - left))

    def test_the_other_one_stays(self):
        self.on('b02', 'b09')
        self.off('b02')
        self.assertEqual({'b09'}, {row.plant for row in self.planter.look()})
        names = [name for name in self.machines[1].files() if 'b02' in name]
        self.assertEqual([], names)

    def test_again_changes_nothing(self):
        self.off('b24')
        self.assertEqual({}, self.restarted())
        self.assertEqual([], self.progress.steps)

    def test_one_that_only_a_process_has(self):
        self.machines[0].alive['keystone', 'zz-01234567.json'] = (7,)
        (row,) = self.planter.look()
        self.assertEqual('1 process, until it is restarted', row.state)
        self.off('zz')
        self.assertEqual({'ctl1': ['keystone']}, self.restarted())

    def test_unknown(self):
        error = self.assertRaises(errors.UsageError, self.off, 'zz')
        self.assertIn("there is no plant 'zz'", str(error))


class TestMapped(testtools.TestCase):
    def test_only_files_of_plants(self):
        maps = (
            '7f1-7f2 r--s 00000000 00:3a 123   '
            '/var/lib/extreme-plants/b24-0123abcd.json\n'
            '7f2-7f3 r--s 00000000 00:3a 124   '
            '/a/root/var/lib/extreme-plants/b05-0123abcd.json (deleted)\n'
            '7f3-7f4 r-xp 00000000 00:3a 125   /usr/lib/libc.so.6\n'
            '7f4-7f5 rw-p 00000000 00:00 0 \n'
            '7f5-7f6 rw-p 00000000 00:00 0     [heap]\n'
        )
        self.assertEqual(
            {'b24-0123abcd.json', 'b05-0123abcd.json'}, carriers.mapped(maps)
        )
