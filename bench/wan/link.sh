#!/bin/sh
# link.sh DELAY_MICROSECONDS LOSS_PER_MILLION COMMAND [ARGUMENT...]
#
# Runs COMMAND with GW and AG set to the ids of two processes, each in a network namespace of its own: the gateway's
# side has 10.9.0.1, the agent's side 10.9.0.2, and between them is a link that delays every packet one way by
# DELAY_MICROSECONDS. When COMMAND ends, so does all of it. Wants root, a C compiler, util-linux and iproute2.
set -eu

delay=$1 loss=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
started=
take_down() {
  trap '' HUP INT TERM
  for pid in $started; do kill "$pid" 2>/dev/null || :; done
  rm -rf "$work"
}
trap take_down EXIT
trap 'exit 1' HUP INT TERM

cc -O2 -pthread -o "$work/delay-line" "$here/delay-line.c"

unshare --net sleep infinity &
GW=$! started="$started $!"
unshare --net sleep infinity &
AG=$! started="$started $!"

# unshare has done its part once the process is in another namespace than this one.
await_namespace() {
  until [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
}
await_namespace "$GW"
await_namespace "$AG"

mkfifo "$work/ready"
"$work/delay-line" "$GW" "$AG" "$delay" "$loss" >"$work/ready" &
started="$started $!"
read -r _ <"$work/ready"

side() {
  nsenter -t "$1" -n ip link set lo up
  nsenter -t "$1" -n ip address add "$2/24" dev wan0
  nsenter -t "$1" -n ip link set wan0 mtu 1500 txqueuelen 10000 up
}
side "$GW" 10.9.0.1
side "$AG" 10.9.0.2

export GW AG
"$@"
