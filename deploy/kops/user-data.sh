#!/bin/bash
# Prepares a control-plane node for aws-iam-authenticator before its API server starts, so that the API server finds the
# webhook kubeconfig at its first start. Running it again changes nothing that is right: the executable, the certificate and
# the key stay. What it did is in $log, and if it fails, on the console too.
set -euo pipefail
umask 022

# Yours.
cluster_id=k8s.local
version=1.0.0
# Where the nodes can read the files of the release, such as a bucket.
base_url=https://example-bucket.s3.us-west-2.amazonaws.com/aws-iam-authenticator
# The SHA-256 of the release's file for each kind of node that you have.
sha256_amd64=0000000000000000000000000000000000000000000000000000000000000000
sha256_arm64=0000000000000000000000000000000000000000000000000000000000000000

# Where the API server looks for the webhook kubeconfig: in `authenticationTokenWebhookConfigFile` and the DaemonSet too.
output=/srv/kubernetes/aws-iam-authenticator
state=/var/aws-iam-authenticator
command=/usr/local/bin/aws-iam-authenticator
log=/var/log/aws-iam-authenticator-init.log

# The pods run as this uid, and it must be able to read the key.
user=aws-iam-authenticator
uid=10000

work="$(mktemp -d)"
exec 3>&2 >>"$log" 2>&1

step() {
  doing="$1"
  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $doing"
}

fail() {
  reason="$1"
  exit 1
}

finish() {
  local code=$?
  rm -rf "$work"
  if [ "$code" != 0 ]; then
    local failed="aws-iam-authenticator: failed while $doing${reason:+: $reason}"
    echo "$failed"
    printf '%s\n' "$failed" "aws-iam-authenticator: see $log; this node takes no logins by IAM until the script ends well" >&3
  fi
}
trap finish EXIT

step 'choosing the executable'
case "$(uname -m)" in
  x86_64) arch=amd64 sha256=$sha256_amd64 ;;
  aarch64) arch=arm64 sha256=$sha256_arm64 ;;
  *) fail "there is no executable for $(uname -m)" ;;
esac
url="$base_url/aws-iam-authenticator_${version}_linux_$arch"
[[ $sha256 =~ ^[0-9a-f]{64}$ && ! $sha256 =~ ^0+$ ]] || fail "sha256_$arch is not set"

if [ -x "$command" ] && echo "$sha256  $command" | sha256sum --check --status; then
  step "keeping $command"
else
  step "downloading $url"
  curl --fail --silent --show-error --location --proto '=https' --proto-redir '=https' \
    --connect-timeout 10 --max-time 300 --retry 5 --output "$work/executable" "$url"
  found="$(sha256sum <"$work/executable" | cut -d ' ' -f 1)"
  [ "$found" = "$sha256" ] || fail "the download has the SHA-256 $found, and sha256_$arch is $sha256"
  # Beside its place, and renamed: whoever runs it meanwhile runs the old one or the new one.
  install -m 0755 "$work/executable" "$command.new"
  mv -f "$command.new" "$command"
fi

step "making the user $user"
if has="$(id -u "$user" 2>/dev/null)"; then
  [ "$has" = "$uid" ] || fail "$user is there with uid $has, and the pods run as uid $uid"
else
  other="$(getent passwd "$uid" | cut -d : -f 1 || true)"
  [ -z "$other" ] || fail "uid $uid is that of $other, and the pods run as it"
  useradd --uid "$uid" --user-group --no-create-home --home-dir "$output" --shell /sbin/nologin "$user"
fi

step 'making the TLS pair and the webhook kubeconfig'
mkdir -p "$(dirname "$state")" "$(dirname "$output")"
install -d -m 0700 "$state"
install -d -m 0755 "$output"
cat >"$work/config.yaml" <<EOF
server:
  stateDir: $state
  generateKubeconfig: $output/kubeconfig.yaml
EOF
"$command" init --cluster-id="$cluster_id" --config="$work/config.yaml" --feature-gates=ConfiguredInitDirectories=true
chown --no-dereference "$user:$user" "$state" "$output" \
  "$state/cert.pem" "$state/key.pem" "$output/kubeconfig.yaml"

step 'done'
