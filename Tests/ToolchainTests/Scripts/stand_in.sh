#!/bin/sh
# Stands in for arduino-cli, idf.py and git: writes down how it was called, then does what STAND_IN_REPLAY says.
{
    echo "program ${0##*/}"
    for word; do echo "word $word"; done
    env | grep -E '^(ARDUINO_|IDF_|PIP_|PYTHONDONT|ESPMASK_TEST)' | sort | sed 's/^/env /'
} >> "$STAND_IN_LOG"
[ -n "$STAND_IN_REPLAY" ] && . "$STAND_IN_REPLAY"
exit "${STAND_IN_STATUS:-0}"
