# SPDX-License-Identifier: MIT
# nested.bats - a run in a run

load helpers

# outer SCRIPT: bash, in the tree, in a run; $inner starts another there
outer()
{
	inner="'$OVLRUN' -q -l '$V' -u '$T/in'" view env -C "$V" inner="'$OVLRUN' -q -l '$V' -u '$T/in'" bash -uc "$1"
}

@test "nested: the inner run is in the outer one's view, and its changes are its own" {
	lower 'mkdir -p d e; echo low >f; echo low >g; echo low >h; echo x >d/x; echo y >e/y'
	run outer "echo outer >f; rm g; echo new >n; mkdir m; echo d >d/z; rm -r e; mkdir e
		eval \"\$inner -- bash -uc 'pwd; ls . d e; cat f h n; echo inner >>f; rm n; echo back >g; mv d d2; echo i >d2/i; rmdir m; chmod 600 h; ls . d2; cat f g'\"
		echo \"status \$?\"; ls . d; cat f n h"
	echo "$output"
	[ "$status" = 0 ]
	lower_unchanged
	expected="$V
.:
d
e
f
h
m
n

d:
x
z

e:
outer
low
new
.:
d2
e
f
g
h

d2:
i
x
z
outer
inner
back
status 0
.:
d
e
f
h
m
n

d:
x
z
outer
new
low"
	[ "$output" = "$expected" ]
	[ "$(cat "$T/in/f")" = "outer
inner" ]
	[ "$(cat "$U/f")" = outer ]
	[ ! -e "$T/.in.work" ]
}

@test "nested: the inner upper lies in the outer view" {
	lower 'mkdir d; echo low >f; echo low >g'
	run outer "'$OVLRUN' -l '$V' -u '$V/up' -R -- bash -uc 'echo in >f; echo in >n; mkdir -p a/b; ls -A; ls up .up.work'
		cat f; cat up/f up/n; ls up/a
		'$OVLRUN' -q -l '$V' -u '$V/up' -- bash -uc 'cat f n; rm g; ls'; rm -rf up; ls -A"
	echo "$output"
	lower_unchanged
	[ "$output" = "a
d
f
g
n
ls: cannot access 'up': No such file or directory
ls: cannot access '.up.work': No such file or directory
A $V/a
A $V/a/b
M $V/f
A $V/n
low
in
in
b
in
in
a
d
f
n
d
f
g" ]
	[ ! -e "$V/up" ]
}

@test "nested: three runs in one another, the status and a signal of the command" {
	lower 'echo low >f'
	run --separate-stderr outer "echo 1 >>f; '$OVLRUN' -q -l '$V' -u '$V/u1' -- bash -uc \"echo 2 >>f; '$OVLRUN' -q -l '$V' -u '$V/u2' -- bash -uc 'echo 3 >>f; cat f; exit 3'; echo \\\$?; cat f\"; echo \$?; cat f
		'$OVLRUN' -q -l '$V' -u '$V/u1' -- bash -uc 'kill -TERM \$\$'; echo \$?"
	echo "$output"
	lower_unchanged
	[ "$output" = "low
1
2
3
3
low
1
2
0
low
1
143" ]
}

@test "nested: without a guard, with / as the lower, a fresh upper" {
	# an ordinary user's copy of a directory of root's is recorded as such: refused
	requires root
	run "$OVLRUN" -q -u "$T/ou" -- bash -uc "mkdir $T/dir; cd $T/dir; echo o >f; TMPDIR=$T/dir '$OVLRUN' -- bash -uc 'pwd; cat f; echo i >f; ls'; cat f; ls | sed s/ovlrun.*/ovlrun/; cat ovlrun.*/upper$T/dir/f"
	echo "$output"
	[ "${lines[0]}" = "$T/dir" ]
	[ "${lines[1]}" = o ]
	[[ "${lines[2]} ${lines[3]}" = "f ovlrun."* ]]
	[[ ${lines[4]} = "ovlrun: changes are in $T/dir/ovlrun."*/upper ]]
	[ "${lines[5]} ${lines[6]} ${lines[7]} ${lines[8]}" = "o f ovlrun i" ]
	[ ! -e "$T/dir" ]
	run "$OVLRUN" --no-guard -q -u "$T/ou2" -- bash -uc "'$OVLRUN' --no-guard -q -u '$T/in' -- bash -uc 'echo x >$T/made; cat $T/made'; ls $T/made"
	[ "${lines[0]}" = x ]
	[[ ${lines[1]} = *"No such file"* ]]
	[ ! -e "$T/made" ]
}

# refused SCRIPT TEXT: an inner run after SCRIPT in the outer one
refused()
{
	run outer "$1; eval \"\$inner -- true\""
	echo "$output"
	[ "$status" = 125 ]
	[ "${#lines[@]}" = 1 ]
	[[ $output = *"$2"* ]]
	lower_unchanged
}

@test "nested: what is not supported is refused with one line, and nothing has changed" {
	lower 'mkdir d up; echo x >d/x; echo low >f; ln f f2; echo g >g'
	refused 'mv d d2' "renamed in the run around"
	rm -rf "$U" "$W" "$T/in"
	refused 'echo x >>f2' "files of several names"
	rm -rf "$U" "$W" "$T/in"
	run outer "'$OVLRUN' -q -l '$V/d' -u '$T/in' -- true"
	[ "$status" = 125 ]
	[[ $output = *"has to be that run's view: -l $V" ]]
	run outer "'$OVLRUN' -q -l '$V' -r -- true"
	[ "$status" = 125 ]
	run outer "'$OVLRUN' -q -l '$V' -u '$V/up' -- true"
	[ "$status" = 125 ]
	[[ $output = *"lies in a lower layer of the run around"* ]]
	run outer "'$OVLRUN' -q -l '$V' -u '$U' -- true"
	[ "$status" = 125 ]
	[ ! -e "$T/in" ]
	lower_unchanged
}

@test "nested: the trace and what outer processes see meanwhile" {
	lower 'echo low >f'
	run outer "OVL_TRACE='$V/trace' '$OVLRUN' -q -l '$V' -u '$V/up' -- bash -uc 'echo in >f; cat f >/dev/null'; grep -c 'f\".*upper' trace"
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" -gt 0 ]
	[ ! -e "$V/trace" ]
	lower_unchanged
}
