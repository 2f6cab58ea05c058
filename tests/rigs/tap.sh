# shellcheck shell=bash
# For scripts that run inside a rig: each check is one line `ok …` or `not ok …` in
# /res/results, and a plan line ends them, so that a script which stopped half-way shows.

checks=0

# check WHAT COMMAND…: holds when the command succeeds.
check() {
	local what=$1
	shift
	checks=$((checks + 1))
	if "$@"; then
		echo "ok $checks - $what" >>/res/results
	else
		echo "not ok $checks - $what" >>/res/results
		echo "not ok: $what: $*"
		failed=1
	fi
}

# await WHAT SECONDS COMMAND…: holds when the command succeeds within that time.
await() {
	local what=$1 end=$((SECONDS + $2))
	shift 2
	until "$@"; do
		[ $SECONDS -lt $end ] || break
		read -rt 0.2 <> <(:) || true
	done
	check "$what" "$@"
}

# is WANTED COMMAND…: the command prints exactly that.
is() {
	local wanted=$1 got
	shift
	got=$("$@" 2>&1)
	[ "$got" = "$wanted" ] || {
		echo "wanted: $wanted"
		echo "got:    $got"
		return 1
	}
}

# fails COMMAND…
fails() { ! "$@" >/dev/null 2>&1; }

# Ends here when something failed: nothing that follows can hold.
enough() {
	[ -z "${failed:-}" ] || {
		plan
		exit 1
	}
}

plan() {
	echo "1..$checks" >>/res/results
	[ -z "${failed:-}" ] || journalctl -b --no-pager >/res/journal
}
