#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# How upper's marks are stored: the kernel's way, as .wh. files, without xattrs, on ramfs
load helpers

more_setup()
{
	KINDS="nodes dotwh records"
	if test "$(id -u)" = 0 && mkdir "$T/ram" && mount -t ramfs ramfs "$T/ram"; then
		KINDS+=" ramfs"
	fi
	lower 'mkdir -p a/b/c e; echo 1 >a/1; echo 2 >a/b/2; echo 3 >a/b/c/3; echo f >f; echo g >g
		ln -s f s; ln g e/h; chmod 750 a/b; echo own >.wh.own; touch -d 2001-02-03 f a/1'
	cp -a "$P" "$T/fresh"
}

# use KIND: a new upper whose marks are of that kind
use()
{
	rm -rf "$T/u" "$T/w" "$T/ram/u" "$T/ram/w" "$P"
	cp -a "$T/fresh" "$P"
	unset OVL_MARKS
	U=$T/u
	W=$T/w
	case $1 in
	dotwh | records)
		export OVL_MARKS=$1
		;;
	ramfs)
		U=$T/ram/u
		W=$T/ram/w
		;;
	esac
}

# every SCRIPT: on each kind as on a plain copy
every()
{
	local kind

	for kind in $KINDS; do
		use "$kind"
		both "$1" || { echo "marks: $kind" >&2; return 1; }
	done
}

wh()
{
	find "$U" -name '.wh.*' ! -name .wh..wh.ovl
}

@test "removed names stay removed, new ones come in their place" {
	every 'rm f s; ls -A; cat f; rm -r a; ls -A; echo new >f; mkdir a; ls -A . a; cat f
		rm f; cat f; rmdir a; ls -A; rm f; mkdir f; touch f/x; ls -AR'
	shown "cannot remove 'f'"
}

@test "renamed: files, directories, over each other, and back" {
	every 'mv f g; ls -A; cat g; mv a A; ls -A . A A/b; rm A/b/2; mv A/b .; ls -A . A b b/c; cat b/c/3
		mv b A/b; mv A a; ls -AR; echo >>a/b/c/3; mkdir n; mv n a/b/n; rm -r a/b/c; mkdir a/b/c; ls -AR'
}

@test "the next run sees what the one before left" {
	local kind

	for kind in $KINDS; do
		use "$kind"
		both 'rm f; mv a A; rm A/1; echo x >g; rmdir e; chmod 700 A/b; mkdir f; chown 0:0 s 2>/dev/null; true'
		both 'ls -AR; stat -c "%n %a" g A/b f; rmdir f; mv A/b b; rm -r A; ls -AR'
		both 'ls -AR; cat b/c/3; echo new >f; mkdir a; ls -A a'
		test -z "$(view_tree | grep -E 'wh\.|ovl')" || test "$(view_tree | grep -cE '\.wh\.own')" = 1
	done
}

@test "inode numbers and hard links stay over copy-up, and in the next run" {
	local kind before

	for kind in $KINDS; do
		use "$kind"
		before=$(in_view 'stat -c "%n %i" a a/1 a/b/2 f g e/h s')
		in_view 'echo >>f; echo >>a/1; chmod 600 a/b/2; touch -h s; echo >>g; chmod 755 a'
		[ "$(in_view 'stat -c "%n %i" a a/1 a/b/2 f g e/h s')" = "$before" ]
		[ "$(in_view 'cat e/h; stat -c %h e/h')" = $'g\n\n2' ]
	done
}

@test "a program's own names that begin with .wh." {
	every 'cat .wh.own; rm f; touch .wh.f; echo 2 >>.wh.f; ls -A; cat f .wh.f; rm .wh.f; ls -A; cat f
		rm .wh.own; ls -A; mkdir .wh.g; rm g; ls -A; touch .wh..wh..opq a/.wh..wh..opq; ls -A . a; echo x >.wh.own
		mv .wh.own .wh.e; rmdir .wh.g; rm -r e; ls -A; rm .wh.e; ls -A'
	[ "$(in_view 'ls -A')" = $'.wh..wh..opq\na\ns' ]
}

