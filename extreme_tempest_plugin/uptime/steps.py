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
"""The requests of a write probe, and what is known of each. Pure."""

import collections.abc
import dataclasses

import msgspec


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One request.

    :param good: statuses that it may be answered with.
    """

    method: str
    path: str
    good: tuple[int, ...]
    body: bytes = b''


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is made.

    A home is the id of what all samples share, empty where they share
    nothing.

    :param name: of the probe.
    :param kind: of the resource, see ``cloud.kinds``; empty for what ends
        with its home.
    :param create: the request that makes one of a name, in a home.
    :param path: of what has an id, in a home.
    :param version: API version, for an endpoint that does not name one.
    :param label: what it is called, where not any name will do.
    :param id: what the service calls that; empty where it chooses.
    :param learns: where its answer says so then.
    :param around: makes the home of all samples, before the first.
    """

    name: str
    kind: str
    create: collections.abc.Callable[[str, str], Step]
    path: collections.abc.Callable[[str, str], str]
    version: str = ''
    label: collections.abc.Callable[[str], str] = lambda name: name
    id: collections.abc.Callable[[str], str] = lambda name: name
    learns: tuple[str, ...] = ()
    around: 'Recipe | None' = None

    def look(self, id_: str, home: str = '') -> Step:
        """Whether it is there."""
        return Step('GET', self.path(id_, home), (200,))

    def delete(self, id_: str, home: str = '') -> Step:
        """Its end."""
        path = self.path(id_, home)
        return Step('DELETE', path, (200, 202, 204, 404))

    def learn(self, body: bytes) -> str:
        """The id that an answer says; empty if it says none."""
        try:
            found = msgspec.json.decode(body)
            for key in self.learns:
                found = found[key]
        except (msgspec.DecodeError, LookupError, TypeError):
            return ''
        return found if isinstance(found, str) else ''


def post(path: str, asked: object, *good: int) -> Step:
    """Ask for something to be made.

    :param good: statuses; 200 and 201 where none is given.
    """
    encoded = msgspec.json.encode(asked)
    return Step('POST', path, good or (200, 201), encoded)
