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
"""Read a plan; an error names file, line and key."""

import collections.abc
import contextlib
import pathlib
import re
import typing

import msgspec
import yaml

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model

_Shape = typing.TypeVar('_Shape')

_AT = re.compile(r' - at (?:`key` in )?`\$(?P<path>[^`]*)`$')
_UNKNOWN = re.compile(r'unknown field `(?P<key>[^`]*)`')
#: What msgspec calls any key of a free mapping.
_ANY = '...'

_STEP = re.compile(r'\.(?P<key>[^.\[]+)|\[(?P<index>\d+|\.\.\.)\]')


def parse(text: str, source: str = 'plan') -> model.Plan:
    """Make a plan of YAML text.

    :param text: the YAML.
    :param source: file name for messages.
    :raises PlanError: if it is no YAML or no plan, as ``file:line: key: why``.
    """
    return convert(text, model.Plan, source)


def convert(text: str, shape: type[_Shape], source: str) -> _Shape:
    """Make a document of YAML text.

    :param shape: the type of the document.
    :raises PlanError: if it is no YAML or not of that type, as
        ``file:line: key: why``.
    """
    node, data = document(text, source)
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        said = _explain(source, node, data, str(error))
        raise errors.PlanError(said) from None


def load(path: pathlib.Path) -> model.Plan:
    """Make a plan of a file.

    :raises PlanError: if it cannot be read, is no YAML or no plan.
    """
    return parse(read(path), str(path))


@contextlib.contextmanager
def located(path: pathlib.Path) -> collections.abc.Iterator[None]:
    """A PlanError that is raised within names the file and the line.

    For what can only be checked with the catalogue of actions, or with the
    configuration.

    :param path: of the file that the plan was made of.
    """
    try:
        yield
    except errors.PlanError as error:
        if not error.keys:
            raise
        node, _ = document(read(path), str(path))
        line, _ = _locate(node, error.keys)
        raise errors.PlanError(f'{path}:{line}: {error}') from None


def read(path: pathlib.Path) -> str:
    """The text of a document.

    :raises PlanError: if it cannot be read.
    """
    try:
        return path.read_text(encoding='utf-8')
    except OSError as error:
        raise errors.PlanError(
            f'{path}: cannot be read: {error.strerror}'
        ) from None
    except UnicodeDecodeError:
        raise errors.PlanError(f'{path}: not UTF-8 text') from None


def of_builtins(data: msgspec.Raw) -> model.Plan:
    """The plan that a history carries.

    :raises PlanError: if this version cannot read it.
    """
    try:
        return msgspec.json.decode(data, type=model.Plan)
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
    ) as error:
        raise errors.PlanError(
            f'the plan in the history is not one of this version: {error}; '
            'give a plan with --plan'
        ) from None


def to_raw(plan: model.Plan) -> msgspec.Raw:
    """The plan as a history carries it."""
    return msgspec.Raw(msgspec.json.encode(plan))


def document(text: str, source: str) -> tuple[yaml.Node | None, object]:
    """A document of YAML or JSON, and what it says, unchecked.

    :raises PlanError: if it is no YAML, or a key stands twice, as
        ``file:line: why``.
    """
    # Not the loader in C: that one ends the process on deep nesting.
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_twice(source, node)
        made = yaml.constructor.SafeConstructor()
        return node, made.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        why = error.problem
    except (yaml.YAMLError, ValueError) as error:
        # A date or a number that is none is a ValueError.
        line, why = 1, ' '.join(str(error).split())
    except RecursionError:
        line, why = 1, 'nested too deeply'
    raise errors.PlanError(f'{source}:{line}: not YAML: {why}') from None


def _refuse_twice(source: str, node: yaml.Node | None) -> None:
    """A key that stands twice would silently be the second one.

    :raises PlanError: if there is one.
    """
    ahead: list[tuple[yaml.Node | None, tuple[str, ...]]] = [(node, ())]
    # An alias may lead to a node many times, or back to where it is in.
    seen: set[int] = set()
    while ahead:
        here, steps = ahead.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, yaml.SequenceNode):
            ahead.extend(
                (child, (*steps, str(index)))
                for index, child in enumerate(here.value)
            )
        elif isinstance(here, yaml.MappingNode):
            ahead.extend(_children(source, here, steps))


def _children(
    source: str, node: yaml.MappingNode, steps: tuple[str, ...]
) -> collections.abc.Iterator[tuple[yaml.Node, tuple[str, ...]]]:
    keys = set()
    for key, value in node.value:
        name = (*steps, str(key.value))
        if not isinstance(key, yaml.ScalarNode):
            # None that could be a key: whoever makes a mapping of it says so.
            continue
        if key.value in keys:
            raise errors.PlanError(
                f'{source}:{key.start_mark.line + 1}: {".".join(name)}: '
                'stands here a second time'
            )
        keys.add(key.value)
        yield value, name


def _explain(
    source: str, node: yaml.Node | None, data: object, whole: str
) -> str:
    """``file:line: key: why`` from what msgspec says."""
    message = whole
    steps: list[str] = []
    found = _AT.search(message)
    if found:
        message = message[: found.start()]
        steps = [
            step['key'] or step['index']
            for step in _STEP.finditer(found['path'])
        ]
    for position, step in enumerate(steps):
        if step == _ANY:
            steps[position] = _culprit(data, steps[:position], whole)
    unknown = _UNKNOWN.search(message)
    if unknown:
        steps.append(unknown['key'])
        message = 'unknown key'
    line, known = _locate(node, steps)
    name = '.'.join(known) or 'plan'
    return f'{source}:{line}: {name}: {message}'


def _culprit(
    data: object, steps: collections.abc.Sequence[str], whole: str
) -> str:
    """The key of a free mapping whose value is wrong.

    msgspec does not say which: it is the one that is wrong alone.
    """
    place = data
    for step in steps:
        if not isinstance(place, dict) or step not in place:
            return _ANY
        place = place[step]
    if not isinstance(place, dict):
        return _ANY
    everything = dict(place)
    try:
        for key, value in everything.items():
            place.clear()
            place[key] = value
            try:
                msgspec.convert(data, model.Plan)
            except msgspec.ValidationError as error:
                if str(error) == whole:
                    return str(key)
    finally:
        place.clear()
        place.update(everything)
    return _ANY


def _locate(
    node: yaml.Node | None, steps: collections.abc.Sequence[str]
) -> tuple[int, list[str]]:
    """Line of the deepest step that the document has, and those steps."""
    line, known = 1, []
    for step in steps:
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                # msgspec writes [...] for any key of a free mapping.
                if key.value == step:
                    line, child = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and step.isdigit():
            child = node.value[int(step)]
            line = child.start_mark.line + 1
        if child is None:
            break
        known.append(step)
        node = child
    return line, known
