#!/bin/bash
# Run in place of a program in its own sandboxed unit: says what that sandbox lets it do.
# Each line: what, yes or no.

try() {
	local what=$1
	shift
	if "$@" 2>/dev/null; then echo "$what yes"; else echo "$what no"; fi
}
put() { (: >"$1/.probe") && rm -f "$1/.probe"; }

echo "user $(id -un)"
try boot_clock test -r /proc/sys/kernel/random/boot_id
try write_state put "$STATE_DIRECTORY"
try write_own_beats put /var/lib/heartbeats/heartbeat
try read_store test -r /var/lib/heartbeats
try read_config test -r /etc/heartbeat/config.toml
for dir in /var/lib/heartbeats /etc /usr/bin /var/lib /run /root /home /dev /sys; do
	try "write_$dir" put $dir
done
try see_home test -e /root/secret
try see_tmp test -e /tmp/secret
try network bash -c 'exec 3<>/dev/tcp/127.0.0.1/7007 && read -r line <&3 && [ "$line" = hello ]'
try token test "$(cat "${CREDENTIALS_DIRECTORY:-/nowhere}/forge-token" 2>/dev/null)" = s3cret
try capabilities grep -q 'CapBnd:.*[1-9a-f]' /proc/self/status
try new_privileges grep -q 'NoNewPrivs:.*0' /proc/self/status
