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
"""What our service clients have in common."""

import typing

import msgspec
from tempest.lib import exceptions as lib_exceptions
from tempest.lib.common import rest_client

#: Accepts whatever is JSON, and makes nothing of it.
_ANY_JSON = msgspec.json.Decoder(msgspec.Raw)


class RestOnce(rest_client.RestClient):
    """A RestClient that sends each request once.

    The errors are those of RestClient; each carries its response. Not kept:
    the retries after 413, the walk up the call stack for a test's name, the
    log lines, and the check of each body against a schema: here each need
    only be JSON, and some are validated, see ``schemas``.

    :ivar unversioned: paths begin with a version, the endpoint has none.
    """

    unversioned = False

    @property
    def filters(self) -> dict[str, typing.Any]:
        """How the endpoint is found in the catalog."""
        return {**super().filters, 'unversioned': self.unversioned}

    def request(
        self,
        method: str,
        url: str,
        extra_headers: bool = False,
        headers: dict[str, str] | None = None,
        body: str | bytes | None = None,
        chunked: bool = False,
    ) -> tuple[typing.Any, bytes]:
        """Send a request with a token to the service's endpoint.

        :raises RestClientException: for any status from 400.
        """
        if headers is None:
            headers = self.get_headers()
        elif extra_headers:
            headers = {**headers, **self.get_headers()}
        response, answer = self._request(
            method, url, headers=headers, body=body, chunked=chunked
        )
        self.check(response, answer)
        return response, answer

    def check(self, response: typing.Any, answer: bytes) -> None:
        """Judge an answer.

        :raises RestClientException: for any status from 400, and for a body
            that is not the JSON that it says it is.
        """
        if response.status >= 400:
            self._refuse(response, answer)
        if answer and 'json' in response.get('content-type', ''):
            self._check_json(response, answer)

    def _refuse(self, response: typing.Any, answer: bytes) -> None:
        try:
            self._error_checker(response, answer)
        except (AttributeError, KeyError, TypeError):
            # The body of the error is JSON, but not as it should be.
            raise lib_exceptions.UnexpectedResponseCode(
                str(response.status), resp=response
            ) from None

    def raw_request(
        self,
        url: str,
        method: str,
        headers: dict[str, str] | None = None,
        body: str | bytes | None = None,
        chunked: bool = False,
        log_req_body: str | None = None,
    ) -> tuple[typing.Any, bytes]:
        """Send a request as it is."""
        if headers is None:
            headers = self.get_headers()
        return self.http_obj.request(
            url, method, headers=headers, body=body, chunked=chunked
        )

    @classmethod
    def validate_response(
        cls, schema: dict[str, typing.Any], response: typing.Any, body: object
    ) -> None:
        """Accept the statuses that the API defines for a success.

        :raises InvalidHttpSuccessCode: for any other.
        """
        if response.status not in schema['status_code']:
            raise lib_exceptions.InvalidHttpSuccessCode(
                f'status {response.status}, not {schema["status_code"]}',
                resp=response,
            )

    @staticmethod
    def _check_json(response: typing.Any, answer: bytes) -> None:
        try:
            _ANY_JSON.decode(answer)
        except msgspec.DecodeError as error:
            raise lib_exceptions.InvalidHTTPResponseBody(
                str(error), resp=response
            ) from None
