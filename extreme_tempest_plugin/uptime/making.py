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
"""The probe that a monitor was told to send."""

import dataclasses
import functools
import pathlib
import ssl
import time
import zlib

from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.uptime import boots
from extreme_tempest_plugin.uptime import catalogue
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import kept
from extreme_tempest_plugin.uptime import plain
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import questions
from extreme_tempest_plugin.uptime import recipes
from extreme_tempest_plugin.uptime import sampler
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import targets
from extreme_tempest_plugin.uptime import things
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport
from extreme_tempest_plugin.uptime import writes


def make(spec: spec_.Spec) -> sampler.Probe:
    """A probe that is ready to be sent.

    :raises UsageError: if the cloud or this user cannot do what it takes.
    :raises NoToken: if keystone gives no token.
    :raises OSError: if no ledger can be written.
    """
    target = targets.parse(spec.target)
    if target.kind != 'api':
        return plain.make(target)
    tls = endpoints.tls_context(spec.ca_file, spec.insecure)
    keystone = endpoints.of(spec.auth_url, tls)
    fetch = functools.partial(tokens.fetch, keystone, spec)
    token = fetch()
    url = catalogue.find(
        token.catalog,
        target.service,
        spec.catalog_type,
        spec.region,
        spec.endpoint_type,
    )
    send = kept.Connections().request if target.how == 'kept' else None
    send = send or transport.request
    where = at(target, endpoints.of(url, tls), tls)
    if target.how == 'write' and target.service == 'keystone':
        path = where.path if '/v3' in where.path else f'{where.path}/v3'
        return writes.Token(dataclasses.replace(where, path=path), spec, send)
    keeper = tokens.Keeper(token, fetch)
    keeper.start()
    if target.how == 'write':
        recipe = recipes.RECIPES[target.service]
        made = _things(spec, target, recipe.version, where, keeper, send)
        probe = writes.Write(recipe, made)
        probe.prepare(time.monotonic_ns() + tokens.TIMEOUT_NS)
        return probe
    if target.how == 'boot':
        made = _things(spec, target, boots.VERSION, where, keeper, send)
        return boots.Boot(spec, made)
    question = questions.of(target.service)
    return probes.Probe(question, where, keeper, send)


def _things(
    spec: spec_.Spec,
    target: targets.Target,
    version: str,
    where: endpoints.Endpoint,
    keeper: tokens.Keeper,
    send: transport.Send,
) -> things.Things:
    """What makes the things of a probe.

    :raises OSError: if no ledger can be written.
    """
    file = pathlib.Path(spec.ledger)
    file.parent.mkdir(exist_ok=True)
    stem = f'{listing.WATCHED}{spec.run[:8]}'
    if target.host:
        # Beside a monitor of the balancer, or of another backend.
        stem += f'-{zlib.crc32(spec.target.encode()):08x}'
    owed = ledger.Ledger(file)
    return things.Things(stem, version, where, keeper, owed, send)


def at(
    target: targets.Target, found: endpoints.Endpoint, verified: ssl.SSLContext
) -> endpoints.Endpoint:
    """The endpoint of the catalog, or the same of one backend."""
    if not target.host:
        return found
    tls = found.tls
    if target.scheme:
        tls = verified if target.scheme == 'https' else None
    standard = 443 if tls else 80
    port = target.port or (standard if target.scheme else found.port)
    return dataclasses.replace(found, host=target.host, port=port, tls=tls)
