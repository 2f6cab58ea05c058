#!/bin/sh
# Makes the root tree of a small Debian with systemd and cron, once; prints its path. It is
# of this machine's own release, since the package is built against that.
#
# debian-tree.sh CACHE_DIR
#
# Packages come from wherever this machine's apt gets its own.
set -eu
cache=$1
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:?this is no Debian release}")
root=$cache/$suite
mkdir -p "$cache"
exec 9>"$cache/$suite.lock"
flock 9
if [ ! -e "$root/etc/debian_version" ]; then
	# shellcheck disable=SC2016 # the names are apt's
	mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' \
		'Created-By: Packages' |
		awk -v suite="$suite" '$2 == suite && $3 == "main" { print $1; exit }')
	rm -rf "$root.new"
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,cron \
		"$suite" "$root.new" ${mirror:+"$mirror"} >"$cache/$suite.log" 2>&1 || {
		tail -n 20 "$cache/$suite.log" >&2
		exit 1
	}
	# Not this machine's name: the container is given one.
	rm -rf "$root.new"/var/cache/apt/archives/*.deb "$root.new/etc/hostname"
	mv "$root.new" "$root"
fi
echo "$root"
