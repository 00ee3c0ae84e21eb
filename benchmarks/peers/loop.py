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
"""A loop of Python that waits for nothing: what a core is worth.

usage: loop.py SECONDS
"""

import json
import sys
import time

BODY = json.dumps({'servers': [{'id': str(n), 'tags': {}} for n in range(9)]})


def main():
    end = time.monotonic() + float(sys.argv[1])
    operations, cpu = 0, time.process_time()
    while time.monotonic() < end:
        json.loads(BODY)
        operations += 1
    cpu_s = time.process_time() - cpu
    print(json.dumps({'operations': operations, 'cpu_s': cpu_s}))


main()
