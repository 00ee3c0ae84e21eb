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
"""Answers of a cloud against Tempest's own schemas, some of them.

Which ones is a matter of counting: of each request and status the first nine,
then each tenth, from a hundred on each hundredth, from a thousand on each
thousandth. To count costs about a microsecond, to validate up to one
millisecond.

A violation says where and by which rule, never the value, which may be a
secret.
"""

import collections
import collections.abc
import itertools
import re
import typing

import msgspec
from tempest.lib.common import jsonschema_validator

from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import schema_routes
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes

#: Violations of one answer that are told.
MOST = 3

#: What is not an id in a path, though it stands where ids do.
_VIEWS = frozenset({'detail'})

#: What decoding a body raises; deep nesting is a RecursionError.
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

#: Seen of an answer: its headers and status, as RestClient has them.
Response = typing.Any


class Schemas:
    """Validates answers of the services of one process.

    :param actor: who writes.
    :param record: takes each violation, ``Writer.append``.
    :param clock: CLOCK_MONOTONIC, ns.
    """

    def __init__(
        self,
        actor: str,
        record: collections.abc.Callable[[events.Event], None],
        clock: collections.abc.Callable[[], int],
    ) -> None:
        self._actor = actor
        self._record = record
        self._clock = clock
        self._counts: dict[tuple[str, str, str, str, int], int] = {}
        self._validators: dict[
            tuple[str, str, str], tuple[_Validator, ...]
        ] = {}
        self._validated: collections.Counter[str] = collections.Counter()
        self._without: dict[str, None] = {}

    def ended(self) -> None:
        """Say how many answers were validated, and which have no schema."""
        note = notes.Notes(self._actor, self._record, self._clock)
        for service, count in self._validated.items():
            note(events.Topic.VALIDATED, service, str(count))
        if self._without:
            note(
                events.Topic.REMARK,
                self._actor,
                'Tempest has no schema for answers of '
                f'{", ".join(self._without)}: not validated',
            )

    def of(self, service: str) -> 'Schemas | None':
        """Itself, None for a service none of whose answers has a schema."""
        if service in schema_routes.SERVICES:
            return self
        self._without[service] = None
        return None

    def see(
        self,
        service: str,
        method: str,
        path: str,
        body: object,
        version: str,
        response: Response,
        answer: bytes,
    ) -> None:
        """Take an acknowledgement in, and validate it if it is its turn.

        :param body: of the request; names the action that it asks for.
        """
        shape = shaped(path, body)
        key = (service, method, shape, version, response.status)
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count >= 10 and count % (
            10 if count < 100 else 100 if count < 1000 else 1000
        ):
            return
        request = f'{method} {shape}'
        validators = self._of(service, request, version)
        if not validators:
            self._without[f'{service} {request}'] = None
            return
        self._validated[service] += 1
        for where, why in _violations(validators, response, answer):
            self._record(
                events.Violation(
                    t=self._clock(),
                    actor=self._actor,
                    service=service,
                    request=request,
                    version=version,
                    status=response.status,
                    request_id=outcomes.request_id(response),
                    where=where,
                    why=why,
                )
            )

    def _of(
        self, service: str, request: str, version: str
    ) -> tuple['_Validator', ...]:
        key = (service, request, version)
        if key not in self._validators:
            found = schema_routes.find(service, request, version)
            self._validators[key] = tuple(map(_Validator, found))
        return self._validators[key]


def shaped(path: str, body: object) -> str:
    """A path with a star for each id, and the action that a body asks for."""
    parts = path.partition('?')[0].split('/')
    parts[1::2] = [one if one in _VIEWS else '*' for one in parts[1::2]]
    shape = '/'.join(parts)
    if parts[-1] == 'action' and isinstance(body, dict) and body:
        return f'{shape} {next(iter(body))}'
    return shape


class _Validator:
    """One schema, as ``RestClient.validate_response`` reads it."""

    def __init__(self, schema: schema_routes.Schema) -> None:
        self._statuses = schema['status_code']
        self._header = _draft(schema.get('response_header'))
        self._body = _draft(schema.get('response_body'))

    def violations(
        self, response: Response, answer: bytes
    ) -> collections.abc.Iterator[tuple[str, str]]:
        """Places and rules."""
        if response.status not in self._statuses:
            allowed = ' or '.join(map(str, self._statuses))
            yield 'status', f'is {response.status}, not {allowed}'
        if self._header:
            for error in self._header.iter_errors(response):
                # Nothing was created: nothing to be located (RFC 9110, 10.2.2)
                if response.status == 204 and error.validator == 'required':
                    continue
                yield f'header{place(error)}', rule(error)
        if self._body is None:
            if answer:
                yield 'body', f'{len(answer)} bytes where none should be'
            return
        try:
            body = msgspec.json.decode(answer)
        except _BROKEN:
            yield 'body', 'is no JSON'
            return
        for error in self._body.iter_errors(body):
            yield f'body{place(error)}', rule(error)


def _violations(
    validators: collections.abc.Sequence[_Validator],
    response: Response,
    answer: bytes,
) -> list[tuple[str, str]]:
    """Those of the schema that fits best; none if one holds."""
    found = (
        list(itertools.islice(one.violations(response, answer), MOST))
        for one in validators
    )
    return min(found, key=len)


def _draft(schema: schema_routes.Schema | None) -> typing.Any:
    if not schema:
        return None
    return jsonschema_validator.JSONSCHEMA_VALIDATOR(
        schema, format_checker=jsonschema_validator.FORMAT_CHECKER
    )


def place(error: typing.Any) -> str:
    """Where in a body: ``.server.addresses.net[0].version``.

    :param error: a ValidationError of jsonschema.
    """
    path = ''.join(
        f'[{key}]' if isinstance(key, int) else f'.{key}'
        for key in error.absolute_path
    )
    return outcomes.line(path)


def rule(error: typing.Any) -> str:
    """What is wrong, without the value that is.

    :param error: a ValidationError of jsonschema.
    """
    seen, wanted = error.instance, error.validator_value
    match error.validator:
        case 'required':
            missing = [name for name in wanted if name not in seen]
            said = f'without {", ".join(missing)}'
        case 'additionalProperties':
            said = f'with {", ".join(_unknown(seen, error.schema))}, '
            said += 'which the schema does not know'
        case 'type':
            kinds = wanted if isinstance(wanted, list) else [wanted]
            said = f'is {_kind(seen)}, not {" or ".join(kinds)}'
        case _:
            said = f'breaks {error.validator} {wanted!r}'
    return outcomes.line(said)


def _unknown(
    seen: collections.abc.Iterable[str], schema: schema_routes.Schema
) -> list[str]:
    """Names that a schema does not have."""
    known = schema.get('properties', {})
    patterns = schema.get('patternProperties', {})
    return sorted(
        name
        for name in seen
        if name not in known
        and not any(re.search(pattern, name) for pattern in patterns)
    )


def _kind(value: object) -> str:
    """The type of a value, by its name in JSON."""
    match value:
        case None:
            return 'null'
        case bool():
            return 'boolean'
        case int():
            return 'integer'
        case float():
            return 'number'
        case str():
            return 'string'
        case list():
            return 'array'
    return 'object'
