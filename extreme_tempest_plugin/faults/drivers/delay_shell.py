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
"""What a host runs when packets are to wait, and no longer: scripts for sh."""

# $2 handle of our queue, $3 and $4 milliseconds, $5 peers with commas.
COMMON = r"""
tag=$1; handle=$2; delay=$3; jitter=$4; peers=$(echo "$5" | tr , ' ')
shift 5
for program in tc ip; do
  command -v "$program" >/dev/null ||
    fail "$program is not installed: install iproute2"
done
# Interfaces that have our queue.
ours() {
  tc qdisc show | sed -n "s/^qdisc prio $handle: dev \([^ ]*\) root .*/\1/p"
}
# Interfaces that lead to the peers.
devices() {
  for peer in $peers; do
    ip -o route get "$peer" | sed -n 's/.* dev \([^ ]*\).*/\1/p'
  done | sort -u
}
# Queues of an interface that somebody configured; and none is lost of those
# that are not at the root.
configured() {
  tc qdisc show dev "$1" |
    grep -vE "^qdisc (ingress|clsact) |^qdisc [^ ]+ ($handle|0): " |
    sed -n "s/^qdisc \([^ ]* [^ ]*\) .*/\1 of $1/p"
}
# For "sh -c": $dev waits. Band 1 is for what does not.
export handle delay jitter peers
shape='
tc qdisc add dev "$dev" root handle "$handle:" prio bands 2 \
  priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 || exit 3
tc qdisc add dev "$dev" parent "$handle:1" fq_codel 2>/dev/null ||
  tc qdisc add dev "$dev" parent "$handle:1" pfifo limit 1000 || exit 3
tc qdisc add dev "$dev" parent "$handle:2" netem limit 10000 \
  delay "${delay}ms" "${jitter}ms" || exit 3
for peer in $peers; do
  case $peer in
    *:*) family="protocol ipv6 prio 2 u32 match ip6 dst $peer/128";;
    *) family="protocol ip prio 1 u32 match ip dst $peer/32";;
  esac
  tc filter add dev "$dev" parent "$handle:" $family flowid "$handle:2" ||
    exit 3
done
'
# Why the kernel cannot do it: tried in a network of its own, which is gone
# then, so that nothing of the host is touched.
unable() {
  said=$(unshare -n env dev=lo sh -c "$shape" 2>&1) ||
    echo "${said:-it failed without a word}" | head -n 1
}
remove() {
  for dev in $(ours); do tc qdisc del dev "$dev" root handle "$handle:"; done
}
"""
# $1 seconds.
DELAY = r"""
[ -n "$client" ] || fail 'the address that we come from cannot be told'
case " $peers " in *" $client "*)
  fail "$client is where we come from: nobody could heal it";;
esac
lock
why=$(unable)
[ -z "$why" ] || fail "the kernel cannot delay packets: $why"
# What an earlier one left goes first.
remove
found=$(devices)
[ -n "$found" ] || fail "no interface leads to $peers"
undo=
for dev in $found; do
  case $dev in lo|*[!A-Za-z0-9_.:@-]*) fail "$dev is no way to others";; esac
  why=$(configured "$dev")
  [ -z "$why" ] || fail "somebody configured $why, which would be lost"
  undo="$undo tc qdisc del dev $dev root handle $handle:;"
done
# Before anything waits.
arm "$1" "$undo"
for dev in $found; do
  export dev
  said=$(sh -c "$shape" 2>&1) && continue
  remove
  disarm
  fail "$dev: $said"
done
"""
HEAL = """
lock
for round in 1 2 3 4 5; do
  [ -n "$(ours)" ] || break
  remove || sleep 0.5
done
left=$(ours)
[ -z "$left" ] || fail "the queue $handle: of $left cannot be removed"
disarm
"""
# $1 port.
LOOK = r"""
ours | sed 's/^/Ours=/'
armed && echo Timer=yes
echo "Client=$client"
why=$(unable)
[ -z "$why" ] || echo "Unable=$why"
for dev in $(devices); do
  [ "$dev" != lo ] || echo Busy=lo
  configured "$dev" | sed 's/^/Busy=/'
done
for peer in $peers; do
  {
    said=$(timeout $((5 + 3 * delay / 1000)) bash -c '
      shortest=
      for round in 1 2 3; do
        began=${EPOCHREALTIME/./}
        exec 3<>"/dev/tcp/$1/$2" || exit 1
        took=$((${EPOCHREALTIME/./} - began))
        exec 3>&-
        if [ -z "$shortest" ] || [ $took -lt $shortest ]; then
          shortest=$took
        fi
      done
      echo "Took=$1 $shortest"
    ' - "$peer" "$1" 2>/dev/null)
    echo "${said:-Missed=$peer}"
  } &
done
wait
"""
