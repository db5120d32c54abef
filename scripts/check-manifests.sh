#!/usr/bin/env bash
# Checks the manifests of deploy/kubernetes against the published schemas of Kubernetes, by the Python package
# kubernetes-validate in an environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet kubernetes-validate
# --strict: a field that Kubernetes does not know is an error.
for version in 1.31 1.33; do
  "$environment/bin/kubernetes-validate" --strict -k "$version" deploy/kubernetes/*.yaml
done
