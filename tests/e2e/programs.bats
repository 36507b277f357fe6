#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# programs that come with a run time of their own, and programs that do odd things to their process

load helpers
load door

@test "java: its version, a class compiled and run" {
	requires java javac
	lower 'echo old >old; mkdir gone
		cat >H.java <<"END"
import java.nio.file.*;
import java.util.stream.*;
public class H {
	static class Inner { static String say() { return "inner"; } }
	public static void main(String[] a) throws Exception {
		Files.writeString(Path.of("new"), "text");
		Files.move(Path.of("old"), Path.of("moved"));
		Files.delete(Path.of("gone"));
		Files.createDirectories(Path.of("d/e"));
		Thread t = new Thread(() -> { try { Files.createFile(Path.of("d/e/f")); } catch (Exception e) { System.out.println(e); } });
		t.start(); t.join();
		System.out.println(Files.exists(Path.of("old")) + " " + Files.readString(Path.of("new")) + " " + Inner.say());
		try (Stream<Path> s = Files.walk(Path.of("."))) { System.out.println(s.map(Path::toString).filter(p -> !p.contains("hsperf")).sorted().collect(Collectors.toList())); }
		System.out.println(new String(new ProcessBuilder("cat", "new").start().getInputStream().readAllBytes()));
	}
}
END'
	both -x '\.class' 'java -version 2>/dev/null && javac H.java && java -cp . H'
	shown "false text inner"
	shown "./d/e/f"
}

# a module of two packages, $1 with what its main package imports besides
go_module()
{
	requires go
	not_by_names "go reads past libc"
	lower "mkdir -p m/say; cd m; printf 'module example.org/m\n\ngo 1.16\n' >go.mod
		printf 'package say\n\nimport \"os\"\n\nfunc Say(s string) { os.Stdout.WriteString(s); os.WriteFile(\"said\", []byte(s), 0644) }\n' >say/say.go
		printf 'package main\n\nimport \"example.org/m/say\"\n$1\nfunc main() { say.Say($2) }\n' >main.go"
}

# build_module: in the view, with all that go keeps in it too
build_module()
{
	run in_view "export HOME=\$PWD/home GOPROXY=off GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=$1 TMPDIR=\$PWD/tmp
		mkdir tmp; cd m; go build -o prog . && ./prog && cat said && rm prog && go build -o prog . && ./prog; go vet ./say; ls"
	echo "$output"
	test "$status" = 0
	lower_unchanged
	test -x "$U/m/prog"
	test "$(cat "$U/m/said")" = hello
	[[ $output = hellohellohello* ]]
}

@test "go build: a module, without cgo, and its program" {
	not_by_names "reads past libc"
	go_module '' '\"hello\"'
	build_module 0
}

@test "go build: a module, with cgo, and its program" {
	not_by_names "reads past libc"
	requires cc
	go_module '\n// static const char *text(void) { return \"hello\"; }\nimport \"C\"\n' 'C.GoString(C.text())'
	build_module 1
}

