#!/bin/sh
# After this package was removed. What an upgrade of this host has installed goes too; the configuration and the identity
# stay, except with "apt purge", which removes the identity.
set -eu

program=@PROGRAM@
home=/opt/penstock

case "${1:-}" in
  remove | purge | 0)
    rm -f "$home"/versions/*/"$program"
    rmdir --ignore-fail-on-non-empty "$home"/versions/* 2>/dev/null || true
    for pointer in current stable; do
      [ -e "$home/$pointer" ] || rm -f "$home/$pointer"
    done
    rmdir "$home/versions" "$home" 2>/dev/null || true
    if [ -d /run/systemd/system ]; then
      systemctl daemon-reload || true
    fi
    ;;
esac
if [ "${1:-}" = purge ]; then
  rm -rf "/var/lib/private/$program" "/var/lib/$program"
fi
