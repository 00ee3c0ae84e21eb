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
"""What a host runs when it is cut off, and joined again: scripts for sh."""

# $1 direction, $2 percent that is dropped, $3 ports or "all", then the peers.
COMMON = """
tag=$1; shift
list() { nft list table inet "$tag" 2>/dev/null; }
undo="while nft list table inet $tag >/dev/null 2>&1"
undo="$undo; do nft delete table inet $tag || sleep 1; done"
command -v nft >/dev/null || fail 'nft is not installed: install nftables'
nft list tables >/dev/null || exit 3
# $1 s or d, for what comes from them or goes to them. Either end may have the
# port: who connected is not known.
rules() {
  for peer in $peers; do
    case $peer in *:*) family=ip6;; *) family=ip;; esac
    rule="$family ${1}addr $peer"
    if [ "$ports" = all ]; then
      echo "$rule $share counter drop"
    else
      for end in sport dport; do
        echo "$rule meta l4proto { tcp, udp } th $end { $ports }" \\
          "$share counter drop"
      done
    fi
  done
}
# Arguments as above.
table() {
  direction=$1; share=; ports=$3
  # The first counter is of all packets, the second of those it drops.
  [ "$2" = 100 ] || share="counter numgen random mod 100 < $2"
  shift 3
  peers=$*
  echo "table inet $tag {"
  for chain in in out; do
    echo "chain ${chain} {"
    case $chain in in) hook=input; way=s;; out) hook=output; way=d;; esac
    echo "type filter hook $hook priority -310; policy accept;"
    case $direction in "$chain"|both) rules "$way";; esac
    echo '}'
  done
  echo '}'
}
"""
# $1 seconds, then as above.
CUT = """
seconds=$1; shift
[ -n "$client" ] || fail 'the address that we come from cannot be told'
for peer in "$@"; do
  [ "$peer" != "$client" ] ||
    fail "$client is where we come from: nobody could heal it"
done
lock
# Before anything is cut; and what an earlier one left goes first.
arm "$seconds" "$undo"
list >/dev/null && nft delete table inet "$tag"
table "$@" | nft -f - && exit 0
disarm
fail 'nft does not take our rules'
"""
JOIN = """
lock
for round in 1 2 3 4 5; do
  list >/dev/null || break
  nft delete table inet "$tag" || sleep 0.5
done
list >/dev/null && fail "table inet $tag cannot be removed"
disarm
"""
# $1 port, $2 how often a connection is made to each peer, then as above.
LOOK = """
port=$1; times=$2; shift 2
list >/dev/null && echo Table=yes
armed && echo Timer=yes
echo "Client=$client"
table "$@" | nft -c -f - >/dev/null 2>&1 || echo Refused=yes
shift 3
for peer in "$@"; do
  {
    said=$(timeout 3 bash -c 'for ((round = 0; round < $3; round++)); do
        exec 3<>"/dev/tcp/$1/$2" && echo yes
      done' - "$peer" "$port" "$times" 2>/dev/null)
    if [ -n "$said" ]; then echo "Reached=$peer"; else echo "Missed=$peer"; fi
  } &
done
wait
# Last: they count what was just tried.
list | sed -n 's/^[[:space:]]*/Rule=/p' | grep ' drop$'
exit 0
"""