@test "names up to 255 bytes" {
	lower 'for n in 250 251 252 255; do head -c $n /dev/zero | tr "\0" x | xargs touch; done'
	cp -a "$P" "$T/fresh/more"
	rm -rf "$T/fresh"
	cp -a "$P" "$T/fresh"
	every 'rm x*; ls -A | wc -l; for n in 251 255; do head -c $n /dev/zero | tr "\0" x | xargs touch; done
		ls -A | wc -l; ls | sort | cut -c 240-; rm x*; ls -A'
	[ "$(in_view 'ls -A | wc -l')" = 6 ]
}

@test "what marks look like: an empty file beside, as container layers have" {
	use dotwh
	in_view 'rm f; rm -r a/b; mv a A; mkdir a'
	[ "$(cd "$U" && find . -name '.wh.*' -type f -empty | sort | tr '\n' ' ')" = "./.wh..wh.ovl ./.wh.a ./.wh.f ./A/.wh.b " ]
	[ -z "$(find "$U" -type c)" ]
	use nodes
	in_view 'rm f'
	[ -z "$(wh)" ]
}

@test "an upper that says so keeps its kind of marks" {
	use dotwh
	in_view 'rm f'
	unset OVL_MARKS
	[ "$(in_view 'rm g; ls')" = $'a\ne\ns' ]
	[ -f "$U/.wh.g" ]
	[ -z "$(find "$U" -type c)" ]
}

@test "lower layers: .wh. files hide where the layer says so, and only there" {
	layer 1 'install -m 1400 /dev/null .wh.gone; mkdir d; install -m 1400 /dev/null d/.wh..wh..opq; echo 1 >d/one'
	layer 2 'echo 2 >gone; mkdir d; echo 2 >d/two'
	[ "$(in_view 'ls -A . d' | tr '\n' ' ')" = ".: .wh.gone .wh.own a d e f g gone s  d: .wh..wh..opq one two " ]
	install -m 1400 /dev/null "$V/.wh..wh.ovl"
	BEFORE=$(digest)
	[ "$(in_view 'ls -A . d; cat gone' 2>/dev/null | tr '\n' ' ')" = ".: .wh.own a d e f g s  d: one " ]
	[ "$(in_view 'rm d/one; echo n >gone; ls -A . d' | tr '\n' ' ')" = ".: .wh.own a d e f g gone s  d: " ]
	lower_unchanged
}

@test "diff tells the same of every kind" {
	local kind

	for kind in $KINDS; do
		use "$kind"
		in_view 'rm f; mv a A; rm A/1; echo x >>A/b/2; rm -r e; mkdir e; echo >e/n; echo >-; rm .wh.own; chmod 711 A/b; rm s; mkdir s'
		"$OVLCTL" diff -l "$V" -u "$U" -w "$W" >"$T/diff.$kind" || test $? = 1
		diff "$T/diff.nodes" "$T/diff.$kind" || { echo "marks: $kind" >&2; return 1; }
	done
	grep -q "^D $V/f$" "$T/diff.nodes"
	grep -q "^R $V/A$" "$T/diff.nodes"
	grep -q "^D $V/e/h$" "$T/diff.nodes"
}

