/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Arguments of a system call at its exit: pt_regs still holds them, so entry needs no hook. */
#ifndef SPY_SYSCALL_H
#define SPY_SYSCALL_H

#include "kernel.h"

#if defined(__TARGET_ARCH_x86)
#define SYSCALL_NR(regs) ((__u32)(regs)->orig_ax)
#define ARG0(regs) ((regs)->di)
#define ARG1(regs) ((regs)->si)
#define ARG2(regs) ((regs)->dx)
#define ARG3(regs) ((regs)->r10)
#define ARG4(regs) ((regs)->r8)
#else
#define SYSCALL_NR(regs) ((__u32)(regs)->syscallno)
#define ARG0(regs) ((regs)->orig_x0)
#define ARG1(regs) ((regs)->regs[1])
#define ARG2(regs) ((regs)->regs[2])
#define ARG3(regs) ((regs)->regs[3])
#define ARG4(regs) ((regs)->regs[4])
#endif

#endif
