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
"""Fill a file system with a file of our own, and remove that file again.

The file begins with a line that says whose it is, and only such a file is
ever removed. It is allocated, not written, see fallocate(1): that takes no
time, and works on ext4, xfs, btrfs and tmpfs.
"""

import dataclasses

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.faults.drivers import timed

_MIB = 1 << 20
#: File systems keep some for their own records: so much more than what was
#: to be left is full, too; and less room than that cannot be filled.
SLACK_MB = 8
# $1 the mount point.
_COMMON = """
tag=$1; path=$2; shift 2
file=${path%/}/$tag
mounted() { [ "$(stat -c %m -- "$path" 2>/dev/null)" = "$path" ]; }
ours() {
  [ -f "$file" ] && [ ! -L "$file" ] && head -n 1 "$file" | grep -qx "$tag"
}
there() { [ -e "$file" ] || [ -L "$file" ]; }
available() { stat -f -c '%a %S' -- "$path"; }
# What is left for those who are not root, in bytes.
left() { set -- $(available); echo $(($1 * $2)); }
undo="if [ -f $file ] && [ ! -L $file ] && head -n 1 $file | grep -qx $tag"
undo="$undo; then rm -f $file; fi"
"""
# $1 seconds, $2 bytes to leave.
_FILL = """
seconds=$1; leave=$2
lock
mounted || fail "$path is no mount point"
if there; then ours || fail "$file is there and not ours"; fi
# Before anything is made; also disarms the timer of an earlier one.
arm "$seconds" "$undo"
if there; then rm -f "$file"; fi
umask 077
# Fails on what came meanwhile, and follows no link.
set -C
echo "$tag" >"$file" || { disarm; fail "$file cannot be made"; }
have=4096
step=$(($(left) - leave))
round=0
while [ "$step" -ge 4096 ] && [ $round -lt 64 ]; do
  round=$((round + 1))
  if fallocate -l $((have + step)) "$file" 2>/dev/null; then
    have=$((have + step))
    step=$(($(left) - leave))
  else
    # It needs some for its own records.
    step=$((step / 2))
  fi
done
[ "$have" -gt 4096 ] && exit 0
eval "$undo"
disarm
fail "$path: nothing could be allocated"
"""
_FREE = """
lock
eval "$undo"
if ours; then fail "$file cannot be removed"; fi
disarm
"""
_LOOK = """
mounted && echo Mounted=yes
if ours; then echo File=ours; elif there; then echo File=other; fi
armed && echo Timer=yes
echo "Left=$(left)"
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DiskState(evidence.State):
    """A file system of a host, at one moment.

    :param disk: as it is in the configuration.
    :param mounted: a file system is mounted there.
    :param file: ``ours``, ``other`` for one that has its name and is not
        ours, empty for none.
    :param left: bytes that are free for those who are not root.
    :param timer: the timer is armed that undoes it.
    """

    host: str
    disk: parts.Disk
    mounted: bool
    file: str
    left: int
    timer: bool

    @property
    def full(self) -> bool:
        return self.left <= (self.disk.leave_mb + SLACK_MB) * _MIB

    @property
    def whole(self) -> bool:
        return self.mounted and not (self.full or self.file or self.timer)

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        assert proof is catalogue.Proof.FULL
        return self.mounted and self.full and self.file == 'ours'

    def __str__(self) -> str:
        if not self.mounted:
            return f'{self.host}: {self.disk.path} is no mount point'
        words = [
            f'{self.host}: {self.disk.path}: {self.left // _MIB} MiB left'
        ]
        if self.file:
            words.append(
                'our file is there'
                if self.file == 'ours'
                else 'a file that is not ours has its name'
            )
        if self.timer:
            words.append('the timer is armed')
        return ', '.join(words)


class Filler(timed.Timed[DiskState]):
    """Engine and observer of ``disk.full``."""

    common = _COMMON
    breaking = _FILL
    healing = _FREE
    looking = _LOOK
    breaks = (catalogue.Verb.FILL,)
    heals = catalogue.Verb.FREE
    done = 'filled'

    def words(self, target: configuration.Target) -> tuple[str, ...]:
        return (_disk(target).path,)

    def to_break(self, target: configuration.Target) -> tuple[str, ...]:
        return (str(_disk(target).leave_mb * _MIB),)

    def look(self, host: ssh.Host, target: configuration.Target) -> DiskState:
        return parse(self.ask(host, target), target)


def parse(text: str, target: configuration.Target) -> DiskState:
    """What the host said.

    :raises UnreachableError: if the answer is none.
    """
    disk = _disk(target)
    said = dict(remote.pairs(text))
    host = target.hosts[0].address
    if not said.get('Left', '').isdigit():
        raise ssh.UnreachableError(
            f'{host}: {disk.path}: its room is not known'
        )
    return DiskState(
        host=host,
        disk=disk,
        mounted='Mounted' in said,
        file=said.get('File', ''),
        left=int(said['Left']),
        timer='Timer' in said,
    )


def _disk(target: configuration.Target) -> parts.Disk:
    assert isinstance(target.part, parts.Disk)
    return target.part


DRIVER = driver.Driver(
    name='disk',
    by='shell over SSH, as root',
    kinds=(catalogue.KINDS['disk.full'],),
    engine=Filler,
    observer=Filler,
)
