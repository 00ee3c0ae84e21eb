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
"""Measures what an operation of a storm costs, beside its peers.

All sides read the same server of the same nginx on loopback, in turn, in
several rounds. What counts is operations per CPU second (user and system) of
the load process; of a storm, operations that were chosen, sent, parsed,
verified and are in the history on disk. Each figure is the median over the
rounds of the ratio within a round; "..._spread" is the lowest and the
highest, "..._per_cpu_s" the median of a side.

vs_fasthttpuser: to a plain Locust FastHttpUser. vs_rally: to Rally's constant
runner with HttpRequests.check_request. vs_tempest: to Tempest's own client of
servers in a bare loop; vs_tempest_bare: without its check of each body against
a schema. users_1000_mb: most memory (RSS) of a load process with
1000 users. scale_4_workers: operations that 4 workers and their master do in
the CPU time of two cores, to those that one process does in that of one; the
stub and whatever else runs have no part in it. Each process has the same
number of users, for whoever adds workers wants more of them.
scale_4_workers_wall: the same by the clock, with the stub and all else on the
same cores. scale_loop: a loop of Python that waits for nothing, in two
processes to one, for what the machine allows: two cores may be one with two
threads, or share a cache.

Needs nginx: that of the machine, or the Debian package, which is unpacked
into a cache. Rally is installed into an environment of its own there.
"""

import os
import statistics
import sys
import tempfile

import nginx
import rally
import sides

#: Users of a comparison, and of each process where workers are compared.
USERS = 8
SCALE_USERS = 32
#: On which workers are compared.
CORES = 2


def add_arguments(parser):
    parser.add_argument(
        '--seconds',
        type=float,
        default=5.0,
        metavar='S',
        help='how long each side is measured in a round',
    )
    parser.add_argument(
        '--rounds',
        type=int,
        default=5,
        metavar='N',
        help='rounds of one run',
    )
    parser.add_argument(
        '--without',
        default='',
        metavar='PART[,PART]',
        help='leave out: rally, tempest, users, scale',
    )


def _say(text):
    print(f'  {text}', file=sys.stderr, flush=True)


class Figures:
    """Samples of each side, round by round."""

    def __init__(self):
        self._found = {}

    def add(self, name, value):
        self._found.setdefault(name, []).append(value)
        _say(f'{name}: {value:.4g}')

    def ratio(self, one, other, times=1.0):
        """Median, lowest and highest ratio within a round."""
        if other not in self._found or one not in self._found:
            return None
        pairs = zip(self._found[one], self._found[other], strict=True)
        found = [times * a / b for a, b in pairs]
        return (
            round(statistics.median(found), 2),
            f'{min(found):.2f} to {max(found):.2f}',
        )

    def median(self, name):
        return round(statistics.median(self._found[name]))

    def names(self):
        return tuple(self._found)


def _round(url, arguments, without, peer, figures):
    seconds = arguments.seconds
    figures.add(
        'fasthttpuser', sides.fasthttpuser(url, USERS, seconds).per_cpu_s
    )
    figures.add('storm', sides.ours(url, USERS, seconds).per_cpu_s)
    if peer is not None:
        requests, cpu_s = peer.cost(f'{url}/v2.1/servers/bench', USERS)
        figures.add('rally', requests / cpu_s)
    if 'tempest' not in without:
        for name, how in (('tempest', 'full'), ('tempest_bare', 'bare')):
            sample = sides.tempest(url, seconds, how)
            figures.add(name, sample.per_cpu_s)
    if 'scale' not in without:
        for processes in (1, CORES):
            sample = sides.loop(seconds, processes)
            figures.add(f'loop_{processes}', sample.per_cpu_s)
        for processes in (1, 4):
            users = SCALE_USERS * processes
            sample = sides.ours(url, users, seconds, processes=processes)
            figures.add(f'workers_{processes}', sample.per_cpu_s)
            figures.add(f'workers_{processes}_wall', sample.per_s)


def measure(arguments):
    """The figures, by key."""
    without = set(filter(None, arguments.without.split(',')))
    figures = Figures()
    rounds = arguments.rounds * max(1, arguments.runs)
    memory = []
    with nginx.serving() as url, tempfile.TemporaryDirectory() as directory:
        peer = None if 'rally' in without else rally.Rally(directory)
        for number in range(rounds):
            _say(f'round {number + 1} of {rounds}')
            _round(url, arguments, without, peer, figures)
        if 'users' not in without:
            memory = [
                sides.memory_mb(url, 1000)
                for _ in range(max(1, arguments.runs))
            ]
    return {
        **_ratios(figures),
        'users_1000_mb': max(memory) if memory else None,
        **{
            f'{name}_per_s'
            if name.endswith('_wall')
            else f'{name}_per_cpu_s': figures.median(name)
            for name in figures.names()
        },
        'rounds': rounds,
        'cores': os.cpu_count(),
        'load': ' '.join(f'{load:.0f}' for load in os.getloadavg()),
    }


def _ratios(figures):
    asked = {
        'vs_fasthttpuser': ('storm', 'fasthttpuser'),
        'vs_rally': ('storm', 'rally'),
        'vs_tempest': ('storm', 'tempest'),
        'vs_tempest_bare': ('storm', 'tempest_bare'),
        'scale_4_workers': ('workers_4', 'workers_1', CORES),
        'scale_loop': (f'loop_{CORES}', 'loop_1', CORES),
        'scale_4_workers_wall': ('workers_4_wall', 'workers_1_wall'),
    }
    found = {}
    for key, sides_ in asked.items():
        seen = figures.ratio(*sides_)
        found[key], found[f'{key}_spread'] = seen or (None, None)
    return found
