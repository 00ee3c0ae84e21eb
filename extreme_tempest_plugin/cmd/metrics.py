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
"""Numbers of a run while it lasts, for Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import collections.abc
import contextlib
import math
import typing

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import progress

#: Who may ask, where only a port is given.
_HOST = '127.0.0.1'


def address(text: str) -> tuple[str, int]:
    """Host and port of ``[HOST:]PORT``.

    :raises UsageError: if it is none.
    """
    host, _, port = text.rpartition(':')
    host = host.removeprefix('[').removesuffix(']') or _HOST
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise errors.UsageError(
            f'--metrics {text}: give a port, or HOST:PORT, for Prometheus'
        )
    return host, int(port)


@contextlib.contextmanager
def served(where: str) -> collections.abc.Iterator[progress.Display]:
    """Answer Prometheus for as long as the block lasts.

    :param where: see ``address``; empty answers nobody.
    :raises UsageError: if nobody can listen there, or prometheus-client is
        not installed.
    """
    if not where:
        yield lambda shown: None
        return
    host, port = address(where)
    try:
        import prometheus_client
    except ImportError:
        raise errors.UsageError(
            '--metrics needs: pip install extreme-tempest-plugin[metrics]'
        ) from None
    registry = prometheus_client.CollectorRegistry()
    numbers = _Numbers()
    registry.register(numbers)
    try:
        server, thread = prometheus_client.start_http_server(
            port, host, registry
        )
    except OSError as error:
        raise errors.UsageError(
            f'--metrics {where}: nobody can listen there: {error.strerror}'
        ) from None
    try:
        yield numbers.see
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Numbers:
    """A collector of what was last shown."""

    def __init__(self) -> None:
        self._shown: progress.Progress | None = None

    def see(self, shown: progress.Progress) -> None:
        self._shown = shown

    def collect(self) -> collections.abc.Iterator[typing.Any]:
        """Called by prometheus-client for each request."""
        shown = self._shown
        if shown is None:
            return
        yield _family(
            'gauge',
            'extreme_elapsed_seconds',
            'Since the storm or the watch began.',
            {(): shown.elapsed},
        )
        yield _family(
            'gauge',
            'extreme_api_up',
            'Whether its last sample was good; NaN if nobody knows now.',
            {
                (service,): math.nan if one.up is None else float(one.up)
                for service, one in shown.monitors.items()
            },
            'service',
        )
        yield _family(
            'counter',
            'extreme_api_samples',
            'Samples of an API; the missed were never sent.',
            {
                (service, outcome): count
                for service, one in shown.monitors.items()
                for outcome, count in (
                    ('good', one.samples - one.failed),
                    ('failed', one.failed),
                    ('missed', one.missed),
                )
            },
            'service',
            'outcome',
        )
        if shown.storm:
            yield _family(
                'counter',
                'extreme_operations',
                'Operations of the storm, by what is known of their outcome.',
                {
                    (outcome,): getattr(shown.storm, outcome)
                    for outcome in ('ok', 'fail', 'info', 'settled', 'stuck')
                },
                'outcome',
            )


def _family(
    kind: str,
    name: str,
    says: str,
    values: collections.abc.Mapping[tuple[str, ...], float],
    *labels: str,
) -> typing.Any:
    from prometheus_client import core

    make = {
        'gauge': core.GaugeMetricFamily,
        'counter': core.CounterMetricFamily,
    }[kind]
    family = make(name, says, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
