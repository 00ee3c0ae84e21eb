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
"""Sends the numbers of a run to a collector of OpenTelemetry.

OTLP over HTTP with protobuf, https://opentelemetry.io/docs/specs/otlp/. What
its SDK reads from ``OTEL_*`` variables holds here, too: headers and
certificates (``OTEL_EXPORTER_OTLP_HEADERS``, ``..._CERTIFICATE``), attributes
(``OTEL_RESOURCE_ATTRIBUTES``) and the interval
(``OTEL_METRIC_EXPORT_INTERVAL``, ms).

This module needs the extra ``otel``, and is imported where it is asked for.
"""

import collections.abc
import contextlib
import functools
import logging
import math
import os
import sys
import typing
import urllib.parse

from opentelemetry.exporter.otlp.proto.http import metric_exporter
from opentelemetry.metrics import CallbackOptions
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import export
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import numbers

_NAME = 'extreme-tempest-plugin'
_PATH = '/v1/metrics'

#: Milliseconds between two exports, where the variable says nothing.
_INTERVAL = 5000.0
_INTERVAL_VARIABLE = 'OTEL_METRIC_EXPORT_INTERVAL'
#: Seconds that the collector may take to answer, and the end may last for it.
_TIMEOUT = 5.0
_END = 2 * _TIMEOUT


def endpoint(text: str) -> str:
    """Where metrics go, of ``http://collector:4318`` or a whole URL.

    :raises UsageError: if it is no URL.
    """
    try:
        parts = urllib.parse.urlsplit(text)
        good = parts.scheme in ('http', 'https') and bool(parts.hostname)
        good = good and parts.port != 0 and '@' not in parts.netloc
    except ValueError:
        good = False
    if not good:
        raise errors.UsageError(
            f'--otel {text.rpartition("@")[2]}: give the URL of a collector, '
            'http://HOST:4318 for one; a password is for '
            'OTEL_EXPORTER_OTLP_HEADERS'
        )
    if parts.path in ('', '/'):
        parts = parts._replace(path=_PATH)
    return parts.geturl()


@contextlib.contextmanager
def exported(
    shown: numbers.Numbers, collector: str
) -> collections.abc.Iterator[None]:
    """Send them every few seconds and at the end.

    A collector that is away disturbs nothing; that is said at the end.

    :raises UsageError: if ``collector`` is no URL.
    """
    exporter = _Exporter(endpoint=endpoint(collector), timeout=_TIMEOUT)
    given = _INTERVAL_VARIABLE in os.environ
    reader = export.PeriodicExportingMetricReader(
        exporter, export_interval_millis=None if given else _INTERVAL
    )
    provider = MeterProvider(
        metric_readers=[reader],
        resource=Resource.create({'service.name': _NAME}),
        shutdown_on_exit=False,
    )
    _register(provider, shown)
    with _silent(logging.getLogger('opentelemetry')):
        try:
            yield
        finally:
            # The verdict must not be lost for it.
            with contextlib.suppress(Exception):
                # With a last export.
                provider.shutdown(timeout_millis=_END * 1000)
            exporter.say(collector.partition('?')[0])


class _Exporter(metric_exporter.OTLPMetricExporter):
    """Counts what failed."""

    exports = 0
    failed = 0

    def export(
        self, *args: typing.Any, **options: typing.Any
    ) -> export.MetricExportResult:
        result = super().export(*args, **options)
        self.exports += 1
        self.failed += result is not export.MetricExportResult.SUCCESS
        return result

    def say(self, collector: str) -> None:
        """One line if any failed."""
        if self.failed:
            print(
                f'--otel {collector}: {self.failed} of {self.exports} exports '
                'failed; the collector does not have all numbers',
                file=sys.stderr,
            )


def _register(provider: MeterProvider, shown: numbers.Numbers) -> None:
    meter = provider.get_meter(_NAME)
    for one in numbers.INSTRUMENTS:
        create = (
            meter.create_observable_counter
            if one.counts
            else meter.create_observable_gauge
        )
        create(
            one.name,
            callbacks=[functools.partial(_observed, shown, one)],
            unit=one.unit,
            description=one.says,
        )


def _observed(
    shown: numbers.Numbers,
    instrument: numbers.Instrument,
    options: CallbackOptions,
) -> list[Observation]:
    # What nobody knows is not observed.
    return [
        Observation(value, dict(zip(instrument.labels, key, strict=True)))
        for key, value in shown.of(instrument).items()
        if not math.isnan(value)
    ]


@contextlib.contextmanager
def _silent(logger: logging.Logger) -> collections.abc.Iterator[None]:
    """Its tracebacks are not for the terminal of a user."""
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
