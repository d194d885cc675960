#!/bin/sh
# Wine calls this for every address or document that a Windows program hands to the desktop: it is noted, not opened.
printf '%s\n' "$1" >>"$WINEPREFIX/goferry-state/opened"
