#!/bin/sh
# Builds the development site and runs the browser tests against it, on an empty database. Arguments
# go to Playwright.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

scripts/build.sh dev
CHROMIUM=$(scripts/browser.sh)
export CHROMIUM

stamp=end2end/node_modules/.holdfast-stamp
if [ ! -e "$stamp" ] || [ end2end/package-lock.json -nt "$stamp" ]; then
    say 'Installing Playwright from npm (seconds, once)'
    (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund)
    touch "$stamp"
fi
exec scripts/with-postgres.sh -- npm --prefix end2end test -- "$@"
