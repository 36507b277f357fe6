# SPDX-License-Identifier: MIT
# escapes.awk - calls that did not come through the door, in the output of
#
#     strace -ff -y -i -o PREFIX -e trace=%file,getdents64,fchdir,mmap COMMAND
#
# awk -f escapes.awk -v session=FILE PREFIX.* PREFIX.*   (twice: two passes)
#
# Every path call after the process opened the session must have been made from the text of
# libovl.so, or libovlsym.so. Prints those that were not, then "N calls, N escaped, N processes".

function hex(s,    i, v)
{
	s = tolower(s)
	sub(/^0x/, "", s)
	v = 0
	for (i = 1; i <= length(s); i++)
		v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return v
}

function ours(ip,    i)
{
	for (i = 0; i < ntext; i++)
		if (ip >= text_start[i] && ip < text_end[i])
			return 1
	return 0
}

BEGIN { ntext = calls = escaped = processes = 0 }

FNR == 1 {
	seen[FILENAME]++
	pass = seen[FILENAME]
	# a forked child is covered from its first call, a fresh program from the session on
	started = $0 !~ /^\[[0-9a-f?]+\] execve\(/
}

!match($0, /^\[[0-9a-f]+\] [a-z0-9_]+\(/) { next }

{
	ip = hex(substr($1, 2, length($1) - 2))
	call = $2
	sub(/\(.*/, "", call)
}

call == "mmap" {
	if (pass == 1 && /PROT_EXEC/ && /libovl(sym)?\.so>/) {
		split($0, part, /[(,]/)
		text_start[ntext] = hex($NF)
		text_end[ntext++] = hex($NF) + part[3]
	}
	next
}

pass == 1 { next }

call == "execve" && / = 0$/ {
	if (started && !ours(ip))
		report()
	started = 0
	next
}

/^\[[0-9a-f]+\] open\(/ && index($0, "\"" session "\"") {
	started = 1
	processes++
	next
}

started {
	calls++
	if (!ours(ip))
		report()
}

function report()
{
	escaped++
	print "escaped: " $0
}

END {
	printf "%d calls, %d escaped, %d processes\n", calls, escaped, processes
}
