#!/bin/sh
# Installs a program of Penstock on a Linux host with systemd:
#
#   sh install.sh [agent|gateway] [--from URL|DIRECTORY] [--version X] [--verify-only]
#
# Downloads the newest release, or takes it from a directory; verifies the signatures up to the root keys below, the
# expiry, the size and the SHA-256; and puts the program at /opt/penstock/versions/X, where "current" points to it.
# It neither starts a service nor takes a token: the program does that, and reads the token from a file.
set -eu

# Base64 of the SPKI of three Ed25519 keys, two of which must have signed keys.json.
root_keys=''
default_source=''

threshold=2
max_document=262144
home=/opt/penstock

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit 1
}

usage() {
  sed -n '2,9s/^# \{0,1\}//p' "$0"
  exit "$1"
}

kind=agent
source=$default_source
version=
verify_only=
while [ $# -gt 0 ]; do
  case $1 in
    agent | gateway) kind=$1 ;;
    --from) shift && source=${1:-} ;;
    --version) shift && version=${1:-} ;;
    --verify-only) verify_only=yes ;;
    --help | -h) usage 0 ;;
    *token*) fail 'A token on a command line can be read by every user of this host. Give it to "penstock-agent service install" in a file: --token-file FILE.' ;;
    *) printf 'install.sh: %s is not an option.\n\n' "$1" >&2 && usage 1 >&2 ;;
  esac
  shift
done
program=penstock-$kind

[ -n "$source" ] || fail 'Name the URL or the directory that has the releases: --from URL.'
[ -n "$root_keys" ] || fail 'This copy of the script contains no root keys, so it can verify nothing. Take the one that is published with the releases.'
[ "$(uname -s)" = Linux ] || fail "This script is for Linux. docs/install.md has the steps for $(uname -s)."
case $(uname -m) in
  x86_64 | amd64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) fail "There is no executable for $(uname -m). The npm package needs only Node." ;;
esac
[ -n "$verify_only" ] || [ "$(id -u)" = 0 ] || fail 'Only root can install programs. Run it with sudo, or use --verify-only.'
if ldd --version 2>&1 | grep -qi musl; then
  fail 'The executables need glibc 2.28 or newer, and this host has musl. Use the container image or the npm package.'
fi
case $(openssl version 2>/dev/null) in
  'OpenSSL 3.'* | 'OpenSSL 4.'*) ;;
  *) fail 'Verifying Ed25519 signatures needs OpenSSL 3 or newer. Install it, or verify on another host: docs/install.md.' ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
umask 022

# get NAME FILE MAX_BYTES: a file of the release, and no more than so many bytes of it.
get() {
  case $source in
    http://* | https://*)
      if command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --proto =http,https --retry 3 --max-filesize "$3" --output "$2" "$source/$1" ||
          fail "$source/$1 could not be downloaded."
      elif command -v wget >/dev/null; then
        wget --quiet --tries=3 --output-document=- "$source/$1" | head -c "$(($3 + 1))" >"$2"
      else
        fail 'Neither curl nor wget is installed.'
      fi
      ;;
    *) cp "$source/$1" "$2" 2>/dev/null || fail "$source/$1 does not exist or cannot be read." ;;
  esac
  [ "$(wc -c <"$2")" -le "$3" ] || fail "$1 is larger than $3 bytes."
  [ -s "$2" ] || fail "$1 is empty."
}

# string KEY FILE [N]: the value of the first such key, or the Nth, in JSON that has a key a line, as ours has.
string() {
  sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$2" | sed -n "${3:-1}p"
}

key_file() {
  { echo '-----BEGIN PUBLIC KEY-----' && echo "$1" && echo '-----END PUBLIC KEY-----'; } >"$work/key.pem"
}

# signed_by TYPE KEYS: how many of the base64 KEYS have signed $work/TYPE.json; its payload is then in $work/TYPE.
signed_by() {
  document=$work/$1.json
  type="application/vnd.penstock.$1+json"
  [ "$(string payloadType "$document")" = "$type" ] || fail "$1.json is not what its name says, or is truncated."
  string payload "$document" | openssl base64 -d -A >"$work/$1"
  # DSSE: what is signed is the type and the payload, each with its length.
  { printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(wc -c <"$work/$1")" && cat "$work/$1"; } >"$work/signed"
  sed -n 's/^ *"keyid": "\([0-9a-f]*\)",$/\1/p; s/^ *"sig": "\([0-9A-Za-z+/=]*\)"$/\1/p' "$document" >"$work/signatures"
  count=0
  for key in $2; do
    id=$(printf %s "$key" | openssl base64 -d -A | openssl dgst -sha256 -r | cut -d ' ' -f 1)
    key_file "$key"
    grep -A 1 -x "$id" "$work/signatures" | sed -n 2p | openssl base64 -d -A >"$work/signature"
    if openssl pkeyutl -verify -rawin -pubin -inkey "$work/key.pem" -in "$work/signed" \
      -sigfile "$work/signature" >/dev/null 2>&1; then
      count=$((count + 1))
    fi
  done
  [ "$(string product "$work/$1")" = penstock ] || [ "$count" = 0 ] || fail "$1.json belongs to another product."
  echo "$count"
}

# RFC 3339 in UTC: the order of the text is the order of the time.
not_expired() {
  expires=$(string expires "$work/$1")
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  [ "$(printf '%s\n%s\n' "$now" "$expires" | LC_ALL=C sort | head -n 1)" = "$now" ] ||
    fail "$1.json expired at $expires. Fetch the current one, and check the clock of this host ($now)."
}

get keys.json "$work/keys.json" $max_document
signatures=$(signed_by keys "$root_keys")
[ "$signatures" -ge $threshold ] || fail "keys.json has $signatures valid signatures of the root keys, and needs $threshold."
not_expired keys
release_keys=$(sed -n '/"publicKey":/{s/.*: "\(.*\)",*/\1/;h;}; /"use": "release"/{x;p;}' "$work/keys")

get latest.json "$work/latest.json" $max_document
[ "$(signed_by latest "$release_keys")" -ge 1 ] || fail 'latest.json is not signed by a release key.'
not_expired latest
newest=$(string version "$work/latest")
version=${version:-$newest}
case $version in
  *[!0-9A-Za-z.-]* | '' | .* | -*) fail "$version is not a version." ;;
