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
"""One user who takes one action after the other, and sees each done.

Needs a sandbox that is up, see ``test_services``.
"""

import os
import pathlib
import tempfile
import time
import uuid

import testtools

from extreme_tempest_plugin.cloud import access
from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import offer
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import offer as storm_offer
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.storm import user

#: Seconds that an action may take, on a busy machine.
PATIENCE = 300


class WalkTest(testtools.TestCase):
    """A walk through actions, as the only user of a project.

    :ivar events: all that was recorded.
    """

    def setUp(self):
        super().setUp()
        if not os.environ.get('TEMPEST_CONFIG_DIR'):
            self.fail('not in a sandbox: use `tempest extreme sandbox exec`')
        self.settings = base.read_settings('')
        manager = access.grant(self.settings, 'catalogue', admin=True)
        self.access = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        self.cloud = clients.make(self.settings.cloud, self.access.user)
        self.admin = clients.make(self.settings.cloud, self.access.admin)
        self.offered = offer.Offer(self.cloud, self.settings.cloud, True)
        self.events: list[events.Event] = []
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger = pathlib.Path(folder.name) / 'ledger.jsonl'
        self.prefix = f'xt-{uuid.uuid4().hex[:12]}'
        self.world = around.Surroundings(
            cloud=self.cloud,
            looks=self.cloud,
            admin=self.admin,
            ledger=ledger.Ledger(self.ledger),
            record=self.events.append,
            clock=time.monotonic_ns,
        )
        self.user = user.User(
            name='0',
            actor='test',
            prefix=self.prefix,
            actions=(),
            limits=dict.fromkeys([one.kind for one in actions.own()], 9),
            rng=choosing.source(1, 0),
            deadline=lambda kind, state: PATIENCE,
            surroundings=self.world,
        )
        self.addCleanup(self._clean)

    def _clean(self):
        self.assertEqual(
            (), cleanup.clean([self.ledger], self.cloud, admin=self.admin)
        )

    def offers(self, name):
        needs = storm_offer.needs(actions.catalogue()[name])
        return all(one in self.offered for one in needs)

    def walk(self, names):
        for name in names.split():
            if self.offers(name):
                self.take(name)

    def take(self, name):
        action = actions.catalogue()[name]
        self.user.choose_among((choosing.Weighted(action=action, weight=1),))
        self.assertTrue(self.user.step(), f'{name} may not be taken')
        while self.user.settle():
            time.sleep(0.5)
        last = self.events[-1]
        self.assertIsInstance(last, events.Settled, f'{name}: {last}')
        self.assertTrue(last.reached, f'{name}: {last}')
