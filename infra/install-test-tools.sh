#!/usr/bin/env bash
# Installs what the tests use and npm does not bring: Chromium (Debian's) and k6 (built from the Go module proxy). Says what it does first.
# Does nothing for what is there already. Needs root for apt-get; without it, says what is missing.
set -euo pipefail
K6_VERSION=v1.8.1
BIN="${PARLEY_TOOLS_BIN:-$HOME/.cache/parley/bin}"

if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
  echo "install-test-tools: apt-get install chromium and fonts"
  if [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-liberation fonts-noto-color-emoji >/dev/null
  else
    echo "install-test-tools: needs root for apt-get; install chromium yourself" >&2
    exit 1
  fi
fi

if ! command -v k6 >/dev/null && [ ! -x "$BIN/k6" ]; then
  echo "install-test-tools: go install go.k6.io/k6@$K6_VERSION into $BIN"
  mkdir -p "$BIN"
  GOBIN="$BIN" go install "go.k6.io/k6@$K6_VERSION"
fi
