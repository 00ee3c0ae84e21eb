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
import ast
import io
import pathlib
import tempfile

import hypothesis
import testtools
from hypothesis import strategies

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import logs
from extreme_tempest_plugin.cloud import logs_remote
from extreme_tempest_plugin.history import events

_WORD = strategies.text('abcXYZ0189_+/=.', min_size=6, max_size=30)

#: What may stand before a secret, and after it.
_PLACES = (
    ('password=', ''),
    ('admin_pass: ', ', user'),
    ("'password': '", "', 'user'"),
    ('"adminPass": "', '"}'),
    ('X-Auth-Token: ', ' -H Accept'),
    ("'X-Subject-Token': '", "'"),
    ('X-Auth-Token=', ''),
    ('Authorization: Basic ', ''),
    ('authorization: Bearer ', ''),
    ('transport_url = rabbit://openstack:', '@10.0.0.1:5672/'),
    ('connection=mysql+pymysql://nova:', '@10.0.0.1/nova?charset=utf8'),
    ('secret_key: ', ''),
    ('memcache_secret_key=', ''),
    ('api_key=', '&x'),
    ('token gAAAAA', ''),
    ('eyJhbGci.eyJzdWIi.AA', ''),
    ('"token": "', '"'),
)


class TestMask(testtools.TestCase):
    @hypothesis.given(
        strategies.text(max_size=20), strategies.sampled_from(_PLACES), _WORD
    )
    def test_no_secret_passes(
        self, prefix: str, place: tuple[str, str], secret: str
    ) -> None:
        before, after = place
        # In an address, and in a token, not every character can be.
        allowed = '_=' if before.endswith(('AA', ':')) else '_+/=.'
        secret = 'S3' + ''.join(
            letter if letter.isalnum() or letter in allowed else '_'
            for letter in secret
        )
        line = f'{prefix} {before}{secret}{after}'
        self.assertNotIn(secret, logs.mask(line))

    def test_the_rest_stays(self) -> None:
        for line in (
            'ERROR nova.api [None req-1 - -] Token not found',
            'ERROR keystone: The password does not match',
            'ERROR http://10.0.0.1:5000/v3 refused',
            'ERROR oslo_db.exception.DBError: (1045) user@host',
        ):
            self.assertEqual(line, logs.mask(line))

    def test_url(self) -> None:
        self.assertEqual(
            'rabbit://openstack:***@10.0.0.1:5672/',
            logs.mask('rabbit://openstack:geheim@10.0.0.1:5672/'),
        )


def _settings(**changes: object) -> settings.Logs:
    given: dict[str, object] = {
        'hosts': ('10.0.0.1',),
        'files': ('/var/log/nova/*.log', '/var/log/neutron'),
        'interval': 60,
        'user': 'stack',
        'key_file': '/k',
    }
    return settings.Logs(**(given | changes))


class TestWatcher(testtools.TestCase):
    def test_no_host_does_nothing(self) -> None:
        seen: list[events.Event] = []
        watcher = logs.Watcher(_settings(hosts=()), seen.append)
        watcher.start()
        watcher.stop()
        self.assertEqual([], seen)

    def test_what_could_carry_shell_is_refused(self) -> None:
        for option, changes in (
            ('log_hosts', {'hosts': ('-oProxyCommand=x',)}),
            ('log_hosts', {'hosts': ('a b',)}),
            ('log_files', {'files': ('/var/log/$(id)',)}),
            ('log_files', {'files': ('/var/log/a;b',)}),
            ('log_files', {'files': ('relative.log',)}),
            ('log_files', {'files': ("/a'b",)}),
            ('ssh_user', {'user': 'a;b'}),
            ('ssh_private_key_file', {'key_file': '-k'}),
        ):
            error = self.assertRaises(
                errors.UsageError,
                logs.Watcher,
                _settings(**changes),
                lambda event: None,
            )
            self.assertIn(f'[stress] {option}', str(error))
            self.assertNotIn('\n', str(error))

    def test_patterns_are_taken(self) -> None:
        logs.Watcher(
            _settings(files=('/var/log/*/*.log', '/a/[!b]?.log')),
            lambda event: None,
        )

    def test_event(self) -> None:
        watcher = logs.Watcher(
            _settings(), lambda event: None, clock=lambda: 7
        )
        request = 'req-01234567-89ab-cdef-0123-456789abcdef'
        line = f'2026 1 ERROR nova [None {request} - -] password=geheim '
        line += 'x' * 5000
        event = watcher._event('10.0.0.1', '/a.log', line)
        self.assertEqual(request, event.request_id)
        self.assertEqual('ERROR', event.level)
        self.assertEqual(1000, len(event.line))
        self.assertNotIn('geheim', event.line)
        self.assertEqual(7, event.t)

    def test_request_id(self) -> None:
        watcher = logs.Watcher(_settings(), lambda event: None)
        one = 'req-01234567-89ab-cdef-0123-456789abcdef'
        two = 'req-11234567-89ab-cdef-0123-456789abcdef'
        for text, wanted in (
            (f'[None {one} user - -]', one),
            (f'[{two} {one} user - -]', one),
            (f'[{one} user - -]', one),
            ('[-]', ''),
            ('[None req-garbage]', ''),
        ):
            line = f'2026 1 ERROR nova.api {text} Boom of {two}'
            event = watcher._event('h', '/a.log', line)
            self.assertEqual(wanted, event.request_id)


