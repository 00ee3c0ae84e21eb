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
"""What a host runs where commands break and heal it: scripts for sh."""

import collections.abc

# Each command of the arguments ends with a mark, which says what it is for.
BREAKS, HEALS, STATUS = '+', ',', ':'
COMMON = """
tag=$1; shift
# Words, and never a pattern.
set -f
# $1 a mark, then all the arguments: the commands with this mark, one a line.
commands() {
  mark=$1; words=; shift
  for word in "$@"; do
    case $word in
      "$mark") echo "${words# }"; words=;;
      +|,|:) words=;;
      *) words="$words $word";;
    esac
  done
}
# For the timer, which has none of our functions.
undo() {
  commands , "$@" | while read -r command; do
    printf '%s' "for i in 1 2 3 4 5; do $command && break; sleep 2; done; "
  done
}
# Ours is killed after the time of a call; what hangs here would go on, and
# keep our lock. $limit seconds are for the whole script.
began=$(date +%s)
# Not every shell of a switch has it.
bound=; timeout -k 1 9 true 2>/dev/null && bound='timeout -k 1'
bounded() {
  left=$((began + limit - $(date +%s)))
  [ "$left" -gt 0 ] || left=1
  ${bound:+$bound "$left"} "$@"
}
# All of them, also where one fails.
each() {
  commands "$@" | {
    failed=
    while read -r command; do
      # What it leaves behind must not have our lock.
      bounded $command </dev/null >&2 9<&- ||
        failed="$failed; $command ended with $?"
    done
    [ -z "$failed" ] || fail "failed: ${failed#; }"
  }
}
"""
# $1 seconds, then commands.
BREAK = """
seconds=$1; shift
lock
arm "$seconds" "$(undo "$@")"
said=$(each + "$@" 2>&1) && exit 0
each , "$@" && disarm
fail "$said"
"""
# Where it is locked already.
HEAL = """
for round in 1 2 3 4 5; do
  said=$(each , "$@" 2>&1) && { disarm; exit 0; }
  sleep 0.5
done
fail "$said"
"""


def marked(
    mark: str, *commands: collections.abc.Iterable[str]
) -> tuple[str, ...]:
    """The arguments that say so.

    :param mark: one of the three.
    """
    return tuple(word for one in commands for word in (*one, mark))
