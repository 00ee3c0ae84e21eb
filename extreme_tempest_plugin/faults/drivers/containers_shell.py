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
"""Shell of the driver of containers.

See docker-container-inspect(1) and podman-inspect(1) for what they say,
cgroups(7) for the freezer. What is done is done by the runtime, or by systemd
where a unit runs the container; what is seen is seen beside that in ``/proc``
and at the port, too.
"""

#: What a script is of: $1 runtime, or nothing for the one that is there; $2
#: name; $3 unit, if any.
ONE = """
runtime=$1; name=$2; unit=$3; shift 3
"""
COMMON = """
choose() {
  [ -z "$runtime" ] || {
    command -v "$runtime" >/dev/null || fail "$runtime is not installed"
    return 0
  }
  set --
  for one in docker podman; do
    command -v "$one" >/dev/null && set -- "$@" "$one"
  done
  [ $# != 0 ] || fail 'neither docker nor podman is installed'
  [ $# = 1 ] || {
    set --
    for one in docker podman; do
      "$one" container inspect "$name" >/dev/null 2>&1 && set -- "$@" "$one"
    done
    [ $# = 1 ] || fail "docker and podman are there, and not one of them" \\
      "alone has $name: say which by its runtime in the configuration"
  }
  runtime=$1
}
# An identity that begins with the name is found as well, and is not meant.
inspect() {
  said=$("$runtime" container inspect --format 'Id={{.Id}}
Name={{.Name}}
Status={{.State.Status}}
Pid={{.State.Pid}}
StartedAt={{json .State.StartedAt}}
RestartCount={{.RestartCount}}
Policy={{.HostConfig.RestartPolicy.Name}}' "$name" 2>&1) || {
    case $said in
      *[Nn]'o such container'*) said=;;
      *) fail "$runtime:" $said;;
    esac
  }
  [ "$(value Name | tr -d /)" = "$name" ] || said='Status=absent'
  id=$(value Id); pid=$(value Pid); status=$(value Status)
}
value() { echo "$said" | sed -n "s/^$1=//p"; }
# Those in its control group; what watches over it is in another one.
processes() {
  [ -n "$id" ] || return 0
  grep -lE "[:/](docker-|libpod-(payload-)?)?$id" /proc/[0-9]*/cgroup \\
    2>/dev/null | cut -d / -f 3
}
# The number is that of a process here, and not in another container's /proc.
named() { processes | grep -qx "$pid"; }
freezer() {
  group=$(sed -n 's/^[0-9]*:freezer://p' "/proc/$pid/cgroup" 2>/dev/null)
  if [ -n "$group" ]
  then cat "/sys/fs/cgroup/freezer$group/freezer.state" 2>/dev/null
  else
    group=$(sed -n 's/^0:://p' "/proc/$pid/cgroup" 2>/dev/null)
    case $(cat "/sys/fs/cgroup$group/cgroup.events" 2>/dev/null) in
      *'frozen 1'*) echo FROZEN;;
      *'frozen 0'*) echo THAWED;;
    esac
  fi
}
# Our own session is below its main process or in its control group, or it
# has its files.
ours() {
  [ -n "$id" ] || return 1
  grep -q " [^ ]*$id[^ ]* /etc/hostname " /proc/self/mountinfo && return 0
  all=" $(processes | tr '\\n' ' ') $pid "
  up=$$
  while [ "${up:-0}" -gt 1 ]; do
    case $all in *" $up "*) return 0;; esac
    up=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$up/status" 2>/dev/null)
  done
  return 1
}
systemd() { systemctl show -p ActiveState --value -- "$unit"; }
# A stop of it, whose ever, that is not over: it will be down.
stopping() {
  pgrep -fx "[^ ]*$runtime (.* )?(stop|restart|rm) (.* )?$name( .*)?" \\
    >/dev/null
}
# podman leaves a process that lives with the container: it must not have
# our lock.
tell() {
  said=$("$@" 2>&1 </dev/null 9<&-) || fail "$1:" $said
}
begin() {
  lock
  choose
  inspect
  ours && fail "$name holds our own session: it must not be broken"
  [ "$status" = running ] || fail "$name is $status"
}
# Where it ended; whole, nothing is done.
revive() {
  case $status in running|restarting|paused) return 0;; esac
  if [ -n "$unit" ]
  then tell systemctl start -- "$unit"
  else tell "$runtime" start "$name"
  fi
}
"""
RESTART = """
begin
if [ -n "$unit" ]
then tell systemctl restart -- "$unit"
else tell "$runtime" restart "$name"
fi
"""
STOP = """
begin
if [ -n "$unit" ]
then tell systemctl stop -- "$unit"
else tell "$runtime" stop "$name"
fi
"""
# Not by the runtime: for docker, a container that it killed was stopped on
# purpose, whatever its restart policy.
KILL = """
begin
named || fail "$name: process $pid is not seen as its own from here"
kill -KILL "$pid"
"""
PAUSE = """
begin
tell "$runtime" pause "$name"
"""
START = """
lock
choose
inspect
revive
"""
UNPAUSE = """
lock
choose
inspect
[ "$status" != paused ] || tell "$runtime" unpause "$name"
revive
"""
# $1 port, $2 address, for what comes behind.
LOOK = """
choose
inspect
echo "$said"
if [ "${pid:-0}" != 0 ]; then echo "Freezer=$(freezer)"; fi
processes | sed 's/^/Process=/'
ours && echo Ours=yes
stopping && echo Stopping=yes
[ -z "$unit" ] || echo "Unit=$(systemd)"
"""
# Of several: $1 runtime and $2 name, again and again.
STATUSES = """
while [ $# != 0 ]; do
  runtime=$1; name=$2; shift 2
  (choose; inspect; echo "$status") 2>/dev/null || echo unknown
done
"""
