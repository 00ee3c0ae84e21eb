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
"""Numbers of a run while it lasts, for Prometheus and OpenTelemetry.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import collections.abc
import contextlib
import typing

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import progress
from extreme_tempest_plugin.cmd import numbers

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
def served(
    where: str, collector: str = ''
) -> collections.abc.Iterator[progress.Display]:
    """Show to others what is shown to the user, while the block lasts.

    :param where: for Prometheus, see ``address``; empty answers nobody.
    :param collector: for OpenTelemetry, see ``otel.endpoint``; empty sends to
        nobody.
    :raises UsageError: if that cannot be, or what it takes is not installed.
    """
    shown = numbers.Numbers()
    with contextlib.ExitStack() as shows:
        if where:
            shows.enter_context(_prometheus(shown, where))
        if collector:
            shows.enter_context(_otel(shown, collector))
        yield shown.see


def _otel(
    shown: numbers.Numbers, collector: str
) -> contextlib.AbstractContextManager[None]:
    try:
        from extreme_tempest_plugin.cmd import otel
    except ImportError:
        raise errors.UsageError(
            '--otel needs: pip install extreme-tempest-plugin[otel]'
        ) from None
    return otel.exported(shown, collector)


@contextlib.contextmanager
def _prometheus(
    shown: numbers.Numbers, where: str
) -> collections.abc.Iterator[None]:
    """Answer Prometheus."""
    host, port = address(where)
    try:
        import prometheus_client
    except ImportError:
        raise errors.UsageError(
            '--metrics needs: pip install extreme-tempest-plugin[metrics]'
        ) from None
    registry = prometheus_client.CollectorRegistry()
    registry.register(_Collector(shown))
    try:
        server, thread = prometheus_client.start_http_server(
            port, host, registry
        )
    except OSError as error:
        raise errors.UsageError(
            f'--metrics {where}: nobody can listen there: {error.strerror}'
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Collector:
    """A collector of Prometheus."""

    def __init__(self, shown: numbers.Numbers) -> None:
        self._shown = shown

    def collect(self) -> collections.abc.Iterator[typing.Any]:
        """Called by prometheus-client for each request."""
        from prometheus_client import core

        for one in numbers.INSTRUMENTS:
            make = (
                core.CounterMetricFamily
                if one.counts
                else core.GaugeMetricFamily
            )
            family: typing.Any = make(one.name, one.says, labels=one.labels)
            values = self._shown.of(one)
            for key, value in values.items():
                family.add_metric(key, value)
            if values:
                yield family
