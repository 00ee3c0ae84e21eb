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
"""What the runs of a detection board come to."""

import collections
import collections.abc
import pathlib
import statistics

import msgspec

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader

#: Bugs of the released code, by the known issues that they are.
LIVE = {
    'B05i': ('quota_edge', 'nova-keypair-import-quota'),
    'B07': ('shared_metadata', 'nova-metadata-lost-update'),
    'B16': ('security_groups', 'neutron-equal-rules'),
}


class _Finding(msgspec.Struct):
    checker: str
    about: str
    what: str
    events: list[int] = []
    action: str = ''
    known: str = ''


class Verdict(msgspec.Struct):
    """What a campaign says of itself, as far as the board reads it."""

    verdict: str
    reason: str = ''
    findings: list[_Finding] = []


class Seen(msgspec.Struct, frozen=True):
    """A finding of one run.

    :param kind: what findings of the same cause have in common.
    :param known: id of the known issue that it is, or empty.
    :param operations: how many there had been when it was proven.
    :param seconds: from the first event of the run until then.
    """

    kind: str
    known: str
    what: str
    operations: int
    seconds: float


class Run(msgspec.Struct, frozen=True):
    """One campaign, judged twice.

    :param plant: empty for none.
    :param errors: kinds of error that a counter of errors saw.
    """

    plant: str
    plan: str
    seed: int
    verdict: str
    reason: str
    operations: int
    seconds: float
    findings: tuple[Seen, ...]
    errors: tuple[str, ...]


def judged(
    plant: str, plan: str, seed: int, verdict: Verdict, path: pathlib.Path
) -> Run:
    """A run with what a counter of errors sees in its history."""
    moments: list[tuple[int, int]] = []
    operations = 0
    actions: dict[str, str] = {}
    errors: set[str] = set()
    for event in reader.Reader(path):
        match event:
            case events.Invoke():
                operations += 1
                actions[event.op] = event.action
            case events.Info():
                errors.add(f'{actions.get(event.op)} {event.status or "none"}')
            case events.Settled(reached=False):
                errors.add(f'{actions.get(event.op)} {event.state}')
        moments.append((event.t, operations))
    first = moments[0][0]
    return Run(
        plant=plant,
        plan=plan,
        seed=seed,
        verdict=verdict.verdict,
        reason=verdict.reason,
        operations=operations,
        seconds=(moments[-1][0] - first) / 1e9,
        findings=tuple(
            Seen(
                kind=_kind(one),
                known=one.known,
                what=one.what,
                operations=moments[_proven(one, len(moments))][1],
                seconds=(moments[_proven(one, len(moments))][0] - first) / 1e9,
            )
            for one in verdict.findings
        ),
        errors=tuple(sorted(errors)),
    )


def _kind(finding: _Finding) -> str:
    kind = finding.action or finding.about.partition('/')[0]
    return f'{finding.checker} of {kind}'


def _proven(finding: _Finding, count: int) -> int:
    """Index of the event with which it was proven; events count from 1."""
    return min(max(finding.events, default=count), count) - 1


def new(run: Run) -> tuple[Seen, ...]:
    """Findings that are no known issue."""
    return tuple(one for one in run.findings if not one.known)


def unusual(
    run: Run, others: collections.abc.Iterable[Run]
) -> tuple[Seen, ...]:
    """What is new in a run beside others without its plant, by time."""
    usual = {one.kind for other in others for one in new(other)}
    found = sorted(new(run), key=lambda one: one.seconds)
    return tuple(one for one in found if one.kind not in usual)


class Hit(msgspec.Struct, frozen=True):
    """How a bug was found with one seed; counted from the first plan on."""

    kind: str
    plan: str
    operations: int
    seconds: float


def figures(
    runs: list[Run], seeds: int, chosen: collections.abc.Iterable[str]
) -> dict[str, object]:
    """What the board says."""
    clean: dict[str, list[Run]] = collections.defaultdict(list)
    for run in runs:
        if not run.plant:
            clean[run.plan].append(run)
    rows: dict[str, str] = {}
    found, by_errors, times = [], [], []
    bugs = {
        **{plant: _planted(plant, runs, clean) for plant in chosen},
        **{bug: _live(*bug_is, clean) for bug, bug_is in LIVE.items()},
    }
    for bug, (hits, noisy) in bugs.items():
        rows[bug] = _row(hits, noisy, seeds)
        found.append(2 * len(hits) > seeds)
        by_errors.append(2 * noisy > seeds)
        times += [hit.seconds for hit in hits]
    alarms = [
        f'{run.plan} seed {run.seed}: {one.what}'
        for each in clean.values()
        for run in each
        for one in new(run)
    ]
    return {
        'planted': len(found),
        'found': sum(found),
        'error_only_found': sum(by_errors),
        'false_alarms': len(alarms),
        'clean_runs': sum(map(len, clean.values())),
        'median_s': round(statistics.median(times), 1) if times else None,
        **rows,
        **{f'false alarm {n}': one for n, one in enumerate(alarms, start=1)},
    }


def _planted(
    plant: str, runs: list[Run], clean: dict[str, list[Run]]
) -> tuple[list[Hit], int]:
    """Hits, and with how many seeds a counter of errors saw something."""
    hits: dict[int, Hit] = {}
    noisy = set()
    spent: dict[int, tuple[int, float]] = collections.defaultdict(
        lambda: (0, 0.0)
    )
    for run in runs:
        if run.plant != plant:
            continue
        others = clean[run.plan]
        if set(run.errors) - {one for other in others for one in other.errors}:
            noisy.add(run.seed)
        operations, seconds = spent[run.seed]
        for one in unusual(run, others):
            hit = Hit(
                kind=one.kind,
                plan=run.plan,
                operations=operations + one.operations,
                seconds=seconds + one.seconds,
            )
            hits.setdefault(run.seed, hit)
        spent[run.seed] = operations + run.operations, seconds + run.seconds
    return list(hits.values()), len(noisy)


def _live(
    plan: str, known: str, clean: dict[str, list[Run]]
) -> tuple[list[Hit], int]:
    """As ``_planted``, of a bug that is in the released code.

    There is no cloud without it, so that any error at all is taken for it.
    """
    hits: dict[int, Hit] = {}
    for run in clean[plan]:
        for one in sorted(run.findings, key=lambda one: one.seconds):
            if one.known == known:
                hit = Hit(
                    kind=one.kind,
                    plan=plan,
                    operations=one.operations,
                    seconds=one.seconds,
                )
                hits.setdefault(run.seed, hit)
    return list(hits.values()), sum(bool(run.errors) for run in clean[plan])


def _row(hits: list[Hit], noisy: int, seeds: int) -> str:
    errors = f'by errors {noisy} of {seeds}'
    if not hits:
        return f'not found; {errors}'
    operations = statistics.median(hit.operations for hit in hits)
    seconds = statistics.median(hit.seconds for hit in hits)
    return '; '.join(
        (
            f'{len(hits)} of {seeds}',
            ', '.join(sorted({hit.kind for hit in hits})),
            ', '.join(sorted({hit.plan for hit in hits})),
            f'{operations:.0f} operations',
            f'{seconds:.1f} s',
            errors,
        )
    )
