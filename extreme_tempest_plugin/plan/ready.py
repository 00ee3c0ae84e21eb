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
"""Ready plans, by name."""

import pathlib
import sysconfig

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model

#: Where the plans are in a source tree, and where setup.cfg installs them.
PLACES = (
    pathlib.Path(__file__).parents[2] / 'etc' / 'plans',
    pathlib.Path(sysconfig.get_path('data'))
    / 'share'
    / 'extreme-tempest-plugin'
    / 'plans',
)


def every() -> dict[str, pathlib.Path]:
    """The ready plans, by name."""
    place = next((place for place in PLACES if place.is_dir()), None)
    return (
        {path.stem: path for path in sorted(place.glob('*.yaml'))}
        if place
        else {}
    )


def find(plan: str) -> pathlib.Path:
    """The file of a plan.

    :param plan: path of a file, or the name of a ready plan.
    :raises UsageError: if there is neither.
    """
    path = pathlib.Path(plan)
    if path.exists():
        return path
    known = every()
    if plan in known:
        return known[plan]
    raise errors.UsageError(
        f'{plan}: there is no such file, and no such ready plan; there are '
        f'{", ".join(known) or "none"}'
    )


def changed(plan: model.Plan, **changes: object) -> model.Plan:
    """A plan with other values, checked as those of a file are.

    :raises UsageError: for a value that a plan may not have.
    """
    data = msgspec.to_builtins(plan)
    try:
        return msgspec.convert({**data, **changes}, model.Plan)
    except msgspec.ValidationError as error:
        raise errors.UsageError(str(error)) from None