esac

get "$version/release.json" "$work/release.json" $max_document
[ "$(signed_by release "$release_keys")" -ge 1 ] || fail 'release.json is not signed by a release key.'
not_expired release
[ "$(string version "$work/release")" = "$version" ] || fail "release.json is not of version $version."
if [ "$version" = "$newest" ] &&
  [ "$(openssl dgst -sha256 -r "$work/release.json" | cut -d ' ' -f 1)" != "$(string sha256 "$work/latest")" ]; then
  fail 'latest.json announces another release.json. Fetch both again.'
fi
# The first sequence in latest.json is its own, the second that of the newest release.
announced=$(string sequence "$work/latest" 2)
sequence=$(string sequence "$work/release")
[ "$sequence" -le "$announced" ] || fail "Version $version has not been announced."
for list in latest release; do
  if sed -n '/"revoked": \[/,/\]/p' "$work/$list" | grep -q "\"$version\""; then
    fail "Version $version has been revoked. Install a newer one."
  fi
done
installed=$home/current/$program
if [ -x "$installed" ]; then
  present=$("$installed" self-check --output json 2>/dev/null | sed -n 's/^ *"sequence": \([0-9]*\),$/\1/p')
  [ "$sequence" -ge "${present:-0}" ] ||
    fail "$installed is of a newer release than $version. To go back, point $home/current to a version in $home/versions."
fi

# One artifact: from its program to the end of its object.
awk -v program="$program" -v arch="$arch" '
  /^    \{$/ { text = ""; depth = 1 }
  depth { text = text $0 "\n" }
  /^    \},?$/ {
    if (text ~ "\"program\": \"" program "\"" && text ~ /"kind": "executable"/ && text ~ /"os": "linux"/ &&
        text ~ "\"arch\": \"" arch "\"") printf "%s", text
    depth = 0
  }' "$work/release" >"$work/artifact"
file=$(string file "$work/artifact")
size=$(string size "$work/artifact")
sha256=$(string sha256 "$work/artifact")
[ -n "$file" ] && [ -n "$size" ] && [ -n "$sha256" ] || fail "Release $version has no $program for Linux on $arch."
# The second ones are those of the compressed file.
get "$version/$(string file "$work/artifact" 2)" "$work/$program.gz" "$(string size "$work/artifact" 2)"
gzip -dc "$work/$program.gz" 2>/dev/null | head -c "$((size + 1))" >"$work/$program"
[ "$(wc -c <"$work/$program")" = "$size" ] || fail "$file is truncated, or larger than release.json says."
[ "$(openssl dgst -sha256 -r "$work/$program" | cut -d ' ' -f 1)" = "$sha256" ] ||
  fail "$file is not the file that release.json describes."
echo "$file is signed, current, and complete."
[ -z "$verify_only" ] || exit 0

folder=$home/versions/$version
mkdir -p "$folder"
cp "$work/$program" "$folder/.$program.new"
chmod 0755 "$folder/.$program.new"
absent=$(ldd "$folder/.$program.new" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found$/\1/p' | tr '\n' ' ')
if [ -n "$absent" ]; then
  rm -f "$folder/.$program.new"
  fail "$program needs libraries that this host lacks: ${absent% }. Install them: apt install libatomic1 libstdc++6, or dnf install libatomic libstdc++."
fi
runs=$("$folder/.$program.new" self-check) || {
  rm -f "$folder/.$program.new"
  fail "$program does not run on this host."
}
[ "$runs" = "$version" ] || fail "$program says that it is version $runs, not $version."
mv -f "$folder/.$program.new" "$folder/$program"
# The other program of this host runs from the same pointers, and keeps its version.
for other in "$home"/current/penstock-*; do
  if [ -f "$other" ] && [ ! -e "$folder/${other##*/}" ]; then ln "$other" "$folder/${other##*/}"; fi
done
for pointer in current stable; do
  ln -sfn "versions/$version" "$home/.$pointer.new"
  mv -fT "$home/.$pointer.new" "$home/$pointer"
done
mkdir -p /usr/local/bin /etc/penstock
ln -sfn "$home/current/$program" "/usr/local/bin/$program"

echo "$program $version is installed at $folder."
if [ -d /run/systemd/system ] && systemctl is-active --quiet "$program.service"; then
  echo "Restart the service to run it: systemctl restart $program"
elif [ "$kind" = gateway ]; then
  echo "Write /etc/penstock/gateway.yaml, then initialize the gateway as the user of its service, and install the service:"
  echo "  sudo systemd-run --pipe --wait --quiet --property DynamicUser=yes --property User=penstock-gateway \\"
  echo "    --property StateDirectory=penstock-gateway --property StateDirectoryMode=0700 \\"
  echo "    $home/current/$program init --config /etc/penstock/gateway.yaml --host gateway.example.com"
  echo "  sudo /usr/local/bin/$program service install"
else
  echo "Write /etc/penstock/agent.yaml, then run: sudo /usr/local/bin/$program service install --token-file FILE"
fi
