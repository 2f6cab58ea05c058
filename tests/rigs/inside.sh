#!/bin/bash
# The journey of the installed package, inside a Debian with a real systemd. Told from top to
# bottom; the tools are in tap.sh.
#
# /res/old.deb is installed, /res/new.deb is a later version of it.

# shellcheck source=tests/rigs/tap.sh
. /opt/rigs/tap.sh
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

store=/var/lib/heartbeats
state=/var/lib/beat-check
units=/etc/systemd/system

issues() { ls "$state/issues/$1" 2>/dev/null | wc -l; }
# One open or closed issue, and only one, tells of this job.
issue() { [ "$(cat "$state/issues/$1"/* 2>/dev/null | grep -c "^title: .*$2 ")" = 1 ]; }
owner() { stat -c '%U:%a' "$1"; }
property() { systemctl show -P "$2" "$1"; }
newer() { [ "$1" -nt "$2" ]; }
verdict() {
	runuser -u heartbeat -- beat-check --dry-run --all --format json --state-dir $state 2>/dev/null |
		grep -o "{[^{}]*\"job\":\"$1\"[^{}]*}" | grep -o '"verdict":"[a-z]*"' | cut -d'"' -f4
}
# Two more whole passes.
passes() {
	local n
	for n in 1 2; do
		touch "/run/mark.$n"
		await "the checker passes on" 20 newer $store/heartbeat/beat-check.last "/run/mark.$n"
	done
}
every() { # TIMER CALENDAR: a drop-in that makes it fire as often
	mkdir -p "$units/$1.d"
	printf '[Timer]\nOnCalendar=\nOnCalendar=%s\nRandomizedDelaySec=0\nAccuracySec=100ms\n' \
		"$2" >"$units/$1.d/often.conf"
}
job() { # NAME COMMAND [LINE…]: a job of the admin's, with lines for its [Unit]
	local name=$1 command=$2
	shift 2
	{
		printf '[Unit]\nStartLimitIntervalSec=0\n'
		printf '%s\n' "$@"
		printf '[Service]\nType=oneshot\nExecStart=%s\n' "$command"
	} >"$units/$name.service"
	printf '[Timer]\nOnCalendar=*:*:*\nAccuracySec=100ms\n' >"$units/$name.timer"
}

## The package is installed.
check 'the package installs' dpkg -i /res/old.deb
enough
check 'the store is root'"'"'s' is root:755 owner $store
check 'the checker has a place in it' is heartbeat:755 owner $store/heartbeat
for timer in beat-check.timer beat-report.timer beat-adopt.timer; do
	check "$timer is enabled" is enabled systemctl is-enabled $timer
	check "$timer is active" is active systemctl is-active $timer
done
check 'the timer is persistent' is yes property beat-check.timer Persistent
check 'the settings are valid' beat-check config --check
check 'systemd finds no fault' is '' systemd-analyze verify --man=no /usr/lib/systemd/system/beat*.*

## Its timers fire, here every few seconds.
every beat-check.timer '*:*:0/3'
every beat-report.timer '*:*:1/3'
systemctl daemon-reload
systemctl restart beat-check.timer beat-report.timer
await 'the checker leaves its own beat' 20 test -e $store/heartbeat/beat-check.last
await 'the reporter leaves its own beat' 20 test -e $store/heartbeat/beat-report.last
check 'the beat is the checker'"'"'s' is heartbeat:644 owner $store/heartbeat/beat-check.last
check 'the beat knows the boot, that of this container' \
	grep -q "\"boot_id\":\"$(cat /proc/sys/kernel/random/boot_id)\"" \
	$store/heartbeat/beat-check.last
enough
check 'the state is the checker'"'"'s' is heartbeat:755 owner $state
check 'the last pass is recorded' is heartbeat:644 owner $state/last-pass.json
await 'the report is written' 20 grep -q '^## Heartbeat Panel' $state/night-watch.md
check 'a quiet host is no failure' is success property beat-check.service Result

## The sandbox holds.
mkdir -p /etc/credstore
(umask 077 && echo s3cret >/etc/credstore/heartbeat.forge-token)
touch /root/secret /tmp/secret
perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:7007", Listen => 5, ReuseAddr => 1);
	while (my $c = $s->accept) { print $c "hello\n"; close $c }' &
