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
"""A plain FastHttpUser that reads one URL; a locustfile.

BENCH is ``warm-up seconds:measured seconds:path of the result``.
"""

import json
import os
import pathlib
import time

import gevent
import locust
from locust import events

WARM_UP, SECONDS, RESULT = os.environ['BENCH'].split(':', 2)


class Reader(locust.FastHttpUser):
    @locust.task
    def read(self):
        self.client.get('/v2.1/servers/bench')


@events.test_start.add_listener
def begin(environment, **kwargs):
    gevent.spawn(_measure, environment)


def _measure(environment):
    gevent.sleep(float(WARM_UP))
    requests, cpu = environment.stats.total.num_requests, time.process_time()
    gevent.sleep(float(SECONDS))
    result = {
        'operations': environment.stats.total.num_requests - requests,
        'cpu_s': time.process_time() - cpu,
    }
    assert not environment.stats.total.num_failures
    pathlib.Path(RESULT).write_text(json.dumps(result))
    environment.runner.quit()
