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
"""Verdicts on what was well, by monitors that a busy machine ran late.

Then samples are missed, and the verdict may be unknown instead of pass.
"""

import json

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader

#: What a monitor says of samples that it was too late for.
NOT_RUN = 'the monitor was not run in time'

#: Of the gaps that a monitor leaves which is late, also in the self-test and
#: at the end.
LATE = (
    'it is too busy to watch anything',
    'could not be sent',
    'Nobody looked at',
    'was watched for',
    'was not watched for the last',
)


def assert_well(test, run):
    """A run has passed, or nothing but late monitors kept it from that.

    :param run: its directory.
    :returns: its verdict, as in verdict.json.
    """
    verdict = json.loads((run / 'verdict.json').read_text())
    whys = [gap['why'] for gap in verdict['gaps']]
    others = [why for why in whys if not any(late in why for late in LATE)]
    test.assertEqual(([], []), (verdict['findings'], others))
    test.assertEqual('unknown' if whys else 'pass', verdict['verdict'])
    missed = {
        event.why
        for event in reader.Reader(run / 'history.jsonl')
        if isinstance(event, events.Missed)
    }
    test.assertLessEqual(missed, {NOT_RUN})
    return verdict
