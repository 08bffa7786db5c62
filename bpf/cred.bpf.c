/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Identity changes. The credentials of each process are remembered at exec; a set*id or capset call that changed
 * them reports at once, and a change that no such call explains is noticed at the next open or exec: that is how
 * credentials overwritten in kernel memory show.
 */
#include "lib/cred.h"
#include "lib/syscall.h"

/* setuid, setreuid, setresuid, setgid, setregid, setresgid, setfsuid, capset, setgroups */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_setid, struct pt_regs *regs, long ret)
{
	if (ret)
		return 0;
	check_cred(SYSCALL_NR(regs), CRED_BY_CALL);
	return 0;
}
