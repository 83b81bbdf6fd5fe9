#!/usr/bin/env bash
# Installs what the tests use and npm does not bring: Chromium (Debian's), k6, helm, kubeconform and a checker of
# compose files (built from the Go module proxy), the engines, promtool and
# libfaketime. Says what it does first. Does nothing for what is there already. Needs root for apt-get; without it, says what is missing.
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
K6_VERSION=v1.8.1
HELM_VERSION=v3.22.0
KUBECONFORM_VERSION=v0.8.0
BIN="${PARLEY_TOOLS_BIN:-$HOME/.cache/parley/bin}"

packages=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || packages+=(chromium fonts-liberation fonts-noto-color-emoji)
command -v promtool >/dev/null || packages+=(prometheus)
command -v ip >/dev/null || packages+=(iproute2)
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || packages+=(libfaketime)

if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "install-test-tools: needs root; run: apt-get install ${packages[*]}" >&2
    exit 1
  fi
  echo "install-test-tools: apt-get install ${packages[*]} (their services are not started)"
  # Packages start their services through invoke-rc.d, which asks this file.
  POLICY=/usr/sbin/policy-rc.d
  if [ ! -e "$POLICY" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
    trap 'rm -f "$POLICY"' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" >/dev/null
fi

bash "$HERE/install-engines.sh" redis rabbitmq kafka

if ! command -v k6 >/dev/null && [ ! -x "$BIN/k6" ]; then
  echo "install-test-tools: go install go.k6.io/k6@$K6_VERSION into $BIN"
  mkdir -p "$BIN"
  GOBIN="$BIN" go install "go.k6.io/k6@$K6_VERSION"
fi

# golang MODULE NAME: builds it where NAME is not there yet. helm takes a minute on two quiet cores.
golang() {
  if command -v "$2" >/dev/null || [ -x "$BIN/$2" ]; then return; fi
  echo "install-test-tools: go install $1 into $BIN"
  mkdir -p "$BIN"
  GOBIN="$BIN" go install "$1"
}
golang "helm.sh/helm/v3/cmd/helm@$HELM_VERSION" helm
golang "github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM_VERSION" kubeconform

if [ ! -x "$BIN/compose-check" ]; then
  echo "install-test-tools: go build infra/compose/check into $BIN"
  mkdir -p "$BIN"
  (cd "$HERE/compose/check" && go build -o "$BIN/compose-check" .)
fi
