#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# permissions: an ordinary user among objects of its own and of others

load helpers
load corner

more_setup()
{
	requires root setpriv
	corner_tree
	USER_ID=54321
	(
		cd "$V"
		mkdir their own sticky closed listed
		echo open >their/open; echo read >their/read; echo none >their/none
		chmod 666 their/open; chmod 600 their/none
		for i in 000 200 444; do echo $i >own/$i; chmod $i own/$i; done
		echo x >closed/in; echo x >listed/x; echo x >sticky/theirs; echo x >sticky/own
		find . -exec touch -h -d 2001-02-03T04:05:06.5 {} +
		chown -R -h "$USER_ID:$USER_ID" .
		chown -R 0:0 their sticky/theirs
		chmod 666 sticky/theirs
		chmod 1777 sticky
		chmod 000 closed
		chmod 444 listed
	)
	lower :
	# somebody else, who can reach everything that is needed
	within_reach "$TOP/build/e2e/corner_perm"
	mkdir "$T/up"
	chown "$USER_ID:$USER_ID" "$T/up"
	U=$T/up/u W=$T/up/w
	AS=(setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups)
}

@test "perm: opened" {
	corner perm opened
}

@test "perm: asked" {
	corner perm asked
}

@test "perm: changed" {
	corner perm changed
}

@test "perm: named" {
	corner perm named
}

@test "perm: directories" {
	corner perm directories
}

# The kernel of the plain side is as it is; what the view makes of the knob is seen with another one.
@test "perm: others' symlinks in a sticky directory" {
	ln -s theirs "$V/sticky/link"
	ln -s "$V/sticky/theirs" "$V/own/link"
	lower :
	both 'cat sticky/link; cat own/link; stat -L -c %s sticky/link; readlink sticky/link'
	echo 1 >one
	run -1 unshare -m sh -c 'mount --bind "$1" /proc/sys/fs/protected_symlinks; shift; exec "$@"' sh "$T/one" \
		"${AS[@]}" "$T/bin/ovlrun" -q -l "$V" -u "$U" -w "$W" -- cat "$V/sticky/link"
	[[ $output = *"Permission denied"* ]]
	run -0 unshare -m sh -c 'mount --bind "$1" /proc/sys/fs/protected_symlinks; shift; exec "$@"' sh "$T/one" \
		"${AS[@]}" "$T/bin/ovlrun" -q -l "$V" -u "$U" -w "$W" -- readlink "$V/sticky/link"
}

# removed_unread: the empty ones of somebody else's directories in m, a file system of its own, go
removed_unread()
{
	lower "chown $USER_ID m
		mkdir -m 0 m/none m/full m/goal m/both m/top; mkdir m/own; mkdir m/full/x; touch m/own/x
		chown $USER_ID m/own"
	both 'rmdir m/none; rmdir m/full 2>&1; mv -T m/own m/goal; ls m m/goal; mv -T m/goal m/full 2>&1'
	shown "m/full': Directory not empty"
	! in_view 'test -e m/none'
}

@test "perm: empty directories that cannot be read, on tmpfs" {
	mkdir "$V/m"
	mount -t tmpfs tmpfs "$V/m"
	removed_unread
	# a merged one is as empty as all of its parts
	mkdir -p "$T/l2/m"
	mount -t tmpfs tmpfs "$T/l2/m"
	mkdir -m 0 "$T/l2/m/both" "$T/l2/m/full" "$T/l2/m/top"
	touch "$T/l2/m/top/x"
	LOWERS=("$V" "$T/l2")
	in_view 'rmdir m/both; test ! -e m/both; rmdir m/full && exit 9; rmdir m/top && exit 9; test -e m/full; test -e m/top'
}

@test "perm: empty directories that cannot be read, on XFS" {
	requires mkfs.xfs
	truncate -s 400M "$T/image"
	mkfs.xfs -q "$T/image"
	mkdir "$V/m"
	mount -o loop "$T/image" "$V/m" || skip "no loop device, or no XFS"
	removed_unread
}
