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
"""What a host cannot have that shares its kernel with others: refused.

Hosts with a kernel of their own have it in test_guest.
"""

import shutil
import time

import testtools

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import clocks
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults.drivers import clock
from extreme_tempest_plugin.faults.drivers import delay
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
_TIMEOUT = 20.0
# Without CAP_SYS_TIME, lest a mistake here sets the clock of this machine.
_HARMLESS = (
    'exec setpriv --bounding-set -sys_time --inh-caps -sys_time '
    'sh -c "$SSH_ORIGINAL_COMMAND"'
)


class TestClock(testtools.TestCase):
    def test_clock_of_this_machine_is_never_set(self) -> None:
        if why := namespaces.usable():
            self.skipTest(why)
        self.assertIsNotNone(shutil.which('setpriv'))
        server = self.useFixture(sshd.Sshd(_HARMLESS))
        target = configuration.Target(
            name='clock', hosts=(server.host,), part=clocks.Clock(step_s=3600)
        )
        stepper = clock.Stepper(_TIMEOUT)
        (state,) = stepper.observe(target)
        self.assertTrue(state.whole, state)
        self.assertIn('the kernel that we run on', state.forbidden)
        began = time.time() - time.monotonic()
        error = self.assertRaises(
            remote.RemoteError, stepper.call, Verb.STEP, target, 600
        )
        self.assertIn('no clock of its own', str(error))
        self.assertLess(abs(time.time() - time.monotonic() - began), 5)
        # Harmless where nothing was done.
        stepper.call(Verb.HEAL, target)
        (state,) = stepper.observe(target)
        self.assertTrue(state.whole, state)


class TestDelay(testtools.TestCase):
    def test_kernel_that_cannot_delay(self) -> None:
        if why := namespaces.usable():
            self.skipTest(why)
        net = self.useFixture(namespaces.Namespaces())
        if not net.on_host(
            *('unshare', '--net', 'tc', 'qdisc', 'add', 'dev', 'lo'),
            *('root', 'netem', 'delay', '1ms'),
        ).returncode:
            self.skipTest('this kernel has sch_netem')
        target = configuration.Target(
            name='slow',
            hosts=(self.useFixture(sshd.Sshd(net.enter)).host,),
            part=links.Delay(
                peers=(namespaces.PEER, namespaces.PEER6),
                delay_ms=400,
                port=net.port,
            ),
        )
        delayer = delay.Delayer(_TIMEOUT)
        before = net.on_host('tc', 'qdisc', 'show').stdout
        (state,) = delayer.observe(target)
        self.assertTrue(state.whole, state)
        self.assertIn('it needs sch_netem', state.forbidden)
        error = self.assertRaises(
            remote.RemoteError, delayer.call, Verb.DELAY, target, 600
        )
        self.assertIn('cannot delay packets', str(error))
        self.assertEqual(before, net.on_host('tc', 'qdisc', 'show').stdout)
        delayer.call(Verb.HEAL, target)
        self.assertTrue(delayer.observe(target)[0].whole)
