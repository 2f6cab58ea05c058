#!/bin/sh
# Runs Debian's cron daemon on a crontab folder of its own: in a mount and a process
# namespace, so that this host's crontabs are not read and nothing outlives it.
#
# cron.sh CRON_D      CRON_D is taken for /etc/cron.d
#
# Where libfaketime is there, a minute of the daemon's passes in half a second. Its jobs
# see the real time: cron starts them with an environment of its own.
set -eu

if [ "${1:-}" != --inside ]; then
	# Gone with the test that started it, too.
	exec setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child -- "$0" --inside "$1"
fi
cron_d=$2

mount -t tmpfs none /run
mount -t tmpfs -o mode=1730 none /var/spool/cron/crontabs
mount --bind /dev/null /etc/crontab
mount --bind "$cron_d" /etc/cron.d

for library in /usr/lib/*/faketime/libfaketime.so.1; do
	[ -e "$library" ] || break
	export LD_PRELOAD="$library" NO_FAKE_STAT=1
	FAKETIME="@$(LD_PRELOAD='' date '+%F %T') x120"
	export FAKETIME
done
exec cron -f -L 15
