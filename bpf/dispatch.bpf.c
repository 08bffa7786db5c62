/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One program on every system call's exit; a table by number leads to the few that matter. */
#include "lib/syscall.h"

#define SYSCALLS 512

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SYSCALLS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} syscalls SEC(".maps");

/* The same for 32-bit calls, which have numbers of their own. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SYSCALLS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} compat_syscalls SEC(".maps");

/* Most calls are nobody's. The numbers are in the instructions: a look into the table is two cache lines more. */
static __always_inline bool handled(__u32 nr)
{
	__u64 calls[SYSCALLS / 64] = {}, some;

#define HANDLED(program, number) calls[(number) / 64] |= 1ULL << (number) % 64;
#include "syscalls.h"
	switch (nr / 64) {
	case 0:
		some = calls[0];
		break;
	case 1:
		some = calls[1];
		break;
	case 2:
		some = calls[2];
		break;
	case 3:
		some = calls[3];
		break;
	case 4:
		some = calls[4];
		break;
	case 5:
		some = calls[5];
		break;
	case 6:
		some = calls[6];
		break;
	case 7:
		some = calls[7];
		break;
	default:
		return false;
	}
	return some >> (nr % 64) & 1;
}

/*
 * With the number in the instruction the kernel turns the look into the table into a jump. An indirect one costs as much as
 * the handler behind it where retpolines are in use; but a jump takes milliseconds to attach, so only the busiest have one.
 */
#define JUMP_IF(number)                                                                                \
	do {                                                                                           \
		if (nr == (number)) {                                                                  \
			bpf_tail_call_static(ctx, &syscalls, number);                                  \
			return 0;                                                                      \
		}                                                                                      \
	} while (0)

/* Whether a call may lead anywhere. */
static __always_inline bool is_followed(struct pt_regs *regs)
{
	return is_compat() || handled(SYSCALL_NR(regs));
}

static __always_inline int dispatch(void *ctx, struct pt_regs *regs)
{
	__u32 nr = SYSCALL_NR(regs);

	if (is_compat()) {
		bpf_tail_call(ctx, &compat_syscalls, nr);
		return 0;
	}
	JUMP_IF(__NR_read);
	JUMP_IF(__NR_write);
	JUMP_IF(__NR_openat);
	JUMP_IF(__NR_recvfrom);
	JUMP_IF(__NR_sendto);
	if (handled(nr))
		bpf_tail_call(ctx, &syscalls, nr);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_syscall, struct pt_regs *regs, long ret)
{
	if (is_preemptible()) {
		if (!is_followed(regs))
			return 0;
		leave_mark(TWICE_SYSCALL);
	}
	return dispatch(ctx, regs);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_syscall_again, struct pt_regs *regs, long ret)
{
	return is_followed(regs) && first_was_skipped(TWICE_SYSCALL) ? dispatch(ctx, regs) : 0;
}
