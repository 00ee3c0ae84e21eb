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
"""What a host runs when its clock jumps, and is set right: scripts for sh."""

# $2 which start of which kernel the tester runs on.
COMMON = r"""
tag=$1; tester=$2; shift 2
file=/run/$tag.undo
# Milliseconds.
now() { date +%s%3N; }
# Why the clock is not that of the host alone. A kernel has one for all its
# containers. The numbers are those of the first namespaces of any kernel,
# see include/linux/proc_ns.h there: a container has others.
shared() {
  if [ "$(cat /proc/sys/kernel/random/boot_id)" = "$tester" ]; then
    echo 'it runs on the kernel that we run on'
  elif kind=$(systemd-detect-virt --container 2>/dev/null); then
    echo "it is a container ($kind)"
  elif [ "$(readlink /proc/self/ns/pid)" != 'pid:[4026531836]' ] ||
    [ "$(readlink /proc/self/ns/user)" != 'user:[4026531837]' ] ||
    [ "$(readlink /proc/self/ns/uts)" != 'uts:[4026531838]' ]
  then echo 'it is in a container'
  fi
}
# Those that set the clock.
ntp() {
  has_systemd || return
  for unit in chrony chronyd ntp ntpd ntpsec openntpd systemd-timesyncd; do
    systemctl -q is-active "$unit.service" 2>/dev/null && echo "$unit.service"
  done
}
# Processes that set it all the same.
setters() {
  cat /proc/[0-9]*/comm 2>/dev/null |
    grep -xE 'chronyd|ntpd|openntpd|systemd-timesyn|phc2sys' | sort -u
}
# Sets it right, and may be run again.
undo() {
  [ ! -e "$file" ] || sh "$file"
}
"""
# $1 seconds, $2 seconds by which it jumps.
STEP = r"""
why=$(shared)
[ -z "$why" ] || fail "has no clock of its own: $why"
lock
# What an earlier one left goes first.
undo || fail "$file, of an earlier jump, cannot set the clock right"
units=$(ntp | tr '\n' ' ')
# When the host started, by the clock that is right now.
read -r up rest </proc/uptime
began=$(($(now) - ${up%.*}${up#*.}0))
umask 077
cat >"$file.new" <<END && mv "$file.new" "$file" || fail "$file: not written"
PATH=$PATH
read -r up rest </proc/uptime
ms=\$(($began + \${up%.*}\${up#*.}0))
date -u -s "@\$((ms / 1000)).\$(printf %03d \$((ms % 1000)))" >/dev/null &&
  { [ -z "$units" ] || systemctl start $units; } && rm -f $file
END
# Before anything is stopped or set.
arm "$1" "sh $file"
give_up() {
  undo
  disarm
  fail "$*"
}
[ -z "$units" ] || systemctl stop $units || give_up "$units cannot be stopped"
still=$(setters | tr '\n' ' ')
[ -z "$still" ] || give_up "$still sets the clock, and is no service of ours"
ms=$(($(now) + $2 * 1000))
said=$(date -u -s "@$((ms / 1000)).$(printf %03d $((ms % 1000)))" 2>&1) ||
  give_up "$said"
"""
HEAL = """
lock
for round in 1 2 3 4 5; do
  undo && break
  sleep 0.5
done
[ ! -e "$file" ] || fail "$file cannot set the clock right"
disarm
"""
LOOK = r"""
echo "First=$(now)"
why=$(shared)
[ -z "$why" ] || echo "Shared=$why"
[ ! -e "$file" ] || echo Left=yes
armed && echo Timer=yes
echo "Ntp=$(ntp | tr '\n' ' ')"
echo "Last=$(now)"
"""
