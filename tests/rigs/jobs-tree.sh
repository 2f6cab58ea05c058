#!/bin/sh
# Makes a Debian tree with real packages that bring cron.d files, cron.daily scripts and
# timers, from the small tree of debian-tree.sh, once; prints its path.
#
# jobs-tree.sh CACHE_DIR
#
# Packages come from wherever this machine's apt gets its own.
set -eu
cache=$1
rigs=$(cd "$(dirname "$0")" && pwd)
small=$("$rigs/debian-tree.sh" "$cache")
root=$small-jobs

# What brings jobs: at least ten of them.
packages='anacron apticron certbot debsums etckeeper exim4-base logrotate man-db mdadm php-common
	popularity-contest sysstat unattended-upgrades apt-show-versions locate'

exec 9>"$root.lock"
flock 9
if [ ! -e "$root/etc/debian_version" ]; then
	rm -rf "$root.new"
	cp -a --reflink=auto "$small" "$root.new"
	# In the new tree: this machine's names, no services, no questions.
	rm -f "$root.new/etc/resolv.conf" "$root.new/etc/hosts"
	cp -L /etc/resolv.conf /etc/hosts "$root.new/etc/"
	printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d"
	chmod 0755 "$root.new/usr/sbin/policy-rc.d"
	# shellcheck disable=SC2086 # one word, one package
	unshare --mount --pid --fork --kill-child sh -euc '
		mount --make-rprivate /
		mount -t proc proc "$1/proc"
		mount --rbind /dev "$1/dev"
		tree=$1
		shift
		export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
		chroot "$tree" apt-get -qq update
		chroot "$tree" apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "$@"
	' sh "$root.new" $packages >"$root.log" 2>&1 </dev/null || {
		tail -n 20 "$root.log" >&2
		exit 1
	}
	rm -rf "$root.new"/var/cache/apt/archives/*.deb "$root.new"/var/lib/apt/lists/* \
		"$root.new/usr/sbin/policy-rc.d" "$root.new/etc/hostname"
	mv "$root.new" "$root"
fi
echo "$root"
