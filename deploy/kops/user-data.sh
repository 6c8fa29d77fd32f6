#!/bin/bash
# Prepares a control-plane node for aws-iam-authenticator before its API server starts, so that the API server finds the
# webhook kubeconfig at its first start. Running it again keeps the certificate and key that are there.
set -euo pipefail

cluster_id=k8s.local
# The executable that `npx -y pnpm@12 build` makes in dist/, at a place that the nodes can read, and its SHA-256.
url=https://example-bucket.s3.us-west-2.amazonaws.com/aws-iam-authenticator
sha256=0000000000000000000000000000000000000000000000000000000000000000

command=/usr/local/bin/aws-iam-authenticator
state=/var/aws-iam-authenticator
output=/srv/kubernetes/aws-iam-authenticator

exec >>/var/log/aws-iam-authenticator-init.log 2>&1

echo 'downloading the command'
curl --fail --silent --show-error --location --retry 5 --output "$command.new" "$url"
echo "$sha256  $command.new" | sha256sum --check
chmod 0755 "$command.new"
mv "$command.new" "$command"

# The DaemonSet's pods run as this uid, and it must be able to read the key.
id aws-iam-authenticator >/dev/null 2>&1 ||
  useradd --uid 10000 --user-group --no-create-home --home-dir "$output" --shell /sbin/nologin aws-iam-authenticator

echo 'making the TLS pair and the webhook kubeconfig'
mkdir -p "$state" "$output"
chmod 0700 "$state"
chmod 0755 "$output"
cd "$state"
"$command" init --cluster-id="$cluster_id"
mv aws-iam-authenticator.kubeconfig "$output/kubeconfig.yaml"
chown -R aws-iam-authenticator:aws-iam-authenticator "$state" "$output"
echo 'done'
