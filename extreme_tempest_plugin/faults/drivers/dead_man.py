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
"""A timer on the target that undoes a fault if nobody else does.

Shell functions for scripts of ``remote.run``. ``$tag`` names the timer, and
the command that it runs may hold neither ``$`` nor ``%``, which systemd
replaces in commands, see systemd.service(5).
"""

import hashlib

from extreme_tempest_plugin.faults import configuration

SHELL = r"""
has_systemd() { [ -d /run/systemd/system ]; }
armed() {
  pid=
  if has_systemd && systemctl -q is-active "$tag.timer"; then return 0; fi
  pid=$(cat "/run/$tag.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  # The number may belong to another by now.
  { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -q "$tag"
}
disarmed() { ! armed; }
within_5_s() {
  for try in $(seq 50); do
    if "$1"; then return 0; fi
    sleep 0.1
  done
  return 1
}
disarm() {
  if has_systemd; then
    systemctl stop "$tag.timer" "$tag.service" 2>/dev/null
    systemctl reset-failed "$tag.service" 2>/dev/null
  fi
  if armed && [ -n "$pid" ]; then
    # With its sleep: it leads a group. In the words that every sh takes.
    kill -s KILL -- "-$pid"
  fi
  within_5_s disarmed || fail "the timer $tag cannot be disarmed"
  rm -f "/run/$tag.pid"
}
# $1 seconds, $2 command
arm() {
  disarm
  if ! { has_systemd && systemd-run -q --collect --unit="$tag" \
      --on-active="$1" --timer-property=AccuracySec=1s /bin/sh -c "$2"; }
  then
    # A session of its own outlives ours. It must not hold our lock, nor the
    # pipes that ssh waits for.
    setsid sh -c 'echo $$ >"/run/$0.pid"; sleep "$1"; eval "$2"
      rm -f "/run/$0.pid"' "$tag" "$1" "$2" </dev/null >/dev/null 2>&1 9<&- &
  fi
  within_5_s armed || fail "the timer that would undo it could not be armed"
}
"""


def tag(target: configuration.Target) -> str:
    """Name of the timer, and of what else is ours on the host.

    From the target alone, so that whoever heals finds it; letters, digits
    and ``_``, which nft and systemd take.
    """
    digest = hashlib.sha256(target.name.encode()).hexdigest()[:12]
    return f'extreme_{target.subject}_{digest}'
