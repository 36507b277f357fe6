#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# system calls, counted: what is not touched costs what it costs without us

load helpers
load door

more_setup()
{
	requires strace
	strace -o /dev/null true 2>/dev/null || skip "needs ptrace"
	REPEAT=$TOP/build/e2e/repeat
	test -x "$REPEAT" || { REPEAT=$T/repeat; cc -D_GNU_SOURCE -O2 -o "$REPEAT" "$BATS_TEST_DIRNAME/bin/repeat.c"; }
	lower 'mkdir -p a/b/c; echo lower >a/b/c/f; ln -s f a/b/c/l; ln -s b/c a/short'
}

# calls COMMAND...: how many system calls it makes in the view. Told on standard error: a file
# that strace makes could be one of the view's.
calls()
{
	view strace "$@" 2>"$T/strace"
	grep -cv '^[-+]' "$T/strace"
}

# per_call CALL PATH: system calls for one, in hundredths
per_call()
{
	local none many

	none=$(calls "$REPEAT" "$1" "$2" 0)
	many=$(calls "$REPEAT" "$1" "$2" 1000)
	echo "$1 $2: $none, $many" >&2
	echo $(((many - none) / 10))
}

# costs N CALL PATH: a few calls more are for the first one, which learns; fewer means that
# it failed, and was not repeated
costs()
{
	local n

	n=$(per_call "$2" "$3")
	test "$n" -ge $(($1 * 100)) && test "$n" -le $(($1 * 100 + 5)) ||
		{ tail -3 "$T/strace"; return 1; }
}

@test "untouched lower file: stat, lstat, access and readlink are one call each" {
	for call in stat lstat access; do
		costs 1 "$call" "$V/a/b/c/f"
	done
	costs 1 readlink "$V/a/b/c/l"
}

@test "untouched lower file: open and close are two" {
	costs 2 open "$V/a/b/c/f"
}

@test "a missing name is one, in the lower and beyond a missing directory" {
	costs 1 missing "$V/a/b/c/nothing"
	costs 1 missing "$V/a/nothing/f"
}

@test "relative to the current directory: one each" {
	not_by_names "what is known of the cwd is not kept"
	cd "$V/a/b"
	costs 1 stat c/f
	costs 2 open c/f
	costs 1 missing c/nothing
}

@test "relative to a directory's descriptor: one each" {
	not_by_names "what is known of descriptors is not kept"
	costs 2 openat "$V/a/b/c/f"
	costs 1 fstatat "$V/a/b/c/f"
	costs 1 missingat "$V/a/b/c/nothing"
}

@test "twenty directories deep: one each" {
	deep=$V$(printf '/d%.0s' {1..20})
	mkdir -p "$deep"
	echo x >"$deep/f"
	costs 1 stat "$deep/f"
	costs 2 open "$deep/f"
	costs 1 missing "$deep/nothing"
}

@test "the same when UPPER holds other things" {
	in_view 'echo x >other; mkdir -p a/new; rm a/short'
	costs 1 stat "$V/a/b/c/f"
	costs 2 open "$V/a/b/c/f"
	costs 1 missing "$V/a/b/c/nothing"
}

# What is known of upper's directories lasts from one process to the next.
@test "what upper has: one each, a copy and a merged directory's too" {
	in_view 'mkdir -p a/new; echo x >a/new/f; ln -s f a/new/l; echo y >a/b/c/u; echo z >>a/b/c/f'
	for f in a/new/f a/b/c/u a/b/c/f a/b/c; do
		costs 1 stat "$V/$f"
		costs 1 lstat "$V/$f"
	done
	costs 1 readlink "$V/a/new/l"
	for f in a/new/f a/b/c/u a/b/c/f; do
		costs 2 open "$V/$f"
	done
	costs 1 missing "$V/a/new/nothing"
	costs 1 missing "$V/a/b/c/nothing"
	# which may be a symlink: the kernel cannot be asked not to follow it
	costs 2 access "$V/a/new/f"
}

