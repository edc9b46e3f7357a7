#!/bin/sh
# Prints the path of a Chromium for the tests: the one that CHROMIUM names, one that is installed, or
# one it installs with apt-get. Playwright's own download is not used: it is another 150 MB, and not
# to be had everywhere.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

find_browser() {
    if [ -n "${CHROMIUM:-}" ]; then
        [ -x "$CHROMIUM" ] || fail "CHROMIUM names $CHROMIUM, which is no program"
        echo "$CHROMIUM"
        return
    fi
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" && return
    done
    for app in Chromium 'Google Chrome'; do
        program="/Applications/$app.app/Contents/MacOS/$app"
        [ -x "$program" ] && echo "$program" && return
    done
    return 1
}

find_browser && exit

as_root=
[ "$(id -u)" = 0 ] || as_root='sudo -n'
if command -v apt-get >/dev/null && { [ -z "$as_root" ] || $as_root true 2>/dev/null; }; then
    say 'Installing Chromium with apt-get (a minute or two, once)'
    $as_root apt-get update >&2
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y chromium >&2
    find_browser && exit
fi
fail 'no Chromium for the browser tests: install one (apt-get install chromium, brew install --cask chromium), or name it with CHROMIUM'
