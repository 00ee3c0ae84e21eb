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
"""What a switch runs when its ports go down and up: scripts for sh."""

from extreme_tempest_plugin.faults.drivers import commands_shell

COMMON = (
    commands_shell.COMMON
    + """
# With a name of its own; $1 what is done in it.
flapper() { (tag=${tag}_flap; "$@"); }
flaps() {
  armed || { has_systemd && systemctl -q is-active "$tag.service"; }
}
"""
)
# Down for 2 s and up for 2 s, by a process that ends with up. It lasts longer
# than the fault is held, which is less than half of the seconds, and ends
# before them, unless the commands take longer than that.
FLAP = """
seconds=$1; shift
lock
flapper disarm || exit 3
arm "$seconds" "$(undo "$@")"
all() { commands "$@" | while read -r one; do printf '%s; ' "$one"; done; }
loop="do $(all + "$@") sleep 2; $(all , "$@") sleep 2; done"
flapper arm 1 "for i in $(seq -s ' ' 1 $((seconds / 6 + 1))); $loop" && exit 0
disarm
exit 3
"""
TAKE_UP = f"""
lock
flapper disarm || exit 3
{commands_shell.HEAL}
"""
LOOK = """
armed && echo Timer=yes
rounds=1
if flapper flaps; then
  echo Flapping=yes
  # Long enough to see it both ways.
  rounds=7
fi
while [ $rounds -gt 0 ]; do
  commands : "$@" | while read -r command; do
    $command </dev/null 2>&1 | head -n 1000 | sed "s/^/Said$rounds=/"
  done
  rounds=$((rounds - 1))
  [ $rounds = 0 ] || sleep 0.7
done
"""
