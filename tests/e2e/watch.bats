# SPDX-License-Identifier: MIT
# watch.bats - who watches an object of the view learns what others do to it

load helpers

WATCH=$BATS_TEST_DIRNAME/bin/watch.py

@test "watch: a file of the lower that another process changes" {
	requires python3
	lower 'mkdir end; for f in a b c d e g; do echo $f >$f; done'
	both "python3 $WATCH end a b c d e g -- 'echo x >>a; chmod 600 b; mv c c2; rm d; truncate -s 0 e; echo x >>g; cat a'; ls"
	shown MODIFY
	shown MOVE_SELF
}

@test "watch: a directory of the lower, whose names come, go and change" {
	requires python3
	lower 'mkdir -p end d/sub d/old d/mv d/deep/er; for f in a b c e k; do echo $f >d/$f; done; echo x >d/sub/x; echo y >d/mv/y'
	both "python3 $WATCH end d -- 'echo n >d/new; rm d/a; mv d/b d/b2; chmod 600 d/c; echo x >>d/e; rmdir d/old; mkdir d/dir; mv d/mv d/mv2; rm -r d/sub; echo z >d/deep/er/z; rm d/e; echo e >d/e'; ls d"
	shown "'b2'"
}

@test "watch: a directory that is there again, and one that moves" {
	requires python3
	lower 'mkdir -p end d m; echo a >d/a; echo b >m/b'
	both "python3 $WATCH end d m -- 'rm d/a; echo a >d/a; rm d/a; mkdir d/a; rmdir d/a; mv m/b d/c; mv d/c m/e; mv m/e d/f'; ls d m"
}

@test "watch: tail -F and tail -f of a log of the lower" {
	lower 'mkdir d; echo one >log; echo one >d/log'
	both 'seen() { for i in $(seq 600); do grep -q "$1" out && return; sleep 0.1; done; echo "$1 is not seen"; cat out; }
		tail -n +1 -F log >out 2>/dev/null & seen one; echo two >>log; seen two; echo three >>log; seen three
		mv log log.1; echo four >log; seen four; kill $!; wait $! 2>/dev/null; cat out
		tail -n +1 -f d/log >out & seen one; echo two >>d/log; seen two; kill $!; wait $! 2>/dev/null; cat out'
	shown four
}

@test "watch: node's fs.watch" {
	requires node
	lower 'mkdir d; echo 1 >d/f; echo 1 >f'
	both 'node -e "
const fs = require(\"fs\"), { spawn } = require(\"child_process\");
const seen = new Set(), all = [\"d:f\", \"d:n\", \"f:f\"];
const saw = (w, n) => { seen.add(w + \":\" + n); if (all.every(x => seen.has(x))) { console.log(\"all\"); process.exit(0); } };
fs.watch(\"d\", (e, n) => saw(\"d\", n)); fs.watch(\"f\", (e, n) => saw(\"f\", n));
spawn(\"sh\", [\"-c\", \"echo 2 >>d/f; echo 2 >d/n; echo 2 >>f\"]);
setTimeout(() => { console.log([...seen]); process.exit(1); }, 60000);
"'
	shown all
}

@test "watch: outside the view, and what nobody changes" {
	requires python3
	lower 'mkdir end d; echo 1 >d/f'
	mkdir "$T/out" "$T/out2"
	run -0 in_view "python3 $WATCH $T/out2 $T/out d d/f -- 'echo 1 >$T/out/f; cat d/f'"
	[[ $output = *"/out left ['f']"* ]]
	[[ $output = *"d left ['f'] changed []"* ]]
	[ "${lines[-1]}" = d/f ]
	lower_unchanged
}
