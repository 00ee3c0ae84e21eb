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
"""The table of the destructive scenarios: what each did to a real cloud.

Each test of tests/scenario/destructive runs alone, as ``tempest run`` runs it,
on a sandbox of the topology. A row has the verdict, from the injection to the
proven heal of each fault and what proved that it happened, the longest outage
and the down time of each service, and the findings. A sandbox that is not
whole after a test is started anew for the next one, and the row says so.

Needs root and a machine with nothing else on it. Each row is a line in the
file that --results names; a table that was broken off goes on from there.
"""

import argparse
import pathlib
import re
import subprocess
import sys

import cloud
import msgspec

SCENARIOS = 'extreme_tempest_plugin.tests.scenario.destructive'

_SKIPPED = re.compile(r'SKIPPED: (.*)')
_ERROR = re.compile(r'^\s*[\w.]+(?:Error|Exception): (.*)$', re.MULTILINE)


class _Fault(msgspec.Struct):
    fault: str
    kind: str
    target: str
    recovery_s: float | None
    evidence: dict[str, str]
    steady_s: dict[str, float | None] = {}


class _Uptime(msgspec.Struct):
    down_time: float
    longest_outage: float


class _Finding(msgspec.Struct):
    checker: str
    what: str
    known: str = ''


class _Verdict(msgspec.Struct):
    verdict: str
    reason: str
    faults: list[_Fault]
    uptime: dict[str, _Uptime]
    findings: list[_Finding]


class Row(msgspec.Struct, frozen=True):
    """One scenario.

    :param verdict: of the campaign, or ``skipped``, or ``error``.
    :param faults: what was done, its recovery and its evidence, one line each.
    :param outages: the longest outage of each service and all of them, s.
    :param whole: the sandbox was, afterwards.
    """

    scenario: str
    verdict: str
    reason: str
    faults: tuple[str, ...] = ()
    outages: dict[str, tuple[float, float]] = {}
    findings: tuple[str, ...] = ()
    whole: bool = True

    def __str__(self) -> str:
        away = ', '.join(
            f'{name} {longest:.1f} s'
            + (f' ({total:.1f} s in all)' if total > longest else '')
            for name, (longest, total) in self.outages.items()
            if total
        )
        words = [f'{self.verdict.upper()} {self.reason}', *self.faults]
        if self.faults:
            words.append(f'outages: {away or "none"}')
        words += self.findings
        if not self.whole:
            words.append('the sandbox was not whole afterwards')
        return '\n'.join(words)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--name', default='breakable', help='of the sandbox')
    parser.add_argument(
        '--topology', choices=('single', 'ha'), default='ha', help='its hosts'
    )
    parser.add_argument(
        '--only', default='', metavar='REGEX', help='tests that match'
    )
    parser.add_argument(
        '--results',
        type=pathlib.Path,
        default=pathlib.Path('destructive.jsonl'),
        metavar='FILE',
    )


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """The table, by scenario."""
    table = Table(arguments)
    table.up()
    try:
        for test in table.tests(arguments.only):
            table.run(test)
    finally:
        table.cloud.sandbox('down')
    rows = table.done.rows
    verdicts = [row.verdict for row in rows]
    return {
        'scenarios': len(rows),
        **{word: verdicts.count(word) for word in sorted({*verdicts})},
        **{row.scenario: str(row) for row in rows},
    }


class Table:
    """Runs what has no row yet."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._topology = arguments.topology
        self.cloud = cloud.Cloud(arguments.name)
        self.done = cloud.Rows(arguments.results, Row)

    def up(self) -> None:
        """Start the sandbox."""
        self.cloud.sandbox('up', '--topology', self._topology)

    def tests(self, only: str) -> list[str]:
        """Names of the tests, without what stestr has in brackets."""
        # It lists nothing without a repository, and makes none by itself.
        self.cloud.run(cloud.TEMPEST.with_name('stestr'), 'init')
        listed = self.cloud.tempest(
            'run', '--list-tests', '--regex', SCENARIOS
        )
        names = [
            line.partition('[')[0]
            for line in listed.stdout.splitlines()
            if line.startswith(SCENARIOS)
        ]
        done = {row.scenario for row in self.done.rows}
        return [
            name
            for name in names
            if re.search(only, name) and _scenario(name) not in done
        ]

    def run(self, test: str) -> None:
        """One test, and its row."""
        row = self._tried(test)
        if not (row.whole and self._is_up()):
            row = msgspec.structs.replace(row, whole=False)
            self.cloud.sandbox('down')
            self.up()
        self.done.add(row)
        print(f'  {row.scenario}: {row}', file=sys.stderr, flush=True)

    def _tried(self, test: str) -> Row:
        before = self.cloud.last_run()
        try:
            told = self.cloud.tempest(
                'run', '--serial', '--regex', f'{test}\\['
            )
        except subprocess.TimeoutExpired:
            return Row(
                scenario=_scenario(test),
                verdict='error',
                reason=f'was not over after {cloud.MOST} s',
                whole=False,
            )
        after = self.cloud.last_run()
        # One that was refused has a history and no verdict.
        judged = after is not None and (after / 'verdict.json').exists()
        if after == before or not judged:
            return _without(test, told.stdout + told.stderr)
        return _row(test, after)

    def _is_up(self) -> bool:
        try:
            state = self.cloud.sandbox(
                'status', '-f', 'value', '-c', 'state', check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return state.stdout.strip() == 'up'


def _without(test: str, said: str) -> Row:
    """A test that ran no campaign."""
    if skipped := _SKIPPED.search(said):
        return Row(
            scenario=_scenario(test), verdict='skipped', reason=skipped[1]
        )
    # The last line of the last traceback says why.
    errors = _ERROR.findall(said) or said.split('\n')
    last = next(filter(None, map(str.strip, reversed(errors))), 'no word')
    return Row(scenario=_scenario(test), verdict='error', reason=last)


def _row(test: str, directory: pathlib.Path) -> Row:
    """A test and its campaign."""
    verdict = msgspec.json.decode(
        (directory / 'verdict.json').read_bytes(), type=_Verdict
    )
    return Row(
        scenario=_scenario(test),
        verdict=verdict.verdict,
        reason=verdict.reason,
        faults=tuple(map(_told, verdict.faults)),
        outages={
            name: (one.longest_outage, one.down_time)
            for name, one in verdict.uptime.items()
        },
        findings=tuple(
            f'{one.checker}: {one.what}'
            + (f' (known: {one.known})' if one.known else '')
            for one in verdict.findings
        ),
    )


def _scenario(test: str) -> str:
    """The class of a test."""
    return test.split('.')[-2]


def _told(fault: _Fault) -> str:
    took = fault.recovery_s
    steady = ', '.join(
        f'{name} {after:.1f} s' if after is not None else f'{name} never'
        for name, after in fault.steady_s.items()
    )
    return (
        f'{fault.kind} of {fault.target}: '
        + (
            'not proven healed'
            if took is None
            else f'whole after {took:.1f} s'
        )
        + (f'; steady: {steady}' if steady else '')
        + f'; {fault.evidence.get("evidenced", "NOT PROVEN")}'
    )
