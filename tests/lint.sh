#!/bin/sh
# SPDX-License-Identifier: MIT
# lint.sh - what must be true of the text, of the preloaded object and of the loader
#
# gcc and clang build without a warning (frames over 512 bytes in the engine are one);
# libovl.so, libovlsym.so and ovlload need nothing from anybody; cppcheck and clang-format have nothing to say.
set -u
cd "$(dirname "$0")/.." || exit 1
status=0

bad()
{
	echo "lint: $*" >&2
	status=1
}

for cc in gcc clang; do
	${MAKE:-make} -s CC=$cc BUILD=build/$cc BIN=build/$cc all || {
		bad "$cc: does not build without a warning"
		continue
	}
	for so in libovl.so libovlsym.so; do
		# the environment, where there is one: see preload/init.c
		undefined=$(nm -D -u build/$cc/$so | grep -vx ' *w __environ')
		test -z "$undefined" || bad "$so ($cc) needs: $undefined"
		needed=$(readelf -d build/$cc/$so | grep NEEDED)
		test -z "$needed" || bad "$so ($cc) is linked to: $needed"
	done
	# each costs every start a page: a pointer in a table, a large table among small variables
	so=build/$cc/libovl.so
	n=$(readelf -rW $so | grep -c R_X86_64_RELATIVE)
	test "$n" -le 8 || bad "$so: the dynamic linker writes $n pointers"
	n=$(($(nm $so | sed -n 's/^\([0-9a-f]*\) b ovl_entries$/0x\1/p') - \
		$(readelf -SW $so | sed -n 's/.* \.bss  *NOBITS  *\([0-9a-f]*\) .*/0x\1/p')))
	test "$n" -le 2048 || bad "$so: small variables of $n bytes: see OVL_LARGE"
	# of a static program the linker forgives weak ones
	undefined=$(nm -u build/$cc/ovlload)
	test -z "$undefined" || bad "ovlload ($cc) needs: $undefined"
	odd=$(readelf -lW build/$cc/ovlload | grep -E 'INTERP|DYNAMIC|LOAD.* RWE ')
	test -z "$odd" || bad "ovlload ($cc) has: $odd"
done

sources=$(find ovlrun.c launcher tools include shim preload loader -name '*.[ch]' | sort)
tests=$(find tests bench -name '*.[ch]' | sort)
clang-format --dry-run -Werror $sources $tests || bad "clang-format"
cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr \
	--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	--error-exitcode=1 -Iinclude -Ishim -Ipreload -Iloader -Ilauncher -Itools $sources || bad "cppcheck"

for f in $sources; do
	test "$(wc -l <"$f")" -le 500 || bad "$f: over 500 lines"
done
test $status = 0 && echo "lint: clean"
exit $status
