#!/bin/sh
# Boots a Debian tree with a real systemd as its first process, without a network, runs the
# script in it, and ends. The tree stays as it was.
#
# nspawn.sh TREE RES [SCRIPT]      RES is seen as /res inside: packages in, results out;
#                                  SCRIPT is one beside this, inside.sh when none is named
set -eu
tree=$1
res=$2
script=${3:-inside.sh}
rigs=$(cd "$(dirname "$0")" && pwd)

cat >"$res/journey.service" <<UNIT
[Unit]
Description=The journey
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /opt/rigs/$script
StandardOutput=file:/res/log
StandardError=file:/res/log
TimeoutStartSec=infinity
ExecStopPost=/bin/systemctl exit 0
UNIT

# A faster cron, where there is one.
faketime=
for library in /usr/lib/*/faketime/libfaketime.so.1; do
	[ -e "$library" ] && faketime="--bind-ro=$library:/opt/libfaketime.so.1"
done

exec timeout -k 5 "${NSPAWN_SECONDS:-600}" systemd-nspawn -q -D "$tree" --keep-unit --register=no \
	--volatile=overlay --private-network --hostname=nightwatch --console=read-only \
	--bind="$res:/res" --bind-ro="$rigs:/opt/rigs" \
	--bind-ro="$res/journey.service:/etc/systemd/system/journey.service" \
	${faketime:+"$faketime"} \
	--boot systemd.show_status=no systemd.unit=multi-user.target systemd.wants=journey.service </dev/null
