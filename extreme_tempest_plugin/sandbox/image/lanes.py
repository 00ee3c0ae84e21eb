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
"""Work in several lanes at once, ended together."""

import collections.abc
import concurrent.futures


def run(
    lanes: collections.abc.Mapping[str, collections.abc.Callable[[], None]],
    *,
    stop: collections.abc.Callable[[], None],
    ended: collections.abc.Callable[[str], None],
) -> None:
    """Run all lanes and wait for their ends.

    :param lanes: by a name for people
    :param stop: makes every lane fail soon; called when one has failed, or
        when the waiting is interrupted, since a lane may last for minutes
    :param ended: is told the name of a lane that ended well
    :raises Exception: what the first failing lane raised
    """
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as executor:
        running = {executor.submit(lanes[name]): name for name in lanes}
        try:
            for future in concurrent.futures.as_completed(running):
                future.result()
                ended(running[future])
        except BaseException:
            pending = set(running)
            while pending:
                # Again and again: a lane may begin something new just after.
                stop()
                pending = concurrent.futures.wait(pending, timeout=1).not_done
            raise