class TestRemote(testtools.TestCase):
    """The part that runs on the hosts, run here."""

    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.file = self.directory / 'a.log'

    def _read(
        self, known: dict | None = None, limit: int = 1000, **changes: object
    ) -> dict:
        wanted = {
            'patterns': [str(self.directory)],
            'known': known or {},
            'lines': 10,
            'bytes': limit,
            'baseline': known is None,
        }
        return logs_remote.Reading(wanted | changes).run()

    def test_bounds(self) -> None:
        self.file.write_text('')
        known = self._read()['known']
        self.file.write_text('x ERROR y\n' * 500)
        found = self._read(known)
        self.assertEqual(10, len(found['lines']))
        self.assertEqual(90, found['dropped'])
        self.assertEqual(4000, found['skipped_bytes'])
        self.assertEqual([], self._read(found['known'])['lines'])

    def test_flood_leaves_room_for_others(self) -> None:
        self.file.write_text('a ERROR b\n' * 50)
        (self.directory / 'b.log').write_text('a ERROR c\n')
        found = self._read({})
        lines = [line for _, line in found['lines']]
        self.assertEqual(['a ERROR b'] * 5 + ['a ERROR c'], lines)
        self.assertEqual(45, found['dropped'])

    def test_levels(self) -> None:
        self.file.write_text(
            'a ERROR b\na CRITICAL b\na TRACE b\nERROR first\n'
            'a ERRORS b\na INFO error b\na WARNING b\nxERROR b\n'
        )
        lines = [line for _, line in self._read({})['lines']]
        self.assertEqual(
            ['a ERROR b', 'a CRITICAL b', 'a TRACE b', 'ERROR first'], lines
        )

    def test_traceback_is_its_last_line(self) -> None:
        self.file.write_text(
            '1 ERROR nova.api [None req-1 - -] Failed: Boom: x\n'
            '1 ERROR nova.api Traceback (most recent call last):\n'
            '1 ERROR nova.api   File "a.py", line 1, in b\n'
            '1 ERROR nova.api     c()\n'
            '1 ERROR nova.api     ^^^\n'
            '1 ERROR nova.api Boom: x\n'
            '1 ERROR nova.api \n'
        )
        lines = [line for _, line in self._read({})['lines']]
        self.assertEqual(
            [
                '1 ERROR nova.api [None req-1 - -] Failed: Boom: x',
                '1 ERROR nova.api Boom: x',
            ],
            lines,
        )

    def test_endless_line_goes_on(self) -> None:
        self.file.write_text('')
        known = self._read()['known']
        self.file.write_text('x' * 5000)
        found = self._read(known)
        self.assertEqual([], found['lines'])
        self.file.write_text('x' * 5000 + '\na ERROR b\n')
        self.assertEqual(1, len(self._read(found['known'])['lines']))

    def test_file_that_goes_away_stops_nothing(self) -> None:
        self.file.write_text('')
        (self.directory / 'b.log').write_text('')
        known = self._read()['known']
        self.file.unlink()
        (self.directory / 'b.log').write_text('a ERROR b\n')
        found = self._read(known)
        self.assertEqual(1, len(found['lines']))
        self.assertEqual([], found['trouble'])

    def test_trouble_with_one_file_is_told(self) -> None:
        self.file.write_text('')
        known = self._read()['known']
        reading = logs_remote.Reading(
            {
                'patterns': [str(self.directory)],
                'known': known,
                'lines': 1,
                'bytes': 1,
                'baseline': False,
            }
        )

        def refused(path: str, file: io.BufferedReader, offset: int) -> int:
            raise PermissionError(13, 'Permission denied')

        reading.new = refused
        self.assertIn('Permission denied', reading.run()['trouble'][0])

    def test_nothing_of_ours_is_imported(self) -> None:
        source = pathlib.Path(logs_remote.__file__).read_text()
        tree = ast.parse(source, feature_version=(3, 6))
        names = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        self.assertEqual({'glob', 'io', 'json', 'os', 're', 'sys'}, names)
        self.assertFalse(
            any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))
        )
