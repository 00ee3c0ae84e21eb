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
"""``tempest extreme uptime``: watch APIs, and nothing else."""

import argparse
import os
import pathlib
import signal
import sys
import types

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import conduct
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.plan import ready
from extreme_tempest_plugin.plan import values
from extreme_tempest_plugin.reports import uptime_json

#: Seconds of a watch where nothing is said, as in OSIC's api_uptime.
SECONDS = 60.0

#: Name of the sentinel in the current directory, as there.
SENTINEL = pathlib.Path('api.uptime.stop')


class Uptime(base.Command):
    """Watch APIs and say when each was away.

    One process for each service sends a request at fixed times, whatever
    becomes of the ones before, and never a second time. It ends after a time,
    after a number of samples, or, as a daemon, when the sentinel file appears.
    SIGTERM and Ctrl-C end it in good order, too; the second Ctrl-C at once.
    Exit code: 0 pass, 1 fail, 3 unknown, 2 bad usage.
    """

    example = (
        'tempest extreme uptime -s nova,neutron -d -o uptime.json '
        '--longest-outage 5'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '-s',
            '--services',
            metavar='NAME,...',
            help='what to watch, instead of [uptime] services: nova, '
            'nova/kept, nova/write, nova/boot, nova@HOST:PORT, '
            'tcp:HOST:PORT, ping:HOST, dns:NAME@SERVER',
        )
        parser.add_argument(
            '--control',
            metavar='TARGET',
            help='something of the network of this machine, tcp:HOST:PORT '
            'for one; while it is away, too, nobody knows',
        )
        _add_end(parser)
        _add_limits(parser)
        parser.add_argument(
            '-o',
            '--output',
            '--output-file',
            type=pathlib.Path,
            metavar='FILE',
            help='write uptime by service there, as OSIC api_uptime did',
        )
        parser.add_argument(
            '-v',
            '--verbose',
            action='store_true',
            help='say what is watched, and what ends it',
        )
        conduct.add_options(parser)
        return parser

    def act(self, args: argparse.Namespace) -> int:
        plan = _plan(args)
        ending = Ending(args.sentinel if args.daemon else None)
        if args.output:
            writable(args.output)
        # Before a command is looked at, -v is taken for tempest's own.
        if args.verbose or self.app_args.verbose_level > 1:
            _tell(args)
        ending.heed_signals()
        result = conduct.perform(args, plan, until=ending)
        if args.output:
            try:
                uptime_json.write(result.verdict, args.output)
            except OSError as error:
                raise errors.HarnessError(
                    f'{args.output}: cannot be written: {error.strerror}; '
                    f'the verdict is in {result.directory}'
                ) from None
        return conduct.say(args, result)


