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
"""The reference of actions, as it stands in doc/, from their docstrings::

    python -m extreme_tempest_plugin.storm.actions.reference \
        > doc/source/reference/actions.rst
"""

import collections.abc
import inspect

from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model

_HEAD = """\
=======
Actions
=======

What a storm can do; ``storm.actions`` of a plan gives each a weight. The
first part of a name is the kind of resource that an action creates or acts
on. *With* are other resources that it takes, *needs* what the cloud must
offer beside the service: an action that a cloud cannot do is left out of a
storm, with a remark. An action is settled when it is seen that it has done
what is said, by the APIs of all services that know of it, and floating IPs of
servers by TCP with ``[stress] floating_ip_port``.

"""

_Row = tuple[str, str, str, str, str]

_TITLES: _Row = ('action', 'acts on', 'with', 'needs', 'what is seen')


def text() -> str:
    """The whole page."""
    services: dict[str, list[model.Action]] = {}
    for action in actions.own():
        services.setdefault(action.service, []).append(action)
    return _HEAD + '\n'.join(
        _section(service, sorted(found, key=lambda action: action.name))
        for service, found in sorted(services.items())
    )


def _section(
    service: str, found: collections.abc.Iterable[model.Action]
) -> str:
    lines = [service, '=' * len(service), '']
    lines += ['.. list-table::', '   :header-rows: 1', '']
    for row in (_TITLES, *map(_row, found)):
        for number, cell in enumerate(row):
            mark = '*' if number == 0 else ' '
            lines.append(f'   {mark} - {cell}'.rstrip())
    return '\n'.join([*lines, ''])


def _row(action: model.Action) -> _Row:
    needs = sorted(action.requires) + ['admin'] * action.admin
    partners = sorted({need.kind for need in action.partners.values()})
    return (
        f'``{action.name}``',
        _states(action),
        ', '.join(f'``{kind}``' for kind in partners),
        ', '.join(f'``{one}``' for one in needs),
        settled_when(action),
    )


def _states(action: model.Action) -> str:
    if action.effect is model.Effect.CREATES:
        return '(creates)'
    return ', '.join(sorted(action.states))


def settled_when(action: model.Action) -> str:
    """The first paragraph of its docstring."""
    return ' '.join(
        inspect.cleandoc(type(action).__doc__ or '').split('\n\n')[0].split()
    )


if __name__ == '__main__':
    print(text(), end='')