echo $! >/run/listener.pid
for unit in beat-check beat-report beat-adopt beat@; do
	sed -e 's|^ExecStart=.*|ExecStart=/bin/bash /opt/rigs/probe.sh|' \
		-e "/^\[Service\]/a StandardOutput=truncate:/run/$unit.probe" \
		/usr/lib/systemd/system/$unit.service >$units/probe-${unit%@}.service
done
# Without a sandbox the same probe may do all that it tries: it can tell.
printf '[Service]\nType=oneshot\nExecStart=/bin/bash /opt/rigs/probe.sh\nStandardOutput=truncate:/run/bare.probe\n' \
	>$units/probe-bare.service
systemctl daemon-reload
check 'a probe runs in the checker'"'"'s place' systemctl start probe-beat-check.service
check 'a probe runs in the reporter'"'"'s place' systemctl start probe-beat-report.service
check 'a probe runs in the adopter'"'"'s place' systemctl start probe-beat-adopt.service
check 'a probe runs in the place of a beat' systemctl start probe-beat.service
check 'a probe runs without a sandbox' systemctl start probe-bare.service
tail -n 100 /run/*.probe
probe() { grep -qx "$2" "/run/$1.probe"; }
for unit in beat-check beat-report; do
	for line in 'user heartbeat' 'boot_clock yes' 'write_state yes' 'write_own_beats yes' \
		'read_store yes' 'read_config yes' 'write_/var/lib/heartbeats no' 'write_/etc no' \
		'write_/usr/bin no' 'write_/var/lib no' 'write_/run no' 'write_/root no' \
		'write_/home no' 'write_/dev no' 'write_/sys no' 'see_home no' 'see_tmp no' \
		'capabilities no' 'new_privileges no'; do
		check "$unit: $line" probe $unit "$line"
	done
done
# What none of them can, and a unit without a sandbox can.
for line in 'read_credstore no' 'see_home no' 'see_tmp no' 'new_privileges no' 'write_/etc no' \
	'write_/usr/bin no' 'write_/run no' 'write_/root no' 'write_/home no' 'write_/dev no' \
	'raw_socket no' 'netlink no' 'new_namespace no' 'make_suid no' 'make_device no' \
	'mount_something no'; do
	for unit in beat-check beat-report; do check "$unit: $line" probe $unit "$line"; done
	case $line in read_credstore* | see_home*) ;; *) check "beat-adopt: $line" probe beat-adopt "$line" ;; esac
	[ "$line" = 'read_credstore no' ] || check "beat@: $line" probe beat@ "$line"
	check "a unit without a sandbox: ${line% no} yes" probe bare "${line% no} yes"
done
for unit in beat-check beat-report; do
	check "$unit: read_shadow no" probe $unit 'read_shadow no'
	check "$unit: see_processes no" probe $unit 'see_processes no'
done
check 'without a sandbox: see_processes yes' probe bare 'see_processes yes'
for unit in beat-report beat-adopt beat@; do check "$unit: listen no" probe $unit 'listen no'; done
check 'beat@: network no' probe beat@ 'network no'
check 'beat@: write_/var/lib/heartbeats yes' probe beat@ 'write_/var/lib/heartbeats yes'
check 'beat@: write_/var/lib no' probe beat@ 'write_/var/lib no'
check 'beat-adopt: network no' probe beat-adopt 'network no'
check 'beat-adopt: write_/var/lib/heartbeats no' probe beat-adopt 'write_/var/lib/heartbeats no'
check 'the checker reaches the network' probe beat-check 'network yes'
check 'the reporter does not' probe beat-report 'network no'
check 'the checker has the token' probe beat-check 'token yes'
check 'the reporter has not' probe beat-report 'token no'
rm /etc/credstore/heartbeat.forge-token

## Jobs of systemd: one succeeds every second, one fails, one is killed.
job nightly /bin/true OnSuccess=beat@nightly_dump:5s.service
job broken '/bin/sh -c "test -e /run/mended || exit 3"' \
	OnSuccess=beat@broken_job:1d.service OnFailure=beat-fail@broken_job:1d.service
job killed '/bin/sh -c "test -e /run/mended || kill -9 $$$$"' \
	OnSuccess=beat@killed_job:1d.service OnFailure=beat-fail@killed_job:1d.service
systemctl daemon-reload
systemctl start nightly.timer
await 'OnSuccess= leaves a beat' 20 test -e $store/nightly_dump.last
check 'the beat is root'"'"'s' is root:644 owner $store/nightly_dump.last
check 'the beat carries the interval' grep -q '"interval_seconds":5[,}]' $store/nightly_dump.last
check 'a job that succeeded leaves no failure' test ! -e $store/nightly_dump.fail
passes
check 'a fresh job has no issue' is 0 issues open
check 'the report tells of no silence' fails grep -q silent $state/night-watch.md
await 'the report shows the job' 20 grep -q 'nightly_dump' $state/night-watch.md

systemctl start broken.service
await 'OnFailure= leaves a failure' 20 test -e $store/broken_job.fail
check 'with the exit code' grep -q '"exit_code":3[,}]' $store/broken_job.fail
check 'and no beat' test ! -e $store/broken_job.last
systemctl start killed.service
await 'a killed job leaves a failure' 20 test -e $store/killed_job.fail
check 'with the signal' grep -Eq '"signal":("(SIG)?KILL"|9)' $store/killed_job.fail
await 'the failed job has one issue' 20 issue open broken_job
await 'the killed job has one issue' 20 issue open killed_job
passes
check 'and no further issues' is 2 issues open
check 'an issue is the checker'"'"'s' is heartbeat stat -c %U $state/issues/open/*broken_job*
check 'a flagged job exits 1' is 1 property beat-check.service ExecMainStatus
check 'and is no failed unit' is success property beat-check.service Result
touch /run/mended
systemctl start broken.service
beat killed_job --every 1d -- true # outside of any sandbox, as a cron line would
await 'a recovered job has its issue closed' 20 issue closed broken_job
await 'the other, too' 20 issue closed killed_job
check 'no issue is open' is 0 issues open

systemctl stop nightly.timer
await 'a job whose timer stopped is flagged' 30 issue open nightly_dump
passes
check 'with one issue, also later' is 1 issues open
await 'the report tells of it' 20 grep -q 'silent' $state/night-watch.md
systemctl start nightly.timer
await 'it recovers, and the issue closes' 20 issue closed nightly_dump
check 'no issue is left open' is 0 issues open

## Jobs of cron, root's and another user's, with the real daemon.
useradd app
install -d -o app -g app $store/app
if [ -e /opt/libfaketime.so.1 ]; then # a minute of the daemon's in half a second
	mkdir -p $units/cron.service.d
	cat >$units/cron.service.d/fast.conf <<-'UNIT'
		[Service]
		ExecStart=
		ExecStart=/bin/bash -c 'export FAKETIME="@$(date "+%%F %%T") x120" NO_FAKE_STAT=1; \
			LD_PRELOAD=/opt/libfaketime.so.1 exec cron -f'
	UNIT
	systemctl daemon-reload
fi
cat >/etc/cron.d/jobs <<-'CRON'
	MAILTO=""
	* * * * * root true && beat cron_root --every 5s
	* * * * * app true && beat cron_app --every 5s
	* * * * * root touch /run/cron-ran && false && beat cron_broken --every 5s
CRON
systemctl restart cron
await 'cron leaves a beat for root' 75 test -e $store/cron_root.last
await 'cron leaves a beat for a user' 20 test -e $store/app/cron_app.last
check 'the beat is that user'"'"'s' is app:644 owner $store/app/cron_app.last
await 'a line that fails has run' 20 test -e /run/cron-ran
check 'and left no beat' test ! -e $store/cron_broken.last
if [ -e /opt/libfaketime.so.1 ]; then
	passes
	check 'both are fresh' is 0 issues open
fi

## What nobody watches is found, adopted by hand, and fired by cron.
cat >/etc/cron.d/unwatched <<-'CRON'
	# Name: unwatched
	* * * * * root echo "it's  100\% fine" >>/run/unwatched; exit 0
CRON
cp -a /etc/cron.d/unwatched /run/unwatched.before
adopted=/var/lib/beat-adopt
check 'a look runs in its sandbox' systemctl start beat-adopt.service
check 'what it found is for all to read' is root:644 owner $adopted/coverage.json
check 'the job that leaves no beat is in it' grep -q '"job":"unwatched"' $adopted/coverage.json
check 'the jobs that leave one are not' fails grep -q '"job":"cron_root"' $adopted/coverage.json
check 'it is adopted' beat-adopt --apply unwatched --yes
check 'its line leaves a beat' grep -q 'beat unwatched' /etc/cron.d/unwatched
await 'cron leaves its beat' 75 test -e $store/unwatched.last
check 'it did what it did' is "it's  100% fine" head -n 1 /run/unwatched
check 'adopting it again changes nothing' beat-adopt --apply unwatched --yes
check 'an entry expects it' grep -rq 'unwatched' /etc/heartbeat/jobs.d
systemctl start beat-adopt.service
check 'it is no more among those without a beat' fails grep -q '"job":"unwatched"' $adopted/coverage.json

systemctl stop cron
await 'without cron, root'"'"'s job is flagged' 30 issue open cron_root
await 'without cron, the user'"'"'s job is flagged' 30 issue open cron_app
passes
check 'with one issue each' is 2 issues open
rm -f /etc/cron.d/jobs $store/cron_root.last $store/app/cron_app.last $store/unwatched.* \
	/etc/heartbeat/jobs.d/unwatched.toml

## A checker that cannot see is a failed unit; one that sees again is not.
chmod 0700 $store
await 'a checker that cannot see fails' 20 is failed systemctl is-failed beat-check.service
check 'with its own exit code' is 3 property beat-check.service ExecMainStatus
chmod 0755 $store
await 'it heals' 20 is success property beat-check.service Result

## A later version keeps what the admin did.
echo '# mine' >>/etc/heartbeat/config.toml
systemctl disable -q --now beat-report.timer
systemctl stop nightly.timer
quiet() { [ "$(systemctl is-active nightly.service 'beat@nightly_dump:5s.service' | sort -u)" = inactive ]; }
await 'its last beat is left' 20 quiet
touch -d 2001-01-01 /run/before
cp -a $store/nightly_dump.last /run/
check 'a later version installs' dpkg -i /res/new.deb
check 'it is the later one' is 1.1 dpkg-query -W -f '${Version}' heartbeat-checker
check 'settings are kept' grep -qx '# mine' /etc/heartbeat/config.toml
check 'the disabled timer stays disabled' is disabled systemctl is-enabled beat-report.timer
check 'and stopped' is inactive systemctl is-active beat-report.timer
check 'the other stays enabled' is enabled systemctl is-enabled beat-check.timer
check 'and active' is active systemctl is-active beat-check.timer
check 'systemd knows the new units' is no property beat-check.timer NeedDaemonReload
check 'beats are kept' cmp $store/nightly_dump.last /run/nightly_dump.last
passes

## Removal stops the timers and keeps the beats; installing again keeps the choices.
check 'the package is removed' dpkg -r heartbeat-checker
check 'the adopted line is as it was' cmp /etc/cron.d/unwatched /run/unwatched.before
check 'the timer is stopped' is inactive systemctl is-active beat-check.timer
check 'the programs are gone' test ! -e /usr/bin/beat -a ! -e /usr/bin/beat-check
check 'beats are kept' cmp $store/nightly_dump.last /run/nightly_dump.last
check 'issues are kept' test -d $state/issues
check 'settings are kept' grep -qx '# mine' /etc/heartbeat/config.toml
check 'the package installs again' dpkg -i /res/old.deb
check 'the timer is active again' is active systemctl is-active beat-check.timer
check 'the disabled one still is not' is disabled systemctl is-enabled beat-report.timer
check 'the package is purged' dpkg -P heartbeat-checker
check 'the store is gone' test ! -e $store
check 'the state is gone' test ! -e $state
check 'the copies are gone' test ! -e $adopted
check 'the settings are gone' test ! -e /etc/heartbeat
check 'no unit is left behind' is '' find /etc/systemd /usr/lib/systemd -name 'beat*.timer' -o -name 'beat*.service'

plan
