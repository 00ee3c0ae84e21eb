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
"""The part of the summary that lists what was found and what was not seen."""

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.reports import page
from extreme_tempest_plugin.reports import verdict_json

#: Findings, kinds of lines and gaps that are shown; verdict.json has all.
MOST_SHOWN = 10


def findings(verdict: verdicts.Verdict, out: page.Page) -> None:
    """What was found; what is new comes first."""
    if not verdict.findings:
        return
    out.title(f'findings ({len(verdict.findings)})')
    ordered = sorted(verdict.findings, key=lambda finding: finding.known != '')
    for number, finding in enumerate(ordered[:MOST_SHOWN], start=1):
        known = f' (known: {finding.known})' if finding.known else ''
        out.hang(
            f'{number:>3}. ',
            f'{finding.checker}{known}: {page.clean(finding.what)}',
        )
        if finding.events:
            numbers = ', '.join(map(str, finding.events))
            out.item(f'events {numbers}', indent=5)
        for command in finding.look_again:
            out.command(f'     $ {page.clean(command)}')
    _more(len(verdict.findings), out)


def known_issues(verdict: verdicts.Verdict, out: page.Page) -> None:
    """Those that were seen, and those that have expired."""
    shown = {
        id_: one
        for id_, one in verdict.known_issues.items()
        if one.matched or one.expired
    }
    if not shown:
        return
    out.title('known issues')
    for id_, one in shown.items():
        if one.expired:
            said = f'expired on {one.expires}: its findings count again'
        else:
            found = model.plural(one.matched, 'finding')
            said = f'{found}, not counted until {one.expires}'
        out.hang('  - ', page.clean(f'{id_}: {said}; {one.reference}'))


def logs(verdict: verdicts.Verdict, out: page.Page) -> None:
    """Error lines of the servers, by kind."""
    counted = [one for one in verdict.logs if one.count > one.excused]
    excused = len(verdict.logs) - len(counted)
    if not verdict.logs:
        return
    out.title(f'error lines in server logs ({len(counted)} kinds)')
    for lines in counted[:MOST_SHOWN]:
        broken = f', {lines.excused} during faults' if lines.excused else ''
        out.hang(
            '  - ',
            page.clean(
                f'{lines.count} x{broken} {lines.file} of '
                f'{", ".join(lines.hosts)}: {lines.level} {lines.words}'
            ),
        )
    _more(len(counted), out)
    if excused:
        out.item(
            f'{model.plural(excused, "kind")} of lines during faults, see '
            f'{verdict_json.NAME}'
        )


def gaps(verdict: verdicts.Verdict, out: page.Page) -> None:
    """What could not be measured."""
    if not verdict.gaps:
        return
    out.title(f'not measured ({len(verdict.gaps)})')
    for gap in verdict.gaps[:MOST_SHOWN]:
        out.hang('  - ', f'{gap.checker}: {page.clean(gap.why)}')
    _more(len(verdict.gaps), out)


def _more(count: int, out: page.Page) -> None:
    if count > MOST_SHOWN:
        out.item(f'and {count - MOST_SHOWN} more, see {verdict_json.NAME}')
