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
"""A collector of OpenTelemetry on loopback: OTLP over HTTP with protobuf."""

import contextlib
import gzip
import http.server
import threading

from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2


class Collector:
    """Keeps what it is sent; ``with Collector() as collector``.

    :ivar status: of its answers.
    :ivar hangs: seconds before it answers.
    :ivar requests: path, type of the content, and request, as they came.
    """

    def __init__(self):
        self.status = 200
        self.hangs = 0.0
        self.requests = []
        self._over = threading.Event()
        handler = type('Handler', (_Handler,), {'collector': self})
        self._server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), handler
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.05}
        )

    @property
    def url(self):
        return f'http://127.0.0.1:{self._server.server_port}'

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def take(self, path, kind, body):
        if self.hangs:
            self._over.wait(self.hangs)
        request = metrics_service_pb2.ExportMetricsServiceRequest()
        request.ParseFromString(body)
        self.requests.append((path, kind, request))
        return self.status

    def last(self):
        """Name and labels, by their names, to value, of what came last."""
        return {
            (
                metric.name,
                *(
                    one.value.string_value
                    for one in sorted(point.attributes, key=lambda x: x.key)
                ),
            ): point.as_double
            if point.HasField('as_double')
            else float(point.as_int)
            for metric in self.metrics()
            for point in getattr(metric, metric.WhichOneof('data')).data_points
        }

    def metrics(self):
        """What came last, as it was sent."""
        *_, (_, _, request) = self.requests
        return [
            metric
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]


class _Handler(http.server.BaseHTTPRequestHandler):
    collector: Collector

    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length']))
        if self.headers['content-encoding'] == 'gzip':
            body = gzip.decompress(body)
        status = self.collector.take(
            self.path, self.headers['content-type'], body
        )
        answer = metrics_service_pb2.ExportMetricsServiceResponse()
        # Who does not wait is gone by now.
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header('Content-Type', 'application/x-protobuf')
            self.end_headers()
            self.wfile.write(answer.SerializeToString())

    def log_message(self, *args):
        pass
