#!/bin/sh
# Makes the folder FOLDER with what the executable needs of a Linux system, from packages of Debian 12: the C library, the list of
# authorities, and the user it runs as. ARCH is amd64 or arm64, and by default that of the machine. Prints a line for each package:
# name, version, architecture, SHA-256.
#
# Needs apt-get, dpkg and Debian's keys (package debian-archive-keyring), but neither root nor the machine's own package lists.
# DEBIAN_MIRROR replaces http://deb.debian.org.
set -eu
umask 022
[ $# = 1 ] || [ $# = 2 ] || { echo 'usage: rootfs.sh FOLDER [ARCH]' >&2; exit 2; }
[ ! -e "$1" ] || { echo "rootfs.sh: $1 is there already" >&2; exit 1; }
arch="${2:-$(dpkg --print-architecture)}"
case "$arch" in
  amd64) library=lib/x86_64-linux-gnu loader=lib64/ld-linux-x86-64.so.2 ;;
  arm64) library=lib/aarch64-linux-gnu loader=lib/ld-linux-aarch64.so.1 ;;
  *) echo "rootfs.sh: there is no executable for $arch: write amd64 or arm64" >&2; exit 1 ;;
esac
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keys" ] || { echo "rootfs.sh: no $keys: install debian-archive-keyring" >&2; exit 1; }
mkdir -p "$1"
root="$(cd "$1" && pwd)"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# As root, apt downloads as another user, which needs a folder that it can write.
chmod 0777 "$work"
cd "$work"
mkdir -p apt/lists/partial apt/cache/archives/partial
touch apt/status
mirror="${DEBIAN_MIRROR:-http://deb.debian.org}"
for suite in 'debian bookworm' 'debian bookworm-updates' 'debian-security bookworm-security'; do
  echo "deb [signed-by=$keys] $mirror/$suite main"
done >apt/sources.list
apt() {
  apt-get --quiet=2 -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o Acquire::Languages=none \
    -o Dir::State="$work/apt" -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt/cache" \
    -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null "$@" >&2
}
apt update
apt download libc6 ca-certificates
for package in libc6 ca-certificates; do
  for file in "$package"_*.deb; do
    dpkg-deb --extract "$file" tree
    dpkg-deb --show --showformat '${Package} ${Version} ${Architecture} ' "$file"
    sha256sum "$file" | cut -d ' ' -f 1
  done
done

mkdir -p "$root/$library" "$root/$(dirname "$loader")" "$root/etc/ssl/certs"
for name in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0; do cp -L "tree/$library/$name" "$root/$library/$name"; done
cp "tree/$library/$(basename "$loader")" "$root/$loader"
# What update-ca-certificates would make of them.
for file in tree/usr/share/ca-certificates/mozilla/*.crt; do cat "$file"; done >"$root/etc/ssl/certs/ca-certificates.crt"
echo 'aws-iam-authenticator:x:10000:10000::/:/sbin/nologin' >"$root/etc/passwd"
echo 'aws-iam-authenticator:x:10000:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
for package in libc6 ca-certificates; do
  mkdir -p "$root/usr/share/doc/$package"
  cp "tree/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done
# The same packages make the same bytes.
find "$root" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-0}" {} +
