#!/usr/bin/env bash
# Asks the YAML readers of Python, JavaScript and Go what they make of our output: every hostile text of
# tests/yaml_writer.rs, alone and in pairs, as value, list item and key. Installs the readers into a temporary directory.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

(cd "$here/../.." && PLATFORMGEN_CORPUS="$work/corpus" cargo test --quiet --test yaml_writer the_corpus)

python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet pyyaml ruamel.yaml
"$work/python/bin/python" "$here/read.py" "$work/corpus"

cp "$here/read.mjs" "$work/"
(cd "$work" && npm install --silent --no-save js-yaml js-yaml-4@npm:js-yaml@4 yaml >/dev/null && node read.mjs corpus)

mkdir "$work/go" && cp "$here/go/main.go" "$work/go/"
(cd "$work/go" && go mod init readers >/dev/null 2>&1 && go get sigs.k8s.io/yaml go.yaml.in/yaml/v3 >/dev/null 2>&1 && go run . ../corpus)
