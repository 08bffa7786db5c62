/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Identity changes. The credentials of each process are remembered at fork and exec; a call that changed them reports
 * at once, and a change that no such call explains is noticed when the process forks: that is how credentials
 * overwritten in kernel memory show.
 */
#include "lib/cred.h"
#include "lib/syscall.h"

/* setuid, setreuid, setresuid, setgid, setregid, setresgid, capset; setfsuid and setfsgid return the id before */
SYSCALL_PROG(on_setid)
{
	if (ret < 0)
		return 0;
	check_cred(SYSCALL_NR(regs), CRED_BY_CALL);
	return 0;
}
