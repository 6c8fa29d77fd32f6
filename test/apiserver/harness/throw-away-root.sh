# Runs a program in a root folder of its own: throw-away-root.sh ROOT MOUNTS READ_ONLY PROGRAM [ARGUMENT...]
# The programs and libraries are this machine's, read-only. MOUNTS has lines `FROM<tab>TO<tab>ro|rw`; TO is inside ROOT and there.
# Run it under `unshare --mount`: what it mounts is gone with the program.
set -euo pipefail
root=$1 mounts=$2 read_only=$3
shift 3

bind() {
  mount --rbind "$1" "$root$2"
  if [ "$3" = ro ]; then mount -o remount,bind,ro "$root$2"; fi
}

# The root itself becomes a mount, so that it can be made read-only.
mount --bind "$root" "$root"
cd "$root"
for folder in usr bin sbin lib lib64; do
  if [ -L "/$folder" ]; then
    ln -sfn "$(readlink "/$folder")" "$root/$folder"
  elif [ -d "/$folder" ]; then
    mkdir -p "$root/$folder"
    bind "/$folder" "/$folder" ro
  fi
done
mkdir -p "$root/dev" "$root/proc"
bind /dev /dev rw
bind /proc /proc rw
while IFS=$'\t' read -r from to mode; do bind "$from" "$to" "$mode"; done <"$mounts"
if [ "$read_only" = yes ]; then mount -o remount,bind,ro "$root"; fi
exec chroot "$root" "$@"
