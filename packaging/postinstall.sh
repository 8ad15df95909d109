#!/bin/sh
# After this package has been unpacked, by dpkg or by rpm: points to its version, and restarts a service that runs.
set -eu

program=@PROGRAM@
version=@VERSION@
home=/opt/penstock

# In the order of semantic versions: 1.0.0-rc.1 comes before 1.0.0.
is_newer() {
  [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | tr - '~' | sort -V | tail -n 1 | tr '~' -)" = "$1" ]
}

for pointer in current stable; do
  if [ -x "$home/$pointer/$program" ]; then
    pointed=$(basename "$(readlink "$home/$pointer")")
    if is_newer "$pointed" "$version"; then
      # An upgrade of this host installed it. Going back would be a downgrade that nobody asked for.
      echo "$program: $home/$pointer stays at $pointed, which is newer than this package ($version)." >&2
      # It may have been an upgrade of the other program, which left this one as it was.
      present=$("$home/$pointer/$program" self-check 2>/dev/null) || present=
      if [ "$present" != "$version" ] && ! is_newer "$present" "$version"; then
        ln -f "$home/versions/$version/$program" "$home/$pointer/.$program.new"
        mv -f "$home/$pointer/.$program.new" "$home/$pointer/$program"
      fi
      continue
    fi
  fi
  # Atomically: a service that starts meanwhile finds the one or the other.
  ln -sfn "versions/$version" "$home/.$pointer.new"
  mv -fT "$home/.$pointer.new" "$home/$pointer"
done

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # Lets connections finish first, as long as drain.timeout says.
  systemctl try-restart "$program.service"
fi
