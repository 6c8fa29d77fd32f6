#!/bin/sh
# Makes the folder FOLDER with what the executable needs of a Linux system, from Debian's packages: the C library, the list of
# authorities, and the user it runs as. Needs apt-get and dpkg, and root only where apt has no package lists yet.
set -eu
umask 022
[ $# = 1 ] || { echo 'usage: rootfs.sh FOLDER' >&2; exit 2; }
[ ! -e "$1" ] || { echo "rootfs.sh: $1 is there already" >&2; exit 1; }
mkdir -p "$1"
root="$(cd "$1" && pwd)"

case "$(dpkg --print-architecture)" in
  amd64) library=lib/x86_64-linux-gnu loader=lib64/ld-linux-x86-64.so.2 ;;
  arm64) library=lib/aarch64-linux-gnu loader=lib/ld-linux-aarch64.so.1 ;;
  *) echo "rootfs.sh: there is no executable for $(dpkg --print-architecture)" >&2; exit 1 ;;
esac

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# apt drops root for the download, and needs a folder that it can write then.
chmod 0777 "$work"
cd "$work"
apt-cache show libc6 ca-certificates >/dev/null 2>&1 || apt-get update --quiet
apt-get download --quiet libc6 ca-certificates
for package in ./*.deb; do dpkg-deb --extract "$package" tree; done

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
