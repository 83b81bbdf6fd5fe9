#!/bin/sh
# assemble.sh SOURCE TARGET: the file tree of the image, from a clone whose web client and SDK are built (npm ci). TARGET must not exist.
# The Dockerfile calls it, and a test does without Docker. Needs node and npm; reads no setting, touches nothing outside of TARGET.
set -eu
source=$(cd "$1" && pwd)
target=$2
[ ! -e "$target" ] || { echo "assemble: $target is there already" >&2; exit 2; }
for built in apps/web/dist/index.html packages/sdk/dist/parley.js; do
  [ -e "$source/$built" ] || { echo "assemble: $built is missing: run npm ci in $source first" >&2; exit 1; }
done

mkdir -p "$target"
cd "$source"
cp package.json package-lock.json LICENSE "$target/"
# npm wants to see every workspace that the lockfile names, also those that stay out of the image.
for manifest in apps/*/package.json packages/*/package.json tests/*/package.json infra/*/package.json load/package.json tools/package.json; do
  [ -e "$manifest" ] || continue
  mkdir -p "$target/$(dirname "$manifest")"
  cp "$manifest" "$target/$manifest"
done

cd "$target"
# Only what `parley` and the services need to run; no package runs a script of its own. Node comes with the base image.
npm ci --workspace @parley/cli --include-workspace-root=false --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
rm -rf node_modules/node-linux-* node_modules/node-darwin-* node_modules/node-bin-* node_modules/typescript node_modules/@typescript node_modules/.package-lock.json

# What a link in node_modules leads to is what runs; the other workspaces go again.
wanted=$(for link in node_modules/@parley/*; do (cd "$link" && pwd -P); done)
for manifest in apps/*/package.json packages/*/package.json tests/*/package.json infra/*/package.json load/package.json tools/package.json; do
  [ -e "$manifest" ] || continue
  workspace=$(dirname "$manifest")
  if printf '%s\n' "$wanted" | grep -qx "$(pwd -P)/$workspace"; then
    for part in src prisma/migrations migrations-log; do
      [ -d "$source/$workspace/$part" ] || continue
      mkdir -p "$(dirname "$workspace/$part")"
      cp -R "$source/$workspace/$part" "$workspace/$part"
    done
  else
    rm -rf "$workspace"
  fi
done
mkdir -p apps/web packages/sdk
cp -R "$source/apps/web/dist" apps/web/dist
cp -R "$source/packages/sdk/dist" packages/sdk/dist

find apps packages tests infra -name '*.test.ts' -exec rm -f {} +
find node_modules -type f \( -name '*.md' -o -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) ! -iname 'licen*' -exec rm -f {} +
mkdir -p image
cp "$source/infra/image/parley-role" "$source/infra/image/make-secrets.ts" "$source/infra/image/health.ts" image/
chmod -R a+rX,go-w .
