#!/bin/sh
# Puts the PyPI package cronsim, an oracle for cron schedules, with the tz database that
# the programs have compiled in, into a folder of its own, once, and prints that folder.
set -eu
cache=$1
versions='cronsim==2.8 tzdata==2025.2'
dir=$cache/$(echo "$versions" | tr -c 'a-z0-9.\n' '-')

if [ ! -f "$dir/.made" ]; then
	mkdir -p "$dir"
	# shellcheck disable=SC2086 # one word, one package
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --upgrade \
		--target "$dir" $versions >&2
	touch "$dir/.made"
fi
echo "$dir"
