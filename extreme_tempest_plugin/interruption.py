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
"""What ends a run from outside: signals, of which each lets it clean up."""

import collections.abc
import contextlib
import signal
import threading
import types

#: Of which the first one alone counts; Ctrl-C may come again.
_ONCE = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def heeded() -> collections.abc.Iterator[None]:
    """A kill, or a session that is lost, ends the block as Ctrl-C does.

    What is ignored by then, as SIGHUP under nohup, stays so. In another
    thread than the main one, which gets no signals, this does nothing.

    :raises KeyboardInterrupt: in the block, when a signal comes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with contextlib.ExitStack() as stack:
        for number in (signal.SIGINT, *_ONCE):
            before = signal.getsignal(number)
            # None: of somebody who is not Python.
            if before not in (signal.SIG_IGN, None):
                stack.callback(signal.signal, number, before)
                signal.signal(number, _interrupt)
        yield


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    # A session that ends sends several; from now on it heals. A handler, for
    # what is ignored would be so in all that is started, too.
    for other in _ONCE:
        if signal.getsignal(other) is _interrupt:
            signal.signal(other, _nothing)
    raise KeyboardInterrupt


def _nothing(number: int, frame: types.FrameType | None) -> None:
    """It ends already."""