def _add_end(parser: argparse.ArgumentParser) -> None:
    """What ends the watch."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        '-t',
        '--times',
        '--duration',
        type=float,
        default=SECONDS,
        metavar='SECONDS',
        help='watch for so long; 60 without it',
    )
    group.add_argument(
        '-n', '--samples', type=int, help='of each service, and then end'
    )
    group.add_argument(
        '-d',
        '--daemon',
        action='store_true',
        help='watch until the sentinel appears',
    )
    parser.add_argument(
        '--sentinel',
        type=pathlib.Path,
        default=SENTINEL,
        metavar='FILE',
        help=f'the file that ends a daemon; {SENTINEL} without it',
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--interval',
        type=float,
        metavar='SECONDS',
        help='between two samples of a service, 0.02 or more; 0.5 without it',
    )
    parser.add_argument(
        '--timeout',
        type=float,
        metavar='SECONDS',
        help='a sample without an answer by then has failed; 10 without it',
    )
    parser.add_argument(
        '--boot-interval',
        type=float,
        metavar='SECONDS',
        help='between two boots of nova/boot, 1 or more; 30 without it',
    )
    parser.add_argument(
        '--boot-timeout',
        type=float,
        metavar='SECONDS',
        help='a server of nova/boot that is not ACTIVE by then has failed; '
        '120 without it',
    )
    parser.add_argument(
        '--longest-outage',
        type=float,
        default=0.0,
        metavar='SECONDS',
        help='that an outage may last for a pass; 0 without it',
    )
    parser.add_argument(
        '--least-uptime',
        type=float,
        metavar='PERCENT',
        help='of the time that each service must be up for a pass',
    )


def _plan(args: argparse.Namespace) -> model.Plan:
    """The plan that the options mean.

    :raises UsageError: for a value that it may not have.
    """
    uptime = {
        key: value
        for key in (
            'interval',
            'timeout',
            'boot_interval',
            'boot_timeout',
            'samples',
            'control',
        )
        if (value := getattr(args, key)) is not None
    }
    if args.services is not None:
        names = (name.strip() for name in args.services.split(','))
        uptime['services'] = [name for name in names if name]
    slo = {'longest_outage': {model.DEFAULT: args.longest_outage}}
    if args.least_uptime is not None:
        slo['uptime'] = {model.DEFAULT: args.least_uptime}
    bare = model.Plan(name='uptime', duration=SECONDS, uptime=model.Uptime())
    plan = ready.changed(bare, uptime=uptime, slo=slo)
    assert plan.uptime is not None
    seconds = args.times
    if args.daemon:
        seconds = values.MOST_SECONDS
    elif args.samples is not None:
        # The monitors end the run; this is only for one that hangs.
        seconds = 2.0 * max(
            args.samples * plan.uptime.interval_of(name)
            + plan.uptime.timeout_of(name)
            for name in plan.uptime.services or ('',)
        )
    return ready.changed(plan, duration=min(seconds, values.MOST_SECONDS))


class Ending:
    """What ends a watch early; see ``campaign.Until``.

    :param sentinel: its appearance does; None for no file.
    :raises UsageError: if it is there already, or could never appear.
    """

    def __init__(self, sentinel: pathlib.Path | None) -> None:
        self._sentinel = sentinel
        self._signal = ''
        if sentinel is None:
            return
        if sentinel.exists():
            raise errors.UsageError(
                f'{sentinel}: the sentinel is there already, which would end '
                'the watch at once: another watch was ended by it, or still '
                'ends; remove it, or name another with --sentinel'
            )
        writable(sentinel)

    def heed_signals(self) -> None:
        """SIGTERM and SIGINT end the watch in good order from now on."""
        signal.signal(signal.SIGTERM, self._heed)
        signal.signal(signal.SIGINT, self._heed)

    def __call__(self) -> str:
        if self._sentinel is not None and self._sentinel.exists():
            return f'the sentinel {self._sentinel} appeared'
        return self._signal

    def _heed(self, number: int, frame: types.FrameType | None) -> None:
        if self._signal:
            # Whoever asks twice does not want to wait.
            raise KeyboardInterrupt
        self._signal = f'{signal.Signals(number).name} came'


def writable(path: pathlib.Path) -> None:
    """See whether a file can be made.

    :raises UsageError: if not.
    """
    if path.is_dir():
        raise errors.UsageError(f'{path}: it is a directory')
    if not path.parent.is_dir():
        raise errors.UsageError(f'{path}: there is no {path.parent}')
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise errors.UsageError(
            f'{path}: {path.parent} is not writable for this user'
        )


def _tell(args: argparse.Namespace) -> None:
    end = f'after {args.times:g} s'
    if args.daemon:
        end = f'when {args.sentinel.absolute()} appears'
    elif args.samples is not None:
        end = f'after {args.samples} samples of each service'
    for line in (
        f'services: {args.services or "as in [uptime] services"}',
        f'ends: {end}, on SIGTERM, on Ctrl-C',
        f'output: {args.output or "standard output"}',
    ):
        print(line, file=sys.stderr)
