#!/bin/sh
# Writes what a release installs, with the hash of every file of it: releases/VERSION.txt.
# Needs uv; the versions are those of constraints.txt, which the tests ran with.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
uv pip compile pyproject.toml --universal --python-version 3.11 --constraint constraints.txt --generate-hashes \
  --no-header --no-annotate --no-emit-index-url --quiet --output-file "releases/$version.txt"
