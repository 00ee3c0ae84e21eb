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
"""Any event that a process may write."""

import hypothesis.strategies as st

from extreme_tempest_plugin.history import events

times = st.integers(0, 2**62)
words = st.text(max_size=20)
resources = st.sampled_from(['server/a', 'server/b', 'keypair/k', ''])
values = st.dictionaries(
    words, st.none() | st.booleans() | st.integers(-9, 9) | words, max_size=3
)
ops = st.sampled_from([f'0-{number}' for number in range(6)])
actors = st.sampled_from(['campaign', 'storm/0', 'storm/0/user-1'])
base = {'t': times, 'actor': actors}

outcomes = {
    **base,
    'op': ops,
    'status': st.sampled_from([0, 200, 202, 404, 409, 500, 503]),
    'request_id': words,
    'value': resources,
    'error': words,
}

any_event = st.one_of(
    st.builds(
        events.Invoke,
        **base,
        op=ops,
        action=st.sampled_from(
            [
                'server.create',
                'server.delete',
                'server.rename',
                'keypair.create',
                'x',
                '',
            ]
        ),
        service=st.sampled_from(['nova', '']),
        resource=resources,
        args=values,
        choice=values,
    ),
    st.builds(events.Ok, **outcomes),
    st.builds(events.Fail, **outcomes),
    st.builds(events.Info, **outcomes),
    st.builds(
        events.Settled,
        **base,
        op=ops,
        state=st.sampled_from(['ACTIVE', 'BUILD', 'ERROR', 'unseen', '']),
        reached=st.booleans(),
        after_ns=st.integers(-(2**62), 2**62),
        error=words,
    ),
    st.builds(
        events.Sample,
        **base,
        service=st.sampled_from(['nova', 'keystone']),
        probe=words,
        intended=times,
        sent=times,
        done=times,
        status=st.sampled_from([0, 200, 503]),
        error=st.sampled_from(['', 'timeout']),
    ),
    st.builds(
        events.Missed,
        **base,
        service=st.sampled_from(['nova', 'keystone']),
        probe=words,
        intended=times,
        why=words,
    ),
    st.builds(
        events.Fault,
        **base,
        fault=st.sampled_from(['fault-1', 'fault-2']),
        kind=st.sampled_from(['service.restart', 'x']),
        phase=st.sampled_from(events.FaultPhase),
        target=st.sampled_from(['rabbitmq', 'x']),
        evidence=words,
    ),
    st.builds(
        events.Census,
        **base,
        phase=st.sampled_from(events.CensusPhase),
        service=words,
        resource=resources,
        state=st.sampled_from(['ACTIVE', 'BUILD', 'ERROR', 'DELETED', '']),
        owner=words,
        refs=st.dictionaries(st.just('name'), words),
    ),
    st.builds(
        events.Log, **base, host=words, file=words, line=words, level=words
    ),
    st.builds(
        events.Violation,
        **base,
        service=words,
        request=words,
        where=words,
        why=words,
        status=st.sampled_from([0, 200]),
        request_id=words,
    ),
    st.builds(
        events.Note,
        **base,
        what=st.sampled_from(events.Topic),
        about=st.sampled_from(
            ['campaign', 'storm/0', 'after/server', 'after/keypair', '']
        ),
        text=words,
    ),
)
