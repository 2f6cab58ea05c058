#!/bin/sh
# A host of its own for an attempt of a hostile user: namespaces of its own, with the
# programs in /mnt/bin, users and settings over this machine's /etc that are gone at the
# end, and the store as tmpfiles makes it. Then the command.
#
# hostile.sh BIN_DIR TMPFILES_CONF COMMAND ARG...
set -eu
if [ "$1" != --inside ]; then
	exec setpriv --pdeathsig KILL unshare --mount --pid --ipc --fork --kill-child \
		--propagation private --mount-proc -- "$0" --inside "$@"
fi
bin=$2 conf=$3 command=$4
shift 4

# What is needed of this machine is bound before anything is covered.
mount -t tmpfs -o mode=0755 none /mnt
mkdir /mnt/bin /mnt/etc /mnt/work
for program in beat beat-check beat-report beat-adopt; do
	touch /mnt/bin/$program
	mount --bind "$bin/$program" /mnt/bin/$program
done
touch /mnt/command
mount --bind "$command" /mnt/command
cp "$conf" /mnt/tmpfiles.conf
for dir in /srv /var/lib; do mount -t tmpfs -o mode=0755 none $dir; done
mount -t overlay -o lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/work overlay /etc

id=61001
for user in eve app heartbeat; do
	echo "$user:x:$id:$id::/srv/$user:/bin/sh" >>/etc/passwd
	echo "$user:x:$id:" >>/etc/group
	install -d -o $id -g $id -m 0700 /srv/$user
	id=$((id + 1))
done
systemd-tmpfiles --create /mnt/tmpfiles.conf
install -d -o heartbeat -g heartbeat /var/lib/beat-check
for user in eve app; do install -d -o $user -g $user /var/lib/heartbeats/$user; done
rm -rf /etc/heartbeat
install -d /etc/heartbeat/jobs.d
(umask 077 && echo '{"v":1,"job":"peek","s3cret-of-root":1}' >/srv/secret)

cd /srv
/mnt/command "$@"