@test "the same relative to the current directory, or to a descriptor, of upper's" {
	in_view 'mkdir -p a/new/d; echo x >a/new/f; echo y >a/new/d/f'
	# the current directory is entered in the view: outside there is none
	view sh -c "cd $V/a/new && exec \"\$@\"" - strace "$REPEAT" stat d/f 1000 2>"$T/strace"
	test "$(grep -cE '^(newfstatat|statx)\(' "$T/strace")" -le 1010
	costs 2 openat "$V/a/new/f"
	costs 1 fstatat "$V/a/new/f"
	costs 1 missingat "$V/a/new/nothing"
}

# The one more is to know who we are: a vfork child has its parent's memory, but not its descriptors.
@test "an untouched directory is listed with one call more" {
	not_by_names "what is known of descriptors is not kept"
	costs 5 list "$V/a/b"
}

# and twice where it is, in case that something has to be looked at closer
@test "a directory that upper alone has is listed with three more" {
	not_by_names "what is known of descriptors is not kept"
	in_view 'mkdir a/new; touch a/new/{1..50}'
	costs 7 list "$V/a/new"
}

@test "a merged directory is listed with seventeen more" {
	not_by_names "what is known of descriptors is not kept"
	in_view 'echo x >a/b/new'
	costs 21 list "$V/a/b"
}

@test "find and grep -r: what they look at for the first time costs no more" {
	local without with

	not_by_names "what is known of descriptors is not kept"
	lower 'for i in 1 2 3 4; do mkdir -p many/$i; for k in {1..50}; do echo x >many/$i/$k; done; done'
	for command in "find $V/many -type f" "grep -r nothing $V/many"; do
		strace -o "$T/strace" $command >"$T/out" || :
		without=$(grep -cv '^[-+]' "$T/strace")
		with=$(calls $command | tail -1)
		echo "# $command: $without without, $with with" >&3
		# a start, and what is above; and for each directory
		[ "$with" -gt "$without" ]
		[ "$with" -le $((without + 110 + 5 * 6)) ]
	done
}

@test "getcwd is one, in a lower, a merged and a new directory" {
	in_view 'mkdir a/new; echo y >a/b/c/u'
	costs 1 getcwd "$V/a"
	costs 1 getcwd "$V/a/b/c"
	costs 1 getcwd "$V/a/new"
}

@test "two lowers: a name's layer is found once, and that none has it" {
	mkdir -p "$T/second/a/b/c"
	echo second >"$T/second/a/b/c/g"
	LOWERS+=("$T/second")
	costs 1 stat "$V/a/b/c/f"
	costs 2 open "$V/a/b/c/f"
	costs 1 stat "$V/a/b/c/g"
	costs 2 open "$V/a/b/c/g"
	costs 1 stat "$V/a/b/c"
	costs 1 missing "$V/a/b/c/nothing"
	# no layer can be asked: one of them may have a file there, which another hides
	costs 2 missing "$V/a/nothing/f"
	costs 1 fstatat "$V/a/b/c/f"
	# where the first lower says that it has none, the second's file is found
	view sh -c "cat $V/a/b/nothing/g $V/a/b/c/none; cat $V/a/b/c/g" | grep -x second
}

@test "changes of what upper alone has" {
	in_view 'mkdir -p a/new; echo x >a/new/f'
	costs 9 create "$V/a/new/n"
	costs 12 mkdir "$V/a/new/d"
	costs 10 rename "$V/a/new/f"
}

# per_file FEW MANY: of a hundred files more, in hundredths, when the program made so many calls
per_file()
{
	echo "# $1 for ten files, $2 for a hundred and ten" >&2
	echo $(($2 - $1))
}

# Directories of ten files, and of a hundred and ten: "few" and "many", and "first" to learn with.
make_few_and_many()
{
	lower 'for d in first few many; do mkdir $d; (cd $d && touch $(seq 100 109)); done
		cd many && touch $(seq 200 299)'
}

