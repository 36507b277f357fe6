# SPDX-License-Identifier: MIT
# helpers.bash - what the end-to-end tests share
#
#   load helpers
#   @test "unlink: the lower file vanishes from the view" {
#           lower 'echo a >f'
#           both 'rm f; ls'                 # in the view and on a plain copy: same output, same
#   }                                       # tree, and the lower as it was
#
# Each test has a fresh directory $T (on $OVL_TEST_FS, else /tmp):
#   $T/v/tree  the top lower, where the view appears      $T/l2 ...  further lowers
#   $T/p/tree  the plain copy, at the lower's path while in use    $T/u, $T/w upper and work

bats_require_minimum_version 1.5.0

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
OVLRUN=${OVLRUN:-$TOP/ovlrun}
OVLCTL=${OVLCTL:-$TOP/ovlctl}
FUZZ=$TOP/tests/random/fuzz

setup()
{
	umask 022
	T=$(mktemp -d "${OVL_TEST_FS:-/tmp}/ovl-rand-e2e-XXXXXX")
	chmod 755 "$T"
	V=$T/v/tree
	P=$T/p/tree
	U=$T/u
	W=$T/w
	LOWERS=("$V")
	AS=() # what makes both sides another user
	mkdir -p "$V" "$P"
	test -x "$FUZZ" || make -s -C "$TOP/tests/random" >&2
	cd "$T"
	if declare -F more_setup >/dev/null; then
		more_setup
	fi
}

teardown()
{
	cd /
	awk -v t="$T/" 'index($2, t) == 1 { print $2 }' /proc/self/mounts | sort -r |
		while read -r m; do
			umount "$m"
		done
	"$FUZZ" clean "$T"
}

# requires root|user|COMMAND...: else the test is skipped, and told so
requires()
{
	local what

	for what; do
		case $what in
		root)
			test "$(id -u)" = 0 || skip "needs root"
			;;
		user)
			test "$(id -u)" != 0 || skip "needs an ordinary user"
			;;
		*)
			command -v "$what" >/dev/null || skip "needs $what"
			;;
		esac
	done
}

# later WHAT: not there yet, and known; OVL_TEST_LATER=1 runs these too
later()
{
	test "${OVL_TEST_LATER:-0}" = 1 || skip "later: $1"
}

# lower SCRIPT: fill the lower, then make the plain copy of it
lower()
{
	(cd "$V" && bash -euc "$1")
	rm -rf "$P"
	cp -a "$V" "$P"
	BEFORE=$(digest)
}

# layer N SCRIPT: fill lower layer N (1 is the top one, at $V); whiteout and opaque are at hand
layer()
{
	local dir=$T/l$1

	test "$1" = 1 && dir=$V
	mkdir -p "$dir"
	LOWERS[$1 - 1]=$dir
	(
		whiteout() { mknod "$1" c 0 0; }
		opaque() { setfattr -n user.overlay.opaque -v y "$1"; }
		cd "$dir"
		set -eu
		eval "$2"
	)
	BEFORE=$(digest)
}

# upper_on_tmpfs [OPTION...]: upper and work on a file system of their own, made with mount's options; as root
upper_on_tmpfs()
{
	mkdir "$T/t"
	mount -t tmpfs "$@" tmpfs "$T/t"
	U=$T/t/u W=$T/t/w
}

# within_reach [PROGRAM...]: copies in $T/bin, which other users can execute wherever the tree is
within_reach()
{
	mkdir "$T/bin"
	cp "$(dirname "$OVLRUN")"/{ovlrun,ovlload,libovl.so,libovlsym.so} "$FUZZ" "$@" "$T/bin"
	OVLRUN=$T/bin/ovlrun FUZZ=$T/bin/fuzz PROGRAMS=$T/bin
}

# every detail of every lower layer
digest()
{
	"$FUZZ" digest "${LOWERS[@]}"
}

lower_unchanged()
{
	local after

	after=$(digest)
	test "$BEFORE" = "$after" || {
		diff <(echo "$BEFORE") <(echo "$after") | head -20 >&2
		echo "the lower layer changed" >&2
		return 1
	}
}

# the tree at $1 as a program sees it, without what differs from run to run
tree()
{
	"${AS[@]}" "$FUZZ" dump --no-inodes --no-times "$1"
}

# view COMMAND...: in the view
view()
{
	local l args=()

	for l in "${LOWERS[@]}"; do
		args+=(-l "$l")
	done
	"${AS[@]}" "$OVLRUN" -q "${args[@]}" -u "$U" -w "$W" -- "$@"
}

# in_view SCRIPT: bash, in the tree
in_view()
{
	view env -C "$V" bash -euc "$1"
}

view_tree()
{
	view "$FUZZ" dump --no-inodes --no-times "$V"
}

# the index of hard links, and the lock on it, are kept over runs
no_leftovers()
{
	test ! -e "$W" || test -z "$(find "$W" -name index -prune -o -type f ! -name lock -print)"
}

# The plain copy stands at the lower's path meanwhile: paths go into what programs write.
plain_side()
{
	local status=0

	mv "$V" "$T/v/aside"
	mv "$P" "$V"
	"${AS[@]}" env -C "$V" bash -uc "$1" >"$T/p.out" 2>&1 </dev/null || status=$?
	tree "$V" >"$T/p.all"
	mv "$V" "$P"
	mv "$T/v/aside" "$V"
	return $status
}

# both [-x REGEX] SCRIPT: in the view and on the plain copy. Output, status and tree agree,
# the lower is unchanged, nothing is left in work. -x: tree lines not to compare.
both()
{
	local except='^$'

	if test "$1" = -x; then
		except=$2
		shift 2
	fi
	local plain_status=0 view_status=0
	plain_side "$1" || plain_status=$?
	view env -C "$V" bash -uc "$1" >"$T/v.out" 2>&1 </dev/null || view_status=$?
	diff "$T/p.out" "$T/v.out" >&2 || { echo "< plain, > view: output differs" >&2; return 1; }
	test "$plain_status" = "$view_status" || {
		cat "$T/v.out" >&2
		echo "status $view_status, plain $plain_status" >&2
		return 1
	}
	grep -Ev "$except" "$T/p.all" >"$T/p.tree"
	view_tree | grep -Ev "$except" >"$T/v.tree"
	diff "$T/p.tree" "$T/v.tree" >&2 || { echo "< plain, > view: tree differs" >&2; return 1; }
	lower_unchanged
	no_leftovers || { find "$W" >&2; echo "left in work" >&2; return 1; }
}

# shown TEXT: the output of the last both holds it (so the test did what it says)
shown()
{
	grep -qF -- "$1" "$T/v.out" || { cat "$T/v.out" >&2; return 1; }
}

# odd_call: a call that cannot be rewritten, in odd.c
odd_call()
{
	# a jump to the very instruction: nothing before it can be moved
	cat >"$T/odd.c" <<-'END'
		long odd(long nr, long a, long b, long c);
		__asm__(".globl odd; odd: mov %rdi,%rax; mov %rsi,%rdi; mov %rdx,%rsi; mov %rcx,%rdx; jmp 1f; nop; 1: syscall; ret");
		long (*keep)(long, long, long, long) = odd;
	END
}
