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
# mypy: ignore-errors
"""The log files of swift, which by itself logs to syslog alone.

Lies in /etc/swift of the controllers; ``log_custom_handlers`` names it. A
line looks as in the logs of the other services.
"""

import logging
import os
import sys

FORMAT = (
    '%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s '
    '[%(request)s] %(message)s'
)
DIRECTORY = '/var/log/swift'

_handlers = {}


class _Formatter(logging.Formatter):
    def format(self, record):
        record.request = getattr(record, 'txn_id', None) or '-'
        return super().format(record)


def to_file(conf, name, to_console, route, fmt, logger, adapted):
    """Swift calls it for every logger that it makes."""
    if logger in _handlers:
        logger.removeHandler(_handlers[logger])
    program = os.path.basename(sys.argv[0])
    handler = logging.FileHandler(f'{DIRECTORY}/{program}.log')
    handler.setFormatter(_Formatter(FORMAT, '%Y-%m-%d %H:%M:%S'))
    logger.addHandler(handler)
    _handlers[logger] = handler
