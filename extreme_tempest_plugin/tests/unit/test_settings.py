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

import testtools
from oslo_config import cfg
from tempest import config as tempest_config

from extreme_tempest_plugin import config
from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings


def conf(**stress):
    """All options with their defaults, but for some of [stress]."""
    found = cfg.ConfigOpts()
    for group, options in tempest_config.list_opts():
        found.register_opts(options, group=group)
    for group, options in config.GROUPS:
        found.register_opts(options, group=group)
    found([], default_config_files=[], default_config_dirs=[])
    for name, value in stress.items():
        found.set_override(name, value, 'stress')
    return _Named(found)


class _Named:
    """Groups by the names that Tempest gives them."""

    def __init__(self, options):
        self._options = options

    def __getattr__(self, name):
        dashed = name.replace('_', '-')
        return self._options[dashed if dashed in self._options else name]


class UnavailableTest(testtools.TestCase):
    def test_what_is_said_and_what_cannot_be_said(self):
        class Conf:
            service_available = cfg.ConfigOpts()

        Conf.service_available.register_opts(
            [cfg.BoolOpt('nova', default=True), cfg.BoolOpt('swift')]
        )
        Conf.service_available.set_override('swift', False)
        # No plugin has brought an option for designate.
        self.assertEqual(
            ('swift',),
            settings.unavailable(Conf, ('nova', 'swift', 'designate')),
        )


class NameServersTest(testtools.TestCase):
    def named(self, *texts):
        found = settings.from_conf(conf(name_servers=list(texts)))
        return [(one.host, one.port) for one in found.name_servers]

    def test_none(self):
        self.assertEqual([], self.named())

    def test_forms(self):
        self.assertEqual(
            [
                ('192.0.2.1', 53),
                ('192.0.2.1', 5353),
                ('ns1.example.org', 53),
                ('2001:db8::1', 5353),
            ],
            self.named(
                '192.0.2.1',
                '192.0.2.1:5353',
                'ns1.example.org',
                '[2001:db8::1]:5353',
            ),
        )

    def test_what_is_none(self):
        for text in ('ns:dns', 'ns:70000', 'a@ns', 'ns/x', '::1', ':53'):
            error = self.assertRaises(errors.UsageError, self.named, text)
            self.assertIn(f"[stress] name_servers: '{text}'", str(error))
