#!/bin/bash
# Run in place of a program in its own sandboxed unit: says what that sandbox lets it do.
# Each line: what, yes or no.

try() {
	local what=$1
	shift
	if "$@" 2>/dev/null; then echo "$what yes"; else echo "$what no"; fi
}
put() { (: >"$1/.probe") && rm -f "$1/.probe"; }
connect() { timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2 && read -r line <&3 && [ \"\$line\" = hello ]"; }

echo "user $(id -un)"
try boot_clock test -r /proc/sys/kernel/random/boot_id
try write_state put "${STATE_DIRECTORY:-/nowhere}"
try write_own_beats put /var/lib/heartbeats/heartbeat
try read_store test -r /var/lib/heartbeats
try read_config test -r /etc/heartbeat/config.toml
for dir in /var/lib/heartbeats /etc /usr/bin /var/lib /run /root /home /dev /sys; do
	try "write_$dir" put $dir
done
try see_home test -e /root/secret
try see_tmp test -e /tmp/secret
try network connect 127.0.0.1 7007
try token test "$(cat "${CREDENTIALS_DIRECTORY:-/nowhere}/forge-token" 2>/dev/null)" = s3cret
try capabilities grep -q 'CapBnd:.*[1-9a-f]' /proc/self/status
try new_privileges grep -q 'NoNewPrivs:.*0' /proc/self/status
try read_shadow perl -e 'open(my $f, "<", "/etc/shadow") or exit 1'
try read_credstore perl -e 'open(my $f, "<", "/etc/credstore/heartbeat.forge-token") or exit 1'
try see_processes test -e "/proc/$(cat /run/listener.pid)"
try listen perl -MIO::Socket::INET -e 'IO::Socket::INET->new(LocalAddr => "127.0.0.1:7008", Listen => 1) or exit 1'
try netlink perl -e 'use Socket; socket(my $s, 16, SOCK_RAW, 0) or exit 1'
try raw_socket perl -e 'use Socket; socket(my $s, AF_INET, SOCK_RAW, 1) or exit 1'
try new_namespace unshare --user true
try make_suid perl -e 'my $d = $ENV{STATE_DIRECTORY} // "/var/lib/heartbeats"; open(my $f, ">", "$d/.suid") or exit 1; my $ok = chmod(04755, "$d/.suid"); unlink "$d/.suid"; exit !$ok'
try make_device perl -e 'my $d = $ENV{STATE_DIRECTORY} // "/var/lib/heartbeats"; my $ok = system("mknod", "$d/.dev", "b", "8", "0") == 0; unlink "$d/.dev"; exit !$ok'
try mount_something mount -t tmpfs none /mnt
