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
"""What nova's answers mean."""

import testtools

from extreme_tempest_plugin.cloud import compute
from extreme_tempest_plugin.cloud import ports


def _progress(*results: str | None) -> ports.Progress:
    return compute._progress(
        {
            'events': [
                {'event': 'compute_reboot_instance', 'result': result}
                for result in results
            ]
        }
    )


class ProgressTest(testtools.TestCase):
    def test_done(self):
        self.assertEqual(ports.Progress.DONE, _progress('Success'))

    def test_failed(self):
        self.assertEqual(ports.Progress.FAILED, _progress('Error'))
        self.assertEqual(ports.Progress.FAILED, _progress('Success', 'Error'))

    def test_running(self):
        self.assertEqual(ports.Progress.RUNNING, _progress(None))
        self.assertEqual(ports.Progress.RUNNING, _progress())

    def test_events_of_others_do_not_count(self):
        other = {'event': 'api_reboot_instance', 'result': 'Success'}
        self.assertEqual(
            ports.Progress.RUNNING, compute._progress({'events': [other]})
        )

    def test_hidden(self):
        self.assertEqual(
            ports.Progress.HIDDEN, compute._progress({'message': None})
        )


class ServerTest(testtools.TestCase):
    def test_whole(self):
        shown = {
            'id': 'i',
            'name': 'n',
            'status': 'ERROR',
            'tenant_id': 'p',
            'OS-EXT-STS:task_state': None,
            'fault': {'code': 500, 'message': 'No valid\nhost'},
        }
        self.assertEqual(
            ports.Server(
                id='i',
                name='n',
                status='ERROR',
                project='p',
                fault='No valid host',
            ),
            compute._server(shown),
        )
