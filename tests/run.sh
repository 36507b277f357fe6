#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh unit|e2e... - run the built tests; the last line is "N passed, N failed"
#
# End-to-end tests run as whoever calls; as root they run once more as an ordinary user,
# made for it, in a copy of the tree that this user can reach: both at the same time.
# OVL_DOOR=symbols: by the door of names, README's Limits. BATS_FLAGS goes to bats, E2E names the files (default all), OVL_TEST_USER=0 leaves the user out.
set -u
cd "$(dirname "$0")/.." || exit 1

passed=0
failed=0
log=$(mktemp)
as_user=$(mktemp)
trap 'rm -f "$log" "$as_user"; test -z "${copy-}" || rm -rf "$copy"' EXIT

count()
{
	passed=$((passed + $1))
	failed=$((failed + $2))
}

# Criterion's last line: "Tested: 5 | Passing: 4 | Failing: 1 | Crashing: 1"
run_unit()
{
	local t

	for t in tests/unit/test_*.c; do
		t=build/unit/$(basename "$t" .c)
		timeout 300 "$t" >"$log" 2>&1
		local status=$?
		cat "$log"
		local good bad
		good=$(sed -n 's/.*Passing: [^0-9]*\([0-9]*\).*/\1/p' "$log" | tail -1)
		bad=$(sed -n 's/.*Failing: [^0-9]*\([0-9]*\).*/\1/p' "$log" | tail -1)
		# died before its summary: one failure
		if test "$status" != 0 && test "${bad:-0}" = 0; then
			echo "$t: ended with status $status"
			bad=1
		fi
		count "${good:-0}" "${bad:-0}"
	done
}

# $1: heading; the rest is the command that runs bats. Its last line is bats' exit status.
run_bats()
{
	echo "# end to end, $1"
	shift
	"$@" 2>&1
	echo "# bats: $?"
}

# What run_bats() wrote to $1.
count_bats()
{
	local good bad

	good=$(grep -c '^ok ' "$1")
	bad=$(grep -c '^not ok ' "$1")
	test "$(tail -1 "$1")" = "# bats: 0" || test "$bad" != 0 || bad=1
	count "$good" "$bad"
}

e2e_files()
{
	if test -n "${E2E-}"; then
		echo "$E2E"
	else
		ls tests/e2e/*.bats 2>/dev/null
	fi
}

make_copy()
{
	id "$user" >/dev/null 2>&1 || useradd --system --create-home --shell /bin/bash "$user"
	copy=$(mktemp -d /tmp/ovl-check.XXXXXX)
	tar c --exclude=./.git --exclude=./build/unit --exclude=./build/engine \
		--exclude=./build/hosted . | tar x -C "$copy"
	chown -R "$user": "$copy"
}

# setpriv keeps the terminal and the environment, su and runuser do not
run_as_user()
{
	run_bats "as $user" setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups \
		env -C "$copy" HOME="$(getent passwd "$user" | cut -d: -f6)" USER="$user" \
		LOGNAME="$user" bats --tap ${BATS_FLAGS-} $(e2e_files)
}

run_e2e()
{
	local user=ovltest
	local both

	test -n "$(e2e_files)" || return
	test "$(id -u)" = 0 && test "${OVL_TEST_USER:-1}" != 0 && both=1
	if test -n "${both-}"; then
		make_copy
		run_as_user >"$as_user" </dev/null &
	fi
	run_bats "as $(id -un)" bats --tap ${BATS_FLAGS-} $(e2e_files) | tee "$log"
	count_bats "$log"
	if test -n "${both-}"; then
		wait
		cat "$as_user"
		count_bats "$as_user"
		rm -rf "$copy"
	fi
}

for kind in "$@"; do
	"run_$kind"
done
echo "$passed passed, $failed failed"
test "$failed" = 0
