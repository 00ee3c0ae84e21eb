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
"""What the users of a cluster notice when a controller loses its power.

Times count from the order to cut the power, or to give it back. A failure
later than the first good answer after the first failure is a flap.
"""

import dataclasses
import sys
import time

import asking
import rich.console
import rich.table

from extreme_tempest_plugin.sandbox import health
from extreme_tempest_plugin.sandbox.health import cluster as cluster_health
from extreme_tempest_plugin.sandbox.hosts import machine as machine_module

#: A server that is whole so soon was not held up by the dead controller.
PROMPT_S = 30
WHOLE_TIMEOUT_S = 300


@dataclasses.dataclass(frozen=True, slots=True)
class Outage:
    """One service in one cycle: seconds until it answered, flaps after."""

    seconds: float
    flaps: int


@dataclasses.dataclass(frozen=True, slots=True)
class Cycle:
    host: str
    had_address: bool
    outages: dict[str, Outage]
    boots: tuple[asking.Boot, ...]
    rejoin_s: float


def outage(samples):
    """What the samples of one service say; their times count from the cut."""
    samples = sorted(samples, key=lambda sample: sample.sent)
    failed = [sample for sample in samples if sample.error]
    if not failed:
        return Outage(0.0, 0)
    good = [
        sample.done
        for sample in samples
        if not sample.error and sample.sent > failed[0].sent
    ]
    if not good:
        return Outage(float('inf'), 0)
    answered = min(good)
    return Outage(answered, sum(sample.sent > answered for sample in failed))


def wait_until_whole(layout, shape, machines, password):
    """Wait until nothing is missing; returns the seconds that it took."""
    start = time.monotonic()
    while True:
        missing = cluster_health.missing_members(
            layout, shape, machines, password
        )
        if not missing:
            return time.monotonic() - start
        if time.monotonic() > start + WHOLE_TIMEOUT_S:
            raise SystemExit(f'still missing: {missing}')
        time.sleep(0.5)


def has_address(machine, address):
    """Whether a host has the address of the APIs at the moment."""
    shown = machine.run(['ip', '-br', 'address', 'show', 'eth0'])
    return f'{address}/' in shown


def cycle(layout, shape, machines, password, host):
    """Cut the power of one controller, and give it back."""
    (machine,) = (m for m in machines if m.host.name == host)
    had_address = has_address(machine, shape.api_address)
    prober = asking.Prober(layout, shape, password)
    cut = prober.run(lambda: machine.power('off'))
    machine.power('on')
    rejoined = wait_until_whole(layout, shape, machines, password)
    while health.missing_apis(layout, shape, password):
        time.sleep(1)
    samples = [
        dataclasses.replace(s, sent=s.sent - cut, done=s.done - cut)
        for s in prober.samples
    ]
    for sample in sorted(samples, key=lambda s: s.sent):
        if sample.error:
            print(
                f'  {sample.service} sent {sample.sent:.1f} s, failed '
                f'{sample.done:.1f} s: {sample.error}',
                file=sys.stderr,
            )
    return Cycle(
        host,
        had_address,
        {
            name: outage([s for s in samples if s.service == name])
            for name in prober.endpoints
        },
        tuple(
            asking.Boot(b.asked - cut, b.whole and b.whole - cut, b.error)
            for b in sorted(prober.boots, key=lambda boot: boot.asked)
        ),
        rejoined,
    )


def first_boot(done):
    """Seconds from the cut to the first server and port ACTIVE."""
    return min(
        (boot.whole for boot in done.boots if boot.whole is not None),
        default=float('inf'),
    )


def prompt_from(done):
    """Seconds from the cut on after which every server came up promptly."""
    held_up = [
        boot.asked
        for boot in done.boots
        if boot.whole is None or boot.whole - boot.asked > PROMPT_S
    ]
    return max(held_up, default=0.0)


def boots_whole(cycles):
    """Which part of the servers that were asked for came up, in percent."""
    boots = [boot for done in cycles for boot in done.boots]
    return 100 * sum(boot.whole is not None for boot in boots) / len(boots)


def show(cycles):
    """A table of all cycles, for people."""
    made = rich.table.Table(title='failover')
    names = list(cycles[0].outages)
    for title in ('off', 'had VIP', *names, 'flaps', 'first boot'):
        made.add_column(title)
    for title in ('boots', 'prompt from', 'rejoin'):
        made.add_column(title)
    for done in cycles:
        made.add_row(
            done.host,
            'yes' if done.had_address else 'no',
            *(f'{done.outages[name].seconds:.1f}' for name in names),
            str(sum(found.flaps for found in done.outages.values())),
            f'{first_boot(done):.1f}',
            f'{sum(b.whole is not None for b in done.boots)}'
            f'/{len(done.boots)}',
            f'{prompt_from(done):.0f}',
            f'{done.rejoin_s:.1f}',
        )
    rich.console.Console(stderr=True, width=120).print(made)


def _worst(seconds):
    """The longest, or None where one never ended."""
    longest = max(seconds)
    return None if longest == float('inf') else round(longest, 1)


def run(layout, shape, password, count, hosts=()):
    """Several cycles for each controller; returns the figures by key.

    :param count: cycles of each controller
    :param hosts: names of controllers; empty means all
    """
    machines = machine_module.machines(layout, shape)
    names = hosts or [host.name for host in shape.controllers]
    cycles = []
    for _ in range(count):
        for name in names:
            wait_until_whole(layout, shape, machines, password)
            print(f'power of {name} is cut', file=sys.stderr, flush=True)
            cycles.append(cycle(layout, shape, machines, password, name))
            for boot in cycles[-1].boots:
                print(f'  {boot}', file=sys.stderr)
            show(cycles)
    outages = [o for done in cycles for o in done.outages.values()]
    key = shape.name
    return {
        f'{key}.failover_cycles': len(cycles),
        f'{key}.failover_api_s': _worst(o.seconds for o in outages),
        f'{key}.failover_flaps': sum(o.flaps for o in outages),
        f'{key}.failover_boot_s': _worst(map(first_boot, cycles)),
        f'{key}.failover_prompt_from_s': round(max(map(prompt_from, cycles))),
        f'{key}.failover_boots_whole_pct': round(boots_whole(cycles), 1),
        f'{key}.rejoin_s': _worst(done.rejoin_s for done in cycles),
    }
