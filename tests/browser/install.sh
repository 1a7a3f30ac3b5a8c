#!/bin/sh
# What the browser tests need and pip does not bring: Debian's Chromium, and axe-core from npm.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  else
    echo "No Chromium: the browser tests are skipped. Install the package 'chromium'." >&2
  fi
fi
if ! command -v npm >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
fi
if command -v npm >/dev/null; then
  npm install --silent --no-audit --no-fund --no-save --no-package-lock --prefix "$here/.venv/node" axe-core@4.14.1 >/dev/null
else
  echo "No npm: the browser tests are skipped. Install the package 'npm'." >&2
fi
