# SPDX-License-Identifier: MIT
# launcher.bash - what the tests of the launcher and of ovlctl share: a directory of their own

OVLRUN=${OVLRUN:-$BATS_TEST_DIRNAME/../../ovlrun}
OVLCTL=${OVLCTL:-$BATS_TEST_DIRNAME/../../ovlctl}

# A fresh directory as cwd, with layers low and low2; nothing of it stays.
launcher_setup()
{
	T=$(mktemp -d "${BATS_TMPDIR:-/tmp}/ovl-launch.XXXXXX")
	T=$(realpath "$T")
	cd "$T" || return
	mkdir -p low/d low2/d2 tmp
	echo lower >low/f
	echo second >low2/g
	export TMPDIR=$T/tmp
	unset OVL_TRACE
}

launcher_teardown()
{
	cd /
	chmod -R u+rwx "$T" 2>/dev/null || true
	rm -rf "$T"
}

# Every name, type, mode, size and time below here; a live session's changes all the time.
snapshot()
{
	find "$T" -name 'session.*' -prune -o -printf '%p %y %m %s %T@\n' | sort
}

# refused TEXT ARG...: ovlrun ARG... says one line that holds TEXT, exits 125, changes nothing
refused()
{
	local text=$1
	shift
	snapshot >/tmp/ovl-snap.$$
	run "$OVLRUN" "$@"
	snapshot | diff /tmp/ovl-snap.$$ - || { rm -f /tmp/ovl-snap.$$; return 1; }
	rm -f /tmp/ovl-snap.$$
	echo "status $status: $output"
	test "$status" = 125
	test "${#lines[@]}" = 1
	[[ $output == "ovlrun: "* ]]
	[[ $output == *"$text"* ]]
}

# wait_for COMMAND...: until it succeeds, five seconds at most
wait_for()
{
	local i
	for i in $(seq 100); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}
