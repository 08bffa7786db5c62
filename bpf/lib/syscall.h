/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Arguments of a system call at its exit: pt_regs still holds them, so entry needs no hook. */
#ifndef SPY_SYSCALL_H
#define SPY_SYSCALL_H

#include "task.h"
#include <asm/unistd.h>

#if defined(__TARGET_ARCH_x86)

/* 32-bit numbers and registers, by int 0x80 or a 32-bit program: the state is the task's, not the code segment's. */
static __always_inline bool is_compat(void)
{
	struct task_struct *t;

	if (CAN_CAST)
		return cast_current()->thread_info.status & TS_COMPAT;
	t = (void *)bpf_get_current_task();
	return BPF_CORE_READ(t, thread_info.status) & TS_COMPAT;
}

#define X32_SYSCALL_BIT 0x40000000
#define SYSCALL_NR(regs) ((__u32)(regs)->orig_ax & ~X32_SYSCALL_BIT)
#define ARG0(regs) (is_compat() ? (__u32)(regs)->bx : (regs)->di)
#define ARG1(regs) (is_compat() ? (__u32)(regs)->cx : (regs)->si)
#define ARG2(regs) (is_compat() ? (__u32)(regs)->dx : (regs)->dx)
#define ARG3(regs) (is_compat() ? (__u32)(regs)->si : (regs)->r10)
#define ARG4(regs) (is_compat() ? (__u32)(regs)->di : (regs)->r8)

#else

static __always_inline bool is_compat(void)
{
	return false;
}

#define SYSCALL_NR(regs) ((__u32)(regs)->syscallno)
#define ARG0(regs) ((regs)->orig_x0)
#define ARG1(regs) ((regs)->regs[1])
#define ARG2(regs) ((regs)->regs[2])
#define ARG3(regs) ((regs)->regs[3])
#define ARG4(regs) ((regs)->regs[4])

#endif

/* A program that on_syscall leads to. */
#define SYSCALL_PROG(name)                                                                             \
	static __always_inline int name##_exit(struct pt_regs *regs, long ret);                        \
	SEC("tp_btf/sys_exit")                                                                         \
	int BPF_PROG(name, struct pt_regs *regs, long ret)                                             \
	{                                                                                              \
		return UNDISTURBED(name##_exit(regs, ret));                                            \
	}                                                                                              \
	static __always_inline int name##_exit(struct pt_regs *regs, long ret)

/* The number of a call by its name, and by the number 32-bit programs have for it. */
#define NR(name, compat) (is_compat() ? (compat) : __NR_##name)

#endif
