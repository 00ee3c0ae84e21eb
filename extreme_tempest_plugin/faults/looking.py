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
"""Looking at a target until it shows what is waited for."""

import collections.abc

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence

#: Seconds between two looks at the target.
PERIOD = 0.5
#: What these show has happened, and cannot end.
_PAST = (
    catalogue.Proof.REPLACED,
    catalogue.Proof.KILLED,
    catalogue.Proof.REBOOTED,
)

States = tuple[evidence.State, ...]


class Lookout:
    """Looks at one target, again and again.

    :param observer: looks once.
    :param clock: CLOCK_MONOTONIC, ns.
    :param pause: waits so many seconds.
    """

    def __init__(
        self,
        target: configuration.Target,
        observer: evidence.Observer,
        clock: collections.abc.Callable[[], int],
        pause: collections.abc.Callable[[float], None],
    ) -> None:
        self._target = target
        self._observer = observer
        self._now = clock
        self._pause = pause

    def look(self) -> tuple[States, str]:
        """The target and what is to be said of it; empty if not seen."""
        try:
            seen = self._observer.observe(self._target)
        except (errors.ExtremeError, OSError) as error:
            return (), str(error)
        return seen, evidence.describe(seen)

    def until_happened(
        self,
        proof: catalogue.Proof,
        before: States,
        deadline: int,
        longest: int,
    ) -> tuple[bool, str]:
        """Whether a fault took place, and what shows it.

        :param before: the target before the fault.
        :param deadline: ns.
        :param longest: the deadline once systemd was seen at work, ns.
        """
        while True:
            seen, said = self.look()
            if seen and evidence.happened(proof, before, seen):
                return True, evidence.describe(seen, before)
            if evidence.moving(seen):
                deadline = longest
            if self._now() >= deadline:
                return False, said
            self._pause(PERIOD)

    def ended(self, proof: catalogue.Proof, before: States) -> str:
        """What shows that a fault is over, in one look.

        :param before: the target before the fault.
        :returns: empty if it lasts, or nobody can tell.
        """
        if proof in _PAST:
            return ''
        seen, said = self.look()
        pairs = zip(before, seen, strict=True) if seen else ()
        lasts = all(now.lasts(proof, old) for old, now in pairs)
        return '' if lasts else said

    def until_whole(
        self, deadline: int, steady: int, grace: int
    ) -> tuple[int | None, str]:
        """Since when it is whole and stays so, and what was seen last.

        :param deadline: ns.
        :param steady: it must stay so, without another start, for this long,
            ns.
        :param grace: what is whole at the deadline gets so much longer to
            prove it, ns.
        :returns: ns; None if it is not, or does not stay so.
        """
        steadiness = evidence.Steadiness()
        while True:
            seen, said = self.look()
            now = self._now()
            since = steadiness.seen(seen, now)
            if since >= steady:
                return now - since, said
            if now >= deadline and since < 0:
                return None, said
            if now >= deadline + grace:
                return None, f'{said}; does not stay so'
            self._pause(PERIOD)
