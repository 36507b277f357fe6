#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# what is on disk is overlayfs: the kernel goes on with ours, we go on with the kernel's

load helpers

more_setup()
{
	requires root
	layer 1 'mkdir -p a/b c e; for i in 1 2 3; do echo $i >a/$i; echo c$i >c/$i; done; echo x >e/x; ln -s a/1 l; chmod 700 c; touch -d 2001-01-01 a/1 a c'
}

kernel()
{
	mkdir -p "$U" "$T/kw"
	mount -t overlay -o "userxattr,lowerdir=$(IFS=:; echo "${LOWERS[*]}"),upperdir=$U,workdir=$T/kw" overlay "$V"
	"$@"
	local status=$?
	umount "$V"
	return $status
}

# what only we write the kernel shows as it is
kernel_tree()
{
	kernel tree "$V" | sed -E 's/ user\.(ovl|containers)\.[^ ]*//g'
}

both_show_the_same()
{
	kernel_tree >"$T/k" # one after the other: the mount covers the lower
	view_tree >"$T/o"
	diff "$T/k" "$T/o"
}

@test "UPPER made here: the kernel shows the same tree" {
	in_view 'rm a/1; echo new >a/2; mkdir a/b/d; rm -r c; mkdir c; echo inner >c/n; rm -r e; echo file >e; rm l; mkdir l; mkfifo p; ln a/3 h; ln -s x s; setfattr -n user.k -v v a; chmod 711 a; touch -d 2002-02-02 a/3'
	both_show_the_same
	grep -q '"@/c/n"' "$T/k"
	run ! grep -q '"@/c/1"' "$T/k"
	lower_unchanged
}

@test "UPPER made by the kernel: continued here, and by the kernel again" {
	kernel bash -euc "cd '$V'; rm a/1; echo k >a/2; rm -r c; mkdir c; echo kc >c/k; rm -r e; mv a/3 a/b/three; setfattr -n user.k -v v a/2; chown 5:6 l -h"
	both_show_the_same
	run in_view 'ls -A . a a/b c; cat a/2 c/k a/b/three; ls e; getfattr --only-values -n user.k a/2; stat -c %u l'
	[[ $output = *"cannot access 'e'"* ]]
	in_view 'echo again >a/1; rm c/k; rmdir c; mkdir e; rm a/b/three'
	both_show_the_same
	kernel bash -euc "cd '$V'; test \"\$(cat a/1)\" = again; test ! -e c; test -z \"\$(ls -A e)\$(ls -A a/b)\"; rm a/1"
	both_show_the_same
	lower_unchanged
}

@test "an opaque directory of the kernel's hides; rmdir and mkdir here make one for it" {
	kernel bash -euc "rm -r '$V/c'; mkdir '$V/c'"
	[ "$(in_view 'ls -A c')" = "" ]
	in_view 'rm -r a; mkdir a; touch a/new'
	[ "$(getfattr --only-values -n user.overlay.opaque "$U/a")" = y ]
	both_show_the_same
}

@test "whiteouts: made for lower names, not for others; a new name takes one's place" {
	in_view 'echo x >n; rm n; rm a/1; mkdir m; rmdir m; echo back >a/2.new; mv a/2.new a/2; rm a/3; echo y >a/3'
	[ "$(cd "$U" && find . -type c)" = ./a/1 ]
	both_show_the_same
}

@test "a renamed directory: flattened, the kernel shows it" {
	in_view 'mv a a2; mv c a2/c; echo x >a2/b/x'
	view_tree >"$T/o"
	test -x "$OVLCTL" || skip "needs ovlctl flatten"
	"$OVLCTL" flatten -l "$V" -u "$U"
	diff <(kernel_tree) "$T/o"
	diff <(view_tree) "$T/o"
}

@test "trusted.overlay marks of a privileged mount are read" {
	mkdir -p "$U" "$T/kw"
	mount -t overlay -o "redirect_dir=off,lowerdir=$V,upperdir=$U,workdir=$T/kw" overlay "$V"
	(cd "$V" && rm a/1 && rm -r c && mkdir c && echo k >c/k)
	umount "$V"
	[ "$(getfattr --only-values -n trusted.overlay.opaque "$U/c")" = y ]
	[ "$(in_view 'ls -A a c')" = $'a:\n2\n3\nb\n\nc:\nk' ]
}

@test "whiteouts and opaque directories in lower layers, as the kernel shows them" {
	layer 2 'mkdir -p a/b/x c; echo low >a/low; echo 9 >a/9; echo 8 >a/b/8; echo c9 >c/9; mkdir only; echo o >only/o'
	layer 1 'whiteout a/9; opaque c; whiteout only; mkdir a/b/y'
	both_show_the_same
	run in_view 'ls -A a a/b c; ls only'
	[ "$output" = $'a:\n1\n2\n3\nb\nlow\n\na/b:\n8\nx\ny\n\nc:\n1\n2\n3\nls: cannot access \'only\': No such file or directory' ]
	in_view 'mkdir only; rm -r a/b; rm c/1 a/low; echo 9 >a/9'
	both_show_the_same
	lower_unchanged
}
