#!/bin/bash
# What a running systemd says of its timers, and what beat-adopt says of the same host.
# /res/beat-adopt is the program.
export LC_ALL=C.UTF-8

systemctl list-timers --no-pager --output=json >/res/active.json
systemctl list-timers --no-pager --all --output=json >/res/all.json
/res/beat-adopt --format json >/res/adopt.json 2>/res/adopt.err
echo $? >/res/adopt.exit

# A timer that is stopped, one that is started by hand, one whose file changes.
systemctl stop dpkg-db-backup.timer
printf '[Timer]\nOnCalendar=daily\nUnit=dpkg-db-backup.service\n' >/run/systemd/system/byhand.timer
systemctl daemon-reload
systemctl start byhand.timer
touch -d '+1 hour' /run/systemd/system/byhand.timer
systemctl list-timers --no-pager --output=json >/res/active-later.json
/res/beat-adopt --format json >/res/adopt-later.json 2>>/res/adopt.err
echo done >/res/results