# Two for the signals, a look at the lower's, its directory opened and closed, the whiteout: and its
# removal with the directory.
@test "rm -rf takes seven for each file of a lower, and the one of its own for upper's" {
	local few n

	not_by_names "what is known of descriptors is not kept"
	make_few_and_many
	in_view 'cp -r few up.few; cp -r many up.many; rm -rf first'
	few=$(calls rm -rf "$V/few")
	n=$(per_file "$few" "$(calls rm -rf "$V/many")")
	[ "$n" -ge 700 ] && [ "$n" -le 710 ]
	in_view 'test ! -e few && test ! -e many'
	few=$(calls rm -rf "$V/up.few")
	n=$(per_file "$few" "$(calls rm -rf "$V/up.many")")
	[ "$n" -ge 100 ] && [ "$n" -le 110 ]
	in_view 'test ! -e up.few && test ! -e up.many'
}

# Two for remembering the new file's descriptor; before each look at a source's xattrs, of which
# there are three at the most, one at the source's number.
@test "cp -a takes five more for each file" {
	local few with without

	not_by_names "what is known of descriptors is not kept"
	make_few_and_many
	cp -a "$V/few" "$V/many" "$T/"
	few=$(strace cp -a "$T/few" "$T/few.copy" 2>&1 | grep -cv '^[-+]')
	without=$(per_file "$few" "$(strace cp -a "$T/many" "$T/many.copy" 2>&1 | grep -cv '^[-+]')")
	in_view 'cp -a first first.copy'
	few=$(calls cp -a "$V/few" "$V/few.copy")
	with=$(per_file "$few" "$(calls cp -a "$V/many" "$V/many.copy")")
	[ "$with" -gt "$without" ]
	[ "$with" -le $((without + 510)) ]
	in_view 'diff -r many many.copy'
}

@test "with -l / and no upper entry: one each" {
	LOWERS=(/)
	# what is below the directory that holds upper costs an ordinary user more
	mkdir "$T/aside"
	U=$T/aside/u W=$T/aside/w
	costs 1 stat "$V/a/b/c/f"
	costs 2 open "$V/a/b/c/f"
	costs 1 missing "$V/a/b/c/nothing"
	costs 1 stat /etc/passwd
}

# An ordinary user's copies of others' directories have records: what they allow is found out by
# the first call, which takes some ten for each.
@test "with -l / and changes: one each, also of what has not changed beside them" {
	local call n

	LOWERS=(/)
	mkdir "$T/aside"
	U=$T/aside/u W=$T/aside/w
	in_view 'mkdir a/new; echo x >a/new/f; echo y >a/b/c/u'
	for call in "stat $V/a/new/f" "stat $V/a/b/c/u" "stat $V/a/b/c/f" "missing $V/a/new/nothing" \
		"missing $V/a/b/c/nothing" "getcwd $V/a/b/c"; do
		n=$(per_call $call)
		test "$n" -ge 100 && test "$n" -le 110
	done
	n=$(per_call open "$V/a/b/c/f")
	test "$n" -ge 200 && test "$n" -le 210
}

@test "outside the view: one each" {
	mkdir "$T/out"
	echo x >"$T/out/f"
	costs 1 stat "$T/out/f"
	costs 2 open "$T/out/f"
	costs 1 missing "$T/out/nothing"
}

@test "read and write are one, before and after copy-up" {
	costs 1 read "$V/a/b/c/f"
	view "$REPEAT" write "$V/a/b/c/f" 1
	costs 1 write "$V/a/b/c/f"
	costs 1 read "$V/a/b/c/f"
}

@test "work on an open file is what it is without us, before and after copy-up" {
	costs 1 fstat "$V/a/b/c/f"
	for of in lower copy; do
		costs 1 lseek "$V/a/b/c/f"
		costs 1 fsync "$V/a/b/c/f"
		costs 2 mmap "$V/a/b/c/f"
		view "$REPEAT" write "$V/a/b/c/f" 1
	done
}

@test "locks are one each, and so are fcntl's other commands" {
	not_by_names "what is known of descriptors is not kept"
	costs 1 getfl "$V/a/b/c/f"
	costs 4 lock "$V/a/b"
	view "$REPEAT" lock "$V/a/b/c/f" 1
	costs 4 lock "$V/a/b/c/f"
	costs 4 wlock "$V/a/b/c/f"
}

