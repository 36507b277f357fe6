/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/resource.h>

#include "guard.h"
#include "nr.h"
#include "ovl.h"

#define TRAPPED	 (SECCOMP_RET_TRAP | OVL_GUARD_DATA)
#define NO_CALL	 (SECCOMP_RET_ERRNO | ENOSYS)
#define DONE	 (SECCOMP_RET_ERRNO | 0)
#define NR_LAST	 600
#define OPEN_ARG (guard == OVL_G_OPEN1 ? 1 : 2)

static struct sock_filter filter[OVL_GUARD_MAX];
static size_t n;

static void build(void)
{
	n = ovl_guard_build(filter);
}

TestSuite(guard, .init = build);

/* What the kernel would do with @d. */
static uint32_t judge(const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t i = 0; i < n; i++) {
		const struct sock_filter *f = &filter[i];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)d + f->k, sizeof(a));
			break;
		case BPF_JMP | BPF_JA:
			i += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += a == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			i += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			i += a & f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			cr_assert_fail("instruction %zu is unknown", i);
		}
	}
	cr_assert_fail("the filter has no end");
	return 0;
}

static struct seccomp_data call(int nr)
{
	return (struct seccomp_data){.nr = nr, .arch = AUDIT_ARCH_X86_64};
}

static uint32_t judge_with(int nr, int arg, uint64_t value)
{
	struct seccomp_data d = call(nr);

	d.args[arg] = value;
	return judge(&d);
}

Test(guard, is_small)
{
	cr_expect(n < 256, "%zu instructions", n);
}

Test(guard, calls_that_change_nothing_are_free_whatever_they_are_given)
{
	for (int nr = 0; nr < NR_LAST; nr++) {
		struct seccomp_data d = call(nr);

		if (nr >= 470 || ovl_guarded[nr] != OVL_G_FREE || nr == __NR_rt_sigaction)
			continue;
		memset(d.args, 0xff, sizeof(d.args));
		cr_expect_eq(judge(&d), SECCOMP_RET_ALLOW, "%d", nr);
	}
}

Test(guard, calls_that_change_something_need_the_key)
{
	int seen = 0;

	for (int nr = 0; nr < 470; nr++) {
		struct seccomp_data d = call(nr);

		if (ovl_guarded[nr] != OVL_G_WRITE || nr == __NR_setxattrat)
			continue;
		seen++;
		cr_expect_eq(judge(&d), TRAPPED, "%d", nr);
		cr_expect_eq(judge_with(nr, 5, OVL_GUARD_KEY), SECCOMP_RET_ALLOW, "%d", nr);
		cr_expect_eq(judge_with(nr, 5, OVL_GUARD_KEY ^ 1), TRAPPED, "%d", nr);
		cr_expect_eq(judge_with(nr, 5, OVL_GUARD_KEY ^ 1ULL << 63), TRAPPED, "%d", nr);
	}
	cr_expect(seen > 40);
}

Test(guard, the_key_of_a_call_with_six_arguments_is_in_its_first)
{
	cr_expect_eq(judge_with(__NR_setxattrat, 0, (uint32_t)AT_FDCWD), TRAPPED);
	cr_expect_eq(judge_with(__NR_setxattrat, 0, (uint64_t)AT_FDCWD), TRAPPED);
	cr_expect_eq(judge_with(__NR_setxattrat, 0, OVL_GUARD_UPPER | (uint32_t)AT_FDCWD),
		     SECCOMP_RET_ALLOW);
}

Test(guard, opening_to_read_is_free)
{
	static const uint64_t reads[] = {0, O_CLOEXEC | O_DIRECTORY, O_PATH, O_NOFOLLOW,
					 O_NONBLOCK | O_NOATIME};
	static const uint64_t changes[] = {
		O_WRONLY, O_RDWR, 3, O_CREAT, O_TRUNC, O_TMPFILE, O_CREAT | O_CLOEXEC};

	for (int nr = 0; nr < 470; nr++) {
		int guard = ovl_guarded[nr];

		if (guard != OVL_G_OPEN1 && guard != OVL_G_OPEN2)
			continue;
		for (size_t i = 0; i < OVL_ARRAY_SIZE(reads); i++)
			cr_expect_eq(judge_with(nr, OPEN_ARG, reads[i]), SECCOMP_RET_ALLOW);
		for (size_t i = 0; i < OVL_ARRAY_SIZE(changes); i++) {
			struct seccomp_data d = call(nr);

			d.args[OPEN_ARG] = changes[i];
			cr_expect_eq(judge(&d), TRAPPED, "%d %#lo", nr, (long)changes[i]);
			d.args[5] = OVL_GUARD_KEY;
			cr_expect_eq(judge(&d), SECCOMP_RET_ALLOW);
		}
	}
}

Test(guard, ioctl_is_judged_by_its_request)
{
	cr_expect_eq(judge_with(__NR_ioctl, 1, 0x5401), SECCOMP_RET_ALLOW); /* TCGETS */
	cr_expect_eq(judge_with(__NR_ioctl, 1, FS_IOC_GETFLAGS), SECCOMP_RET_ALLOW);
	cr_expect_eq(judge_with(__NR_ioctl, 1, FS_IOC_SETFLAGS), TRAPPED);
	cr_expect_eq(judge_with(__NR_ioctl, 1, FS_IOC_FSSETXATTR), TRAPPED);
	cr_expect_eq(judge_with(__NR_ioctl, 1, FS_IOC_SETVERSION), TRAPPED);
}

Test(guard, the_limit_of_core_files_needs_the_key_and_others_do_not)
{
	struct seccomp_data d = call(__NR_prlimit64);

	cr_expect_eq(judge_with(__NR_prlimit64, 1, RLIMIT_NOFILE), SECCOMP_RET_ALLOW);
	cr_expect_eq(judge_with(__NR_setrlimit, 0, RLIMIT_NOFILE), SECCOMP_RET_ALLOW);
	cr_expect_eq(judge_with(__NR_setrlimit, 0, RLIMIT_CORE), TRAPPED);
	/* the kernel has it in 32 bits */
	cr_expect_eq(judge_with(__NR_prlimit64, 1, 1ULL << 32 | RLIMIT_CORE), TRAPPED);
	d.args[1] = RLIMIT_CORE;
	d.args[5] = OVL_GUARD_KEY;
	cr_expect_eq(judge(&d), SECCOMP_RET_ALLOW);
}

Test(guard, sigsys_keeps_its_handler_and_others_are_free)
{
	cr_expect_eq(judge_with(__NR_rt_sigaction, 0, SIGSYS), DONE);
	cr_expect_eq(judge_with(__NR_rt_sigaction, 0, SIGSEGV), SECCOMP_RET_ALLOW);
}

Test(guard, what_does_not_exist_answers_so)
{
	cr_expect_eq(judge_with(__NR_io_uring_setup, 5, OVL_GUARD_KEY), NO_CALL);
	for (int nr = 470; nr < NR_LAST; nr++)
		cr_expect_eq(judge_with(nr, 5, OVL_GUARD_KEY), NO_CALL, "%d", nr);
	cr_expect_eq(judge_with(0x40000000 | __NR_mkdir, 5, OVL_GUARD_KEY), NO_CALL); /* x32 */
	/* a tracer's way to leave a call out */
	cr_expect_eq(judge_with(-1, 0, 0), SECCOMP_RET_ALLOW);
}

Test(guard, another_machines_call_ends_the_process)
{
	struct seccomp_data d = call(__NR_read);

	d.arch = AUDIT_ARCH_I386;
	cr_expect_eq(judge(&d), TRAPPED);
}
