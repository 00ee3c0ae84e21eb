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
"""What a run shows to others as numbers, whoever asks for them."""

import collections.abc
import dataclasses
import math

from extreme_tempest_plugin import progress

#: Values of the labels to what is counted or measured.
Values = collections.abc.Mapping[tuple[str, ...], float]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One number, or one for each set of labels.

    :param counts: it only ever grows.
    :param unit: as in UCUM; ``1`` for none.
    :param labels: their names.
    :param read: tells it of what was last shown; NaN where nobody knows.
    """

    name: str
    says: str
    counts: bool
    read: collections.abc.Callable[[progress.Progress], Values]
    unit: str = '1'
    labels: tuple[str, ...] = ()


def _up(shown: progress.Progress) -> Values:
    return {
        (service,): math.nan if one.up is None else float(one.up)
        for service, one in shown.monitors.items()
    }


def _samples(shown: progress.Progress) -> Values:
    return {
        (service, outcome): count
        for service, one in shown.monitors.items()
        for outcome, count in (
            ('good', one.samples - one.failed),
            ('failed', one.failed),
            ('missed', one.missed),
        )
    }


def _operations(shown: progress.Progress) -> Values:
    if not shown.storm:
        return {}
    return {
        (outcome,): getattr(shown.storm, outcome)
        for outcome in ('ok', 'fail', 'info', 'settled', 'stuck')
    }


INSTRUMENTS = (
    Instrument(
        name='extreme_elapsed_seconds',
        says='Since the storm or the watch began.',
        counts=False,
        unit='s',
        read=lambda shown: {(): shown.elapsed},
    ),
    Instrument(
        name='extreme_api_up',
        says='Whether its last sample was good; not known now if it is NaN '
        'or not there.',
        counts=False,
        labels=('service',),
        read=_up,
    ),
    Instrument(
        name='extreme_api_samples',
        says='Samples of an API; the missed were never sent.',
        counts=True,
        labels=('service', 'outcome'),
        read=_samples,
    ),
    Instrument(
        name='extreme_operations',
        says='Operations of the storm, by what is known of their outcome.',
        counts=True,
        labels=('outcome',),
        read=_operations,
    ),
)


class Numbers:
    """What was last shown."""

    def __init__(self) -> None:
        self._shown: progress.Progress | None = None

    def see(self, shown: progress.Progress) -> None:
        """Take what is shown now; see ``progress.Display``."""
        self._shown = shown

    def of(self, instrument: Instrument) -> Values:
        """Nothing before anything was shown."""
        shown = self._shown
        return instrument.read(shown) if shown else {}
