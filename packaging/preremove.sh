#!/bin/sh
# Before this package is removed. dpkg calls it with "remove", rpm with 0; an upgrade has another argument.
set -eu

case "${1:-}" in
  remove | 0)
    if [ -d /run/systemd/system ]; then
      systemctl disable --now "@PROGRAM@.service" || true
    fi
    ;;
esac
