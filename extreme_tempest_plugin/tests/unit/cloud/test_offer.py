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
"""What a cloud offers."""

import dataclasses

import testtools

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import offer
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.tests.unit.storm import canned

KNOWN = settings.Cloud(
    auth_url='http://cloud/v3',
    region='RegionOne',
    endpoint_type='public',
    ca_file='',
    insecure=False,
    catalog_types={'neutron': 'network', 'cinder': 'volumev3'},
    image='i',
    flavor='f',
    public_network='public-1',
)


class Cloud(canned.Cloud):
    boot = ports.Boot(network='network-1')

    def endpoint(self, service):
        if service != 'neutron':
            raise outcomes.TokenError('not in the catalog')


def routed(owner='network:router_interface_distributed', gateway='public-1'):
    """Our network, with a router on it."""
    return {
        'neutron:v2.0/ports?network_id=network-1': {
            'ports': [
                {'device_owner': 'compute:nova', 'device_id': 's'},
                {'device_owner': owner, 'device_id': 'r'},
            ]
        },
        'neutron:v2.0/routers/r': {
            'router': {
                'external_gateway_info': gateway and {'network_id': gateway}
            }
        },
    }


class OfferTest(testtools.TestCase):
    def _offered(self, name, bodies=None, **known):
        return name in offer.Offer(
            Cloud(bodies or {}), dataclasses.replace(KNOWN, **known), False
        )

    def test_services(self):
        self.assertTrue(self._offered('neutron'))
        self.assertFalse(self._offered('cinder'))

    def test_a_router_leads_out(self):
        name = 'floating-server'
        self.assertTrue(self._offered(name, routed()))
        self.assertFalse(self._offered(name, routed(gateway=None)))
        self.assertFalse(self._offered(name, routed(gateway='public-2')))
        self.assertFalse(self._offered(name, routed(owner='network:dhcp')))
        self.assertFalse(self._offered(name, routed(), public_network=''))

    def test_features(self):
        name = 'volume:extend_attached_volume'
        self.assertFalse(self._offered(name))
        self.assertTrue(self._offered(name, features=frozenset({name})))
        self.assertEqual(
            '[volume-feature-enabled] extend_attached_volume is false',
            offer.missing(name),
        )

    def test_every_name_of_the_catalogue_is_known(self):
        """A misspelt one would leave its action out for ever."""
        everything = dataclasses.replace(
            KNOWN,
            flavor_alt='g',
            computes=2,
            backup=True,
            features=frozenset(
                f'{part}:{name}'
                for part, names in settings.FEATURES.items()
                for name in names
            ),
            catalog_types=dict.fromkeys(
                ('nova', 'neutron', 'glance', 'cinder', 'keystone'), 'x'
            ),
        )
        bodies = {**routed()}
        found = offer.Offer(AllThere(bodies), everything, True)
        for action in actions.own():
            for one in action.requires:
                if not one.startswith(('extension:', 'swift:')):
                    self.assertIn(one, found, action.name)


class AllThere(Cloud):
    def endpoint(self, service):
        pass
