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
"""Who the administrator of a run is."""

import types
from unittest import mock

import fixtures
import testtools
from tempest.common import credentials_factory
from tempest.lib import exceptions as lib_exceptions
from tempest.lib.common import dynamic_creds

from extreme_tempest_plugin.cloud import credentials


def given(username):
    return types.SimpleNamespace(
        username=username,
        password='secret',
        user_domain_name='Default',
        project_name='p',
        project_id='p-1',
        project_domain_name='Default',
        user_id='u-1',
    )


def provider(kind=object, admin='own-admin'):
    """What Tempest hands out; an administrator of its own on request."""
    made = mock.Mock(spec=kind)
    made.get_primary_creds = lambda: types.SimpleNamespace(
        credentials=given('member')
    )
    made.get_admin_creds = mock.Mock(
        return_value=types.SimpleNamespace(credentials=given(admin))
    )
    made.clear_creds = mock.Mock()
    return made


DYNAMIC = dynamic_creds.DynamicCredentialProvider


class AdministratorTest(testtools.TestCase):
    def grant(self, made, admin, configured):
        with (
            mock.patch.object(
                credentials_factory,
                'get_credentials_provider',
                return_value=made,
            ),
            mock.patch.object(
                credentials_factory,
                'get_configured_admin_credentials',
                side_effect=configured,
            ),
            credentials.from_tempest('test', admin) as access,
        ):
            return access.admin and access.admin.username

    def test_that_of_the_configuration_for_the_census(self):
        """None is made, though Tempest could."""
        made = provider(DYNAMIC)
        name = self.grant(made, False, [given('configured')])
        self.assertEqual('configured', name)
        made.get_admin_creds.assert_not_called()

    def test_one_of_the_runs_own_for_the_storm(self):
        made = provider(DYNAMIC)
        self.assertEqual('own-admin', self.grant(made, True, []))

    def test_one_of_the_accounts_that_are_there(self):
        self.assertEqual('own-admin', self.grant(provider(), False, []))

    def test_nobody_is_one(self):
        trouble = lib_exceptions.InvalidCredentials('none')
        made = provider(DYNAMIC)
        self.assertIsNone(self.grant(made, False, trouble))
        made = provider()
        made.get_admin_creds.side_effect = trouble
        self.assertIsNone(self.grant(made, False, trouble))


class GiveBackTest(testtools.TestCase):
    """What Tempest made is taken away, or what is not is said."""

    def setUp(self):
        super().setUp()
        self.pauses = self.useFixture(
            fixtures.MockPatchObject(credentials.time, 'sleep')
        ).mock
        self.log = self.useFixture(fixtures.FakeLogger())

    def use(self, *answers):
        made = provider(DYNAMIC)
        made.clear_creds.side_effect = answers
        with (
            mock.patch.object(
                credentials_factory,
                'get_credentials_provider',
                return_value=made,
            ),
            mock.patch.object(
                credentials_factory,
                'get_configured_admin_credentials',
                return_value=given('admin'),
            ),
            credentials.from_tempest('test') as access,
        ):
            self.assertEqual('member', access.user.username)
        return made.clear_creds.call_count

    def test_what_is_in_use_for_a_while(self):
        in_use = lib_exceptions.Conflict('SubnetInUse')
        self.assertEqual(3, self.use(in_use, OSError('reset'), None))
        self.assertEqual(2, self.pauses.call_count)
        self.assertEqual('', self.log.output)

    def test_what_is_in_use_for_good_is_said_and_no_error(self):
        in_use = lib_exceptions.Conflict('SubnetInUse')
        self.assertEqual(4, self.use(*4 * [in_use]))
        self.assertIn('left behind: of the project test-*', self.log.output)
        self.assertIn('SubnetInUse', self.log.output)
        self.assertEqual(1, self.log.output.count('\n'))