@test "flatten: .wh. files become the kernel's marks" {
	use dotwh
	in_view 'rm f; mv a A; rm A/1; rm -r e; mkdir e; touch .wh.f; rm g; echo >g; rm .wh.own'
	view_tree >"$T/before"
	unset OVL_MARKS
	"$OVLCTL" flatten -l "$V" -u "$U" -w "$W"
	[ "$(wh)" = "$U/.wh.f
$U/.wh.own" ] || [ "$(wh | sort)" = "$U/.wh.f
$U/.wh.own" ]
	[ -c "$U/f" ]
	[ -c "$U/.wh.own" ]
	test ! -e "$U/.wh..wh.ovl"
	[ "$(getfattr --only-values -n user.overlay.opaque "$U/e")" = y ]
	diff "$T/before" <(view_tree)
	if test "$(id -u)" = 0; then
		mkdir "$T/kw" "$T/m"
		mount -t overlay -o "userxattr,lowerdir=$V,upperdir=$U,workdir=$T/kw" overlay "$T/m"
		[ "$(ls -A "$T/m" | tr '\n' ' ')" = ".wh.f A e g s " ]
		[ -z "$(ls -A "$T/m/e")" ]
		umount "$T/m"
	fi
}

# In which order a directory tells them depends on the names: some of twenty in the wrong one.
@test "flatten: a name is removed, and the one that its mark would have" {
	local i
	lower 'mkdir w; for i in $(seq 20); do echo >w/$i; echo >w/.wh.$i; done'
	use dotwh
	in_view 'rm w/* w/.wh.*'
	unset OVL_MARKS
	"$OVLCTL" flatten -l "$V" -u "$U" -w "$W"
	for i in $(seq 20); do
		test -c "$U/w/$i"
		test -c "$U/w/.wh.$i"
	done
	[ -z "$(in_view 'ls -A w')" ]
}

@test "flatten: refused where the kernel's marks cannot be" {
	requires root
	use ramfs
	in_view 'rm f'
	run -2 "$OVLCTL" flatten -l "$V" -u "$U" -w "$W"
	[[ $output = *"cannot hold what the kernel needs"* ]]
	[ -f "$U/.wh.f" ]
}

@test "ramfs: what it cannot do is answered as it does, and the rest works" {
	requires root
	use ramfs
	run in_view 'setfattr -n user.x -v y f'
	[[ $output = *"not supported"* ]]
	in_view 'mknod null c 0 0; test -c null; mkfifo p; ln p q; rm null'
	[ "$(in_view 'ls')" = $'a\ne\nf\ng\np\nq\ns' ]
	[ -d "$W/index" ]
	lower_unchanged
}

# without CALLS ERROR COMMAND...: ovlrun on a file system where these calls fail so
without()
{
	local calls=$1 error=$2

	shift 2
	strace -qq -o /dev/null -e "inject=$calls:error=$error" "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -- "$@"
}

@test "found out at the start: no devices, no xattrs, neither of which is lost" {
	requires strace
	use nodes
	without mknod,mknodat EPERM rm "$V/f"
	[ -f "$U/.wh.f" ]
	use nodes
	without setxattr,lsetxattr,fsetxattr EOPNOTSUPP mv "$V/a" "$V/A"
	[ -f "$U/.wh.a" ]
	[ -z "$(getfattr -d -m - "$U/A" 2>/dev/null)" ]
	[ "$(find "$W/index" -name 'r-*' -printf '%l')" = /a ]
	use nodes
	without getpid EPERM rm "$V/f"
	[ -z "$(wh)" ]
}

@test "a file system without symlinks is refused with one line" {
	requires strace
	use nodes
	run -125 without symlink,symlinkat EPERM true
	[ "${#lines[@]}" = 1 ]
	[[ $output = *"holds no symlinks, hard links or modes"* ]]
	test ! -e "$U"
	test ! -e "$W"
}

@test "killed between two steps, nothing is lost and nothing comes back" {
	requires root strace
	local kind op n calls=renameat,renameat2,unlinkat,linkat,mkdirat,symlinkat killed=0

	for kind in dotwh records; do
		for op in 'unlink f' 'mv -T a A' 'mv f g' 'rm -r e' 'rmdir e/k'; do
			use "$kind"
			in_view 'echo up >f; mkdir e/k; rm e/h'
			view_tree >"$T/0"
			cp -a "$U" "$T/u.before"
			in_view "$op"
			view_tree >"$T/1"
			for n in 1 2 3 4 6; do
				use "$kind"
				in_view 'echo up >f; mkdir e/k; rm e/h'
				view strace -f -qq -o /dev/null -e inject=$calls:signal=KILL:when=$n \
					env -C "$V" $op 2>/dev/null || killed=$((killed + 1))
				view_tree >"$T/now"
				cmp -s "$T/now" "$T/0" || cmp -s "$T/now" "$T/1" || test "$op" = 'rm -r e' || {
					echo "$kind: $op, killed at $n" >&2
					diff "$T/0" "$T/now" >&2
					return 1
				}
			done
			rm -rf "$T/u.before"
		done
	done
	echo "killed $killed times"
	test "$killed" -gt 10
}
