#!/bin/sh
# Builds the page into BUILD_DIR: web/build.sh BUILD_DIR. Works on a copy of this folder below it,
# so that nothing is written among the sources.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ $# -eq 1 ] || {
    echo "usage: web/build.sh BUILD_DIR" >&2
    exit 2
}
mkdir -p "$1"
out=$(CDPATH='' cd -- "$1" && pwd)
work=$out/work

mkdir -p "$work"
rm -rf "$work/src"
cp -R "$here/src" "$here/build.mjs" "$here/table.mjs" "$here/package.json" \
    "$here/package-lock.json" "$here/.npmrc" "$work/"
# The packages are fetched anew only when others are asked for.
if ! cmp -s "$work/package-lock.json" "$work/node_modules/.installed"; then
    (cd "$work" && npm ci --omit=dev --prefer-offline --no-audit --no-fund --loglevel=error)
    cp "$work/package-lock.json" "$work/node_modules/.installed"
fi
exec node "$work/build.mjs" "$out/web"
