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
"""The least that can talk to an OpenStack: a token, and JSON.

Only the sandbox uses it, to ask whether its cloud answers, and its tests.
Without retries, and with nothing but the standard library: it runs in a
thread that visits the namespace of the tester.
"""

import dataclasses
import http.client
import json

Json = None | bool | int | float | str | list['Json'] | dict[str, 'Json']


class ApiError(Exception):
    """A service did not answer, or did not answer what it should.

    :param status: of the answer, 0 for none
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclasses.dataclass(frozen=True, slots=True)
class Response:
    """:param token: the subject token that keystone gave, or empty"""

    status: int
    body: Json
    token: str = ''

    def field(self, *path: str) -> Json:
        """A field inside the objects of the body.

        :raises ApiError: there is none
        """
        value = self.body
        for name in path:
            if not isinstance(value, dict) or name not in value:
                raise ApiError(f'no {".".join(path)} in the answer')
            value = value[name]
        return value

    def items(self, name: str) -> list[dict[str, Json]]:
        """A field of the body that is a list of objects."""
        value = self.field(name)
        if not isinstance(value, list):
            raise ApiError(f'{name} is not a list')
        return [item for item in value if isinstance(item, dict)]


class Cloud:
    """The APIs of a sandbox, as one user sees them.

    :param address: on which all of them listen
    :param password: of the user
    :param timeout: of one request, in seconds
    :param user: its name
    :param project: name of the project that its tokens are for

    With a token, ``project_id`` is the id of the project.
    """

    def __init__(
        self,
        address: str,
        password: str,
        timeout: float = 10,
        user: str = 'admin',
        project: str = 'admin',
    ) -> None:
        self.address = address
        self.password = password
        self.timeout = timeout
        self.user = user
        self.project = project
        self.token = ''
        self.project_id = ''

    def request(
        self, method: str, port: int, path: str, body: Json = None
    ) -> Response:
        """One request.

        :raises ApiError: no answer, or a status of 400 and more
        """
        headers = {'Content-Type': 'application/json'}
        if self.token:
            headers['X-Auth-Token'] = self.token
        content = None if body is None else json.dumps(body)
        connection = http.client.HTTPConnection(
            self.address, port, timeout=self.timeout
        )
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(str(error) or type(error).__name__) from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise ApiError(f'{method} {path}: {answer.status}', answer.status)
        return Response(
            answer.status,
            _decode(text),
            answer.getheader('X-Subject-Token') or '',
        )

    def authenticate(self) -> None:
        """Get a token for what follows.

        :raises ApiError: keystone gives none
        """
        self.token = ''
        domain: Json = {'id': 'default'}
        body: Json = {
            'auth': {
                'identity': {
                    'methods': ['password'],
                    'password': {
                        'user': {
                            'name': self.user,
                            'domain': domain,
                            'password': self.password,
                        }
                    },
                },
                'scope': {'project': {'name': self.project, 'domain': domain}},
            }
        }
        answer = self.request('POST', 5000, '/v3/auth/tokens', body)
        self.token = answer.token
        self.project_id = str(answer.field('token', 'project', 'id'))

    def get(self, port: int, path: str) -> Response:
        return self.request('GET', port, path)


def _decode(text: bytes) -> Json:
    try:
        value: Json = json.loads(text) if text else None
    except ValueError as error:
        raise ApiError('the answer is not JSON') from error
    return value
