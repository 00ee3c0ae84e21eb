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
"""Calling a function inside a network namespace.

A network namespace belongs to a thread, not to a process: a thread of its
own can visit the sandbox while the rest of the program stays where it is.
"""

import collections.abc
import concurrent.futures
import ctypes
import os
import pathlib
import typing

_CLONE_NEWNET = 0x40000000

Result = typing.TypeVar('Result')


def call(
    namespace: pathlib.Path, function: collections.abc.Callable[[], Result]
) -> Result:
    """Call a function in a thread that has joined a namespace.

    :param namespace: path of the namespace, below /run/netns
    :param function: anything it opens belongs to the namespace
    :returns: what the function returned; its exceptions come through
    :raises OSError: the namespace is not there or may not be entered
    """

    def visit() -> Result:
        _join(namespace)
        return function()

    # The thread ends with the executor, so none keeps the namespace alive.
    executor = concurrent.futures.ThreadPoolExecutor(max_workers=1)
    wait = True
    try:
        return executor.submit(visit).result()
    except KeyboardInterrupt:
        # What is torn down now will not give the answer that it waits for.
        wait = False
        raise
    finally:
        executor.shutdown(wait=wait)


def _join(namespace: pathlib.Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, _CLONE_NEWNET):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(namespace))
    finally:
        os.close(descriptor)