# static_costs COMPILER: a program without a dynamic linker, relative and absolute
static_costs()
{
	"$@" -static -D_GNU_SOURCE -O2 -w -o "$T/static" "$BATS_TEST_DIRNAME/bin/repeat.c"
	REPEAT=$T/static
	cd "$V/a/b"
	costs 1 stat c/f
	costs 2 open c/f
	costs 1 missing c/nothing
	costs 1 stat "$V/a/b/c/f"
	costs 2 open "$V/a/b/c/f"
}

@test "one each in a program that glibc is linked to statically" {
	requires gcc
	static_costs gcc
}

@test "one each in a program that musl is linked to statically" {
	requires musl-gcc
	static_costs musl-gcc
}

@test "one each in a Go program" {
	requires go
	cat >"$T/g.go" <<-'END'
		package main
		import ("os"; "strconv"; "syscall")
		func main() {
			var st syscall.Stat_t
			n, _ := strconv.Atoi(os.Args[2])
			for i := 0; i < n; i++ {
				if syscall.Stat(os.Args[1], &st) != nil { panic("stat") }
			}
		}
	END
	# its threads make calls of their own: only those that may be ours are counted
	GOCACHE=$T/cache GO111MODULE=off CGO_ENABLED=0 go build -o "$T/go" "$T/g.go"
	cd "$V/a/b"
	for name in c/f "$V/a/b/c/f"; do
		for n in 0 1000; do
			view strace -f -e trace=%file,getpid,gettid,arch_prctl,process_vm_readv,fstat "$T/go" $name $n 2>"$T/strace.$n"
		done
		n=$(($(wc -l <"$T/strace.1000") - $(wc -l <"$T/strace.0")))
		echo "$name: $n" >&2
		[ "$n" -ge 990 ]
		[ "$n" -le 1050 ]
	done
	rm -rf "$T/cache"
}

@test "/bin/true starts with at most 19 more" {
	local with without
	strace -o "$T/strace" /bin/true
	without=$(grep -cv '^[-+]' "$T/strace")
	view true
	with=$(calls /bin/true)
	echo "# $without without, $with with" >&3
	[ "$with" -gt "$without" ]
	[ "$with" -le $((without + 19)) ]
}

@test "the first start of a run is like the others: this machine's libc is known before" {
	local with first
	with=$(calls /bin/true)
	strace -f -o "$T/first" "$OVLRUN" -q -l "$V" -u "$U" -w "$W" /bin/true
	first=$(awk '/execve\("[^"]*\/true"/ { pid = $1 } $1 == pid && !/ ([-+][-+][-+]|resumed>) /' "$T/first" | wc -l)
	echo "# $first, later $with" >&3
	[ "$first" = "$with" ]
}

# starts COMMAND...: system calls of COMMAND that starts a program ten times, and of those
starts()
{
	"$@" strace -f "$REPEAT" exec "$PROGRAM" "$n" 2>"$T/strace"
	grep -cvE '^(\[pid +[0-9]+\] )?([-+<]|strace: )' "$T/strace"
}

# start_costs: what one start makes, in the parent and in itself, without us and with us
start_costs()
{
	local n=0 none_without none_with

	none_without=$(starts env)
	none_with=$(starts view)
	n=10
	without=$((($(starts env) - none_without) / 10))
	with=$((($(starts view) - none_with) / 10))
	echo "# $PROGRAM: $without without, $with with" >&3
}

@test "a start of /bin/true costs its parent and itself at most 28 more" {
	PROGRAM=/bin/true
	start_costs
	[ "$with" -gt "$without" ]
	[ "$with" -le $((without + 28)) ]
}

@test "so does that of a static program, with at most 40" {
	requires gcc
	echo 'int main(void) { return 0; }' >"$T/true.c"
	gcc -static -o "$T/true" "$T/true.c"
	PROGRAM=$T/true
	start_costs
	[ "$with" -gt "$without" ]
	[ "$with" -le $((without + 40)) ]
}
