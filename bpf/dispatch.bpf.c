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

static __always_inline int dispatch(void *ctx, struct pt_regs *regs)
{
	if (is_compat())
		bpf_tail_call(ctx, &compat_syscalls, SYSCALL_NR(regs));
	else
		bpf_tail_call(ctx, &syscalls, SYSCALL_NR(regs));
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_syscall, struct pt_regs *regs, long ret)
{
	if (preemptible)
		enter_first(TWICE_SYSCALL);
	return dispatch(ctx, regs);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_syscall_again, struct pt_regs *regs, long ret)
{
	return first_was_skipped(TWICE_SYSCALL) ? dispatch(ctx, regs) : 0;
}
