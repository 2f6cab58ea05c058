#!/bin/bash
# What a running systemd says of its timers, and what beat-adopt says of the same host; then
# a timer, a script and a cron line are adopted, run, and taken back.
#
# /res/bin has the programs, /res/units the units beat@ and beat-fail@.

# shellcheck source=tests/rigs/tap.sh
. /opt/rigs/tap.sh
export LC_ALL=C.UTF-8

store=/var/lib/heartbeats
install -m 0755 /res/bin/* /usr/bin/
install -m 0644 /res/units/* /etc/systemd/system/
systemctl daemon-reload

systemctl list-timers --no-pager --output=json >/res/active.json
beat-adopt --format json >/res/adopt.json 2>/res/adopt.err

## A timer is adopted: systemd itself leaves the beat.
check 'a timer is adopted' beat-adopt --apply dpkg-db-backup --yes
systemctl daemon-reload
check 'its job runs' systemctl start dpkg-db-backup.service
await 'and leaves a beat' 20 test -e $store/dpkg-db-backup.last
check 'with the interval of its timer' grep -q '"interval_seconds":86400[,}]' $store/dpkg-db-backup.last
check 'the manifest knows it' test -e /etc/heartbeat/jobs.d/dpkg-db-backup.toml

## A script of the admin's, and one of a package, which is left alone.
printf '#!/bin/sh -eu\necho "$0 $#"\ntest "$(cat /run/fate)" = well\n' >/etc/cron.daily/mine
chmod 0755 /etc/cron.daily/mine
cp -a /etc/cron.daily/mine /run/mine.before
check 'a script is adopted' beat-adopt --apply mine --yes
echo well >/run/fate
check 'it says what it said' is "$(/run/mine.before | sed 's,/run/mine.before,/etc/cron.daily/mine,')" /etc/cron.daily/mine
check 'it leaves a beat' test -e $store/mine.last
echo ill >/run/fate
check 'its failure is its own' fails /etc/cron.daily/mine
check 'and leaves a failure' test -e $store/mine.fail
cp /etc/cron.daily/debsums /run/debsums.before
beat-adopt --apply debsums --yes || beat-adopt --apply debsums-daily --yes
check 'a script of a package is left alone' cmp /etc/cron.daily/debsums /run/debsums.before

## What was done can be taken back.
check 'the timer is given back' beat-adopt --undo dpkg-db-backup --yes
check 'its drop-in is gone' test ! -e /etc/systemd/system/dpkg-db-backup.service.d
check 'the script is given back' beat-adopt --undo mine --yes
check 'byte for byte' cmp /etc/cron.daily/mine /run/mine.before
check 'with its mode' is 755 stat -c %a /etc/cron.daily/mine
rm /etc/cron.daily/mine
systemctl daemon-reload

## A timer that is stopped, one that is started by hand, one whose file changes.
systemctl stop dpkg-db-backup.timer
printf '[Timer]\nOnCalendar=daily\nUnit=dpkg-db-backup.service\n' >/run/systemd/system/byhand.timer
systemctl daemon-reload
systemctl start byhand.timer
touch -d '+1 hour' /run/systemd/system/byhand.timer
systemctl list-timers --no-pager --output=json >/res/active-later.json
beat-adopt --format json >/res/adopt-later.json 2>>/res/adopt.err

## What a plain user sees.
useradd -m app
echo '0 2 * * * ./nightly.sh' | crontab -u app -
runuser -u app -- beat-adopt >/run/app.txt
check 'a user sees their crontab' grep -q '^nightly .* crontab:1' /run/app.txt
check 'and is told of what they do not see' grep -q '^Seen: the crontab and the timers of app' /run/app.txt

## The record for the reporter.
beat-adopt --record /var/lib/beat-adopt/coverage.json
check 'the record is readable by all' is 644 stat -c %a /var/lib/beat-adopt/coverage.json
check 'and says how many' grep -q '"counts":{"jobs":[1-9]' /var/lib/beat-adopt/coverage.json

plan
