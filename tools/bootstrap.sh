#!/usr/bin/env bash
# Makes .venv from Python 3.11 and puts uv into it. As root it installs Python from Debian where it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }

usable() {
  command -v "$1" >/dev/null 2>&1 &&
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-python3.11}" python3.11 /usr/bin/python3.11 python3; do
    if usable "$candidate"; then
      printf '%s' "$candidate"
      return 0
    fi
  done
  return 1
}

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
  if ! python=$(find_python); then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
      say "Python 3.11 with venv is missing: installing it from Debian"
      apt-get update -qq
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv
      python=$(find_python)
    else
      say "Python 3.11 with its venv module is missing. Install it, for example: apt-get install python3.11 python3.11-venv"
      exit 1
    fi
  fi
  say "making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
fi

stamps=.venv/var/stamps
mkdir -p "$stamps"
if ! cmp -s requirements-bootstrap.lock "$stamps/bootstrap.lock"; then
  say "installing uv"
  if .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock; then
    cp requirements-bootstrap.lock "$stamps/bootstrap.lock"
  else
    say "uv cannot be installed; pip does its work (slower)"
  fi
fi
