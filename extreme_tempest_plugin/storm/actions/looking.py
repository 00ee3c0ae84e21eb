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
"""Looks that many actions share."""

import collections.abc
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model

PRESENT = 'present'
DELETED = 'deleted'
MISSING = 'missing'

_Shape = typing.TypeVar('_Shape')


def find(
    service: ports.Service, path: str, version: str = ''
) -> ports.Answer | None:
    """What is at a path, None if the service says that nothing is (404).

    :raises CallError: for anything else.
    """
    try:
        return service.get(path, version=version)
    except ports.CallError as error:
        if error.refusal.status == 404:
            return None
        raise


def read(
    service: ports.Service, path: str, shape: type[_Shape], version: str = ''
) -> _Shape | None:
    """What is at a path, decoded; None if nothing is (404)."""
    answer = find(service, path, version)
    return answer.read(shape) if answer else None


def present(
    cloud: ports.Cloud, service: str, path: str, version: str = ''
) -> model.Sight:
    """Something without a state must be there."""
    if find(cloud.service(service), path, version) is None:
        return model.Sight(state=MISSING, error=f'404: {path}')
    return model.Sight(state=PRESENT, reached=True)


def absent(
    cloud: ports.Cloud, service: str, path: str, version: str = ''
) -> model.Sight:
    """Something without a state must be gone."""
    if find(cloud.service(service), path, version) is None:
        return model.Sight(state=DELETED, reached=True)
    return model.Sight(state=PRESENT)


def short_of(sight: model.Sight, why: str) -> model.Sight:
    """A sight that has not reached what is wanted, after all."""
    return msgspec.structs.replace(sight, reached=False, error=why)


def inside(body: collections.abc.Mapping[str, _Shape], key: str) -> _Shape:
    """What a body wraps in a key.

    :raises CallError: if it is not there; nobody knows then.
    """
    try:
        return body[key]
    except KeyError:
        raise ports.CallError(
            ports.Refusal(
                kind=ports.Kind.INFO, error=f'malformed answer: no {key}'
            )
        ) from None


def malformed(answer: ports.Answer, what: str) -> ports.CallError:
    """For an acknowledgement that is not as the API says; nobody knows."""
    return ports.CallError(
        ports.Refusal(
            kind=ports.Kind.INFO,
            status=answer.status,
            request_id=answer.request_id,
            error=f'malformed answer: {what}',
        )
    )
