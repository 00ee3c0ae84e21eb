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
"""verdict.json: the verdict for machines."""

import os
import pathlib
import tempfile

import msgspec

from extreme_tempest_plugin.checkers import verdict as verdicts

#: Its name in the directory of a run.
NAME = 'verdict.json'


def encode(verdict: verdicts.Verdict) -> str:
    """The verdict as JSON, for people to read too."""
    data = msgspec.json.format(msgspec.json.encode(verdict), indent=2)
    return data.decode() + '\n'


def write(verdict: verdicts.Verdict, path: pathlib.Path) -> None:
    """Write the verdict; the file appears whole or not at all.

    :param path: the file, usually ``verdict.json`` of the run.
    :raises OSError: if it cannot be written.
    """
    write_whole(path, encode(verdict))


def write_whole(path: pathlib.Path, content: str) -> None:
    """Write a text file that appears whole or not at all.

    :raises OSError: if it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(
        prefix=f'.{path.name}.', dir=path.parent
    )
    unfinished = pathlib.Path(name)
    try:
        with os.fdopen(descriptor, 'w', encoding='utf-8') as out:
            out.write(content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