# what raw calls of python change and read, number by number
@test "python3: ctypes, syscall()" {
	requires python3
	lower 'echo old >old; mkdir d; echo text >d/f; ln -s d l'
	both 'python3 -c "
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(nr, *a):
    r = libc.syscall(nr, *a)
    return r if r >= 0 else -ctypes.get_errno()
buf = ctypes.create_string_buffer(300)
AT = -100
print(call(87, b\"old\"), call(82, b\"d\", b\"e\"), call(83, b\"new\", 0o755), call(88, b\"e/f\", b\"s\"))
print(call(21, b\"old\", 0), call(21, b\"e/f\", 4), call(89, b\"s\", buf, 300), buf.value)
fd = call(257, AT, b\"s\", os.O_RDONLY, 0)
print(fd > 2, call(0, fd, buf, 300), buf.value[:4], call(262, AT, b\"d/f\", buf, 0), call(262, AT, b\"e/f\", buf, 0))
fd = call(2, b\".\", os.O_RDONLY | os.O_DIRECTORY, 0)
n = call(217, fd, buf, 300)
print(sorted(x for x in (b\"new\", b\"old\", b\"e\", b\"d\\0\") if x in buf.raw[:n]))
print(call(90, b\"e/f\", 0o600), call(76, b\"e/f\", 2), call(266, b\"x\", AT, b\"y\"), call(2, b\"made\", os.O_CREAT | os.O_WRONLY, 0o644) > 2)
"; cat e/f; ls'
	shown "[b'e', b'new']"
}

# odd_process FLAG...: closed and blocked, built so
odd_process()
{
	requires gcc
	lower 'echo low >low; mkdir d; echo f >d/f'
	cat >"$T/odd.c" <<-'END'
		#include <dirent.h>
		#include <fcntl.h>
		#include <signal.h>
		#include <stdio.h>
		#include <sys/stat.h>
		#include <sys/wait.h>
		#include <unistd.h>
		static void work(const char *name)
		{
			char to[64], text[8] = "";
			snprintf(to, sizeof(to), "%s.moved", name);
			int made = mkdir(name, 0755);
			int moved = rename(name, to);
			int fd = open("only", O_RDWR | O_APPEND);
			int n = read(fd, text, 4), wrote = write(fd, name, 3);
			close(fd);
			DIR *dir = opendir(".");
			int names = 0;
			while (dir && readdir(dir))
				names++;
			if (dir)
				closedir(dir);
			int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);
			dprintf(log, "%s: %d %d %d %.4s %d %d %d\n", name, made, moved, n, text, wrote, names, chmod("low", 0600));
			close(log);
		}
		static void children(const char *name)
		{
			if (!fork()) {
				work(name);
				execlp("sh", "sh", "-c", "echo by exec >>log; mv low lower; mv lower low", (char *)0);
				_exit(9);
			}
			int status;
			wait(&status);
			int log = open("log", O_WRONLY | O_APPEND);
			dprintf(log, "child: %#x\n", status);
			close(log);
		}
		int main(void)
		{
			sigset_t all;
			for (int fd = 0; fd < 1024; fd++)
				close(fd);
			work("closed");
			children("closed-child");
			sigfillset(&all);
			sigprocmask(SIG_SETMASK, &all, 0);
			work("blocked");
			children("blocked-child");
			return 0;
		}
	END
	gcc -w -O1 -o "$T/odd" "$T/odd.c" "$@"
	both "echo only >only; '$T/odd'; echo \$?; cat log; cat only"
	shown "blocked: 0 0 4 only 3"
	shown "by exec"
}

@test "a program that closes every descriptor, and blocks all signals" {
	odd_process
}

@test "a statically linked one that does" {
	odd_process -static
}

# what its run time reads and writes by system calls of its own is the view's
@test "gcc -fsanitize=address: its run time starts, reads and writes in the view" {
	requires gcc
	lower 'echo lower >f; mkdir d'
	cat >"$T/a.c" <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>
		int main(int n, char **v)
		{
			char *p = malloc(10);
			char text[20] = "";
			printf("%zd %s", read(open("f", O_RDONLY), text, 19), text);
			fflush(stdout);
			close(open("made", O_CREAT | O_WRONLY, 0644));
			int r = n > 1 ? p[n + 9] != 1 : 0;
			free(p);
			return r;
		}
	END
	gcc -g -fsanitize=address -o "$T/a" "$T/a.c" || skip "gcc has no AddressSanitizer"
	"$T/a" </dev/null || skip "AddressSanitizer does not run here"
	both "echo upper >f; '$T/a'; echo \$?; ls"
	shown "6 upper"
	not_by_names "what ASan reads is past libc"
	# a file that it reads by itself
	run in_view "echo 'interceptor_via_fun:none' >supp; ASAN_OPTIONS=suppressions=\$PWD/supp '$T/a' 2>&1"
	echo "$output"
	test "$status" = 0
	[[ $output != *"failed to read"* ]]
	# the report, written where only the view has a directory
	run in_view "rmdir d; mkdir e; ASAN_OPTIONS=log_path=\$PWD/e/log '$T/a' 1 || echo status \$?; grep -c heap-buffer-overflow e/log.*"
	echo "$output"
	[[ $output = *$'status 1\n2' ]]
	test -e "$(echo "$U"/e/log.*)"
	lower_unchanged
}
