/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Calls by which one process reaches into another, into the kernel, or out of its own bounds. */
#include "lib/cred.h"
#include "lib/sock.h"
#include "lib/syscall.h"

#define PTRACE_TRACEME 0
#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5
#define PTRACE_POKEUSR 6
#define PTRACE_SETREGS 13
#define PTRACE_ATTACH 16
#define PTRACE_SETREGSET 0x4205
#define PTRACE_SEIZE 0x4206
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define NR_PIDFD_GETFD 438

static __always_inline struct spy_call *call_get(struct scratch *s, __u32 kind, __u32 nr, long ret)
{
	struct spy_call *r = (struct spy_call *)s->buf;

	__builtin_memset(r, 0, sizeof(*r));
	fill_current_hdr(&r->h, kind, sizeof(*r), 1);
	r->nr = nr;
	r->ret = ret;
	return r;
}

/* A pid as the caller names it means another process outside its pid namespace: kept only of the initial one. */
static __always_inline void set_target(struct spy_call *r, __u32 tgid)
{
	struct task_struct *t = (void *)bpf_get_current_task();

	r->target_tgid = BPF_CORE_READ(t, thread_pid, level) ? 0 : tgid;
}

static __noinline int emit_args(__u32 kind, struct pt_regs *regs, long ret, __u32 target)
{
	struct scratch *s = scratch_get(sizeof(struct spy_call));
	struct spy_call *r;

	if (!s || is_self())
		return 0;
	r = call_get(s, kind, SYSCALL_NR(regs), ret);
	r->args[0] = ARG0(regs);
	r->args[1] = ARG1(regs);
	r->args[2] = ARG2(regs);
	r->args[3] = ARG3(regs);
	set_target(r, target);
	scratch_submit(s, &activity, kind);
	return 0;
}

/* Memory that is writable and executable at once, or executable without a file behind it. */
static __always_inline bool runs_what_it_writes(struct pt_regs *regs, __u32 nr, long ret)
{
	__u64 prot = ARG2(regs);

	if (!(prot & PROT_EXEC))
		return false;
	if (nr == NR(mmap, 192))
		return (ret >= 0 || ret <= -4096) && (prot & PROT_WRITE || ARG3(regs) & MAP_ANONYMOUS);
	return !ret && prot & PROT_WRITE;
}

/* mmap, mprotect, pkey_mprotect, memfd_create */
SYSCALL_PROG(on_memory)
{
	__u32 nr = SYSCALL_NR(regs);
	struct scratch *s;
	struct spy_call *r;

	if (nr != NR(memfd_create, 356))
		return runs_what_it_writes(regs, nr, ret) ? emit_args(SPY_KIND_MEMORY, regs, 0, 0) : 0;
	s = scratch_get(sizeof(*r));
	if (!s || ret < 0 || is_self())
		return 0;
	r = call_get(s, SPY_KIND_MEMORY, nr, ret);
	r->args[0] = ARG1(regs);
	r->path = put_user_str(s, (void *)ARG0(regs), 0);
	scratch_submit(s, &activity, SPY_KIND_MEMORY);
	return 0;
}

static __always_inline bool reaches_in(__u64 request)
{
	switch (request) {
	case PTRACE_TRACEME:
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
	case PTRACE_POKEUSR:
	case PTRACE_SETREGS:
	case PTRACE_SETREGSET:
	case PTRACE_ATTACH:
	case PTRACE_SEIZE:
		return true;
	}
	return false;
}

#define BPF_PROG_LOAD 5
#define BPF_PROG_ATTACH 8
#define BPF_RAW_TRACEPOINT_OPEN 17
#define BPF_LINK_CREATE 28
#define BPF_LINK_UPDATE 29

/* What puts a program into the kernel; agents that poll their maps are no news. */
static __always_inline bool puts_program(__u32 command)
{
	switch (command) {
	case BPF_PROG_LOAD:
	case BPF_PROG_ATTACH:
	case BPF_RAW_TRACEPOINT_OPEN:
	case BPF_LINK_CREATE:
	case BPF_LINK_UPDATE:
		return true;
	}
	return false;
}

/* ptrace, process_vm_writev, pidfd_getfd; bpf, init_module, finit_module, delete_module; setns, unshare */
SYSCALL_PROG(on_control)
{
	__u32 nr = SYSCALL_NR(regs), kind = SPY_KIND_INJECT, target = 0;

	if (nr == NR(ptrace, 26)) {
		if (!reaches_in(ARG0(regs)))
			return 0;
		target = ARG0(regs) == PTRACE_TRACEME ? 0 : ARG1(regs);
	} else if (nr == NR(process_vm_writev, 348)) {
		target = ARG0(regs);
	} else if (nr == NR(setns, 346) || nr == NR(unshare, 310)) {
		if (ret)
			return 0;
		/* A new user namespace comes with all capabilities in it. */
		check_cred(nr, CRED_BY_CALL);
		kind = SPY_KIND_NAMESPACE;
	} else if (nr == NR(bpf, 357)) {
		if (!puts_program(ARG0(regs)))
			return 0;
		kind = SPY_KIND_KERNEL;
	} else if (nr != NR_PIDFD_GETFD) {
		/* modules: attempts that failed are kept too */
		kind = SPY_KIND_KERNEL;
	}
	return emit_args(kind, regs, ret, target);
}

#define SI_USER 0
#define SI_QUEUE (-1)
#define SI_TKILL (-6)

static __always_inline bool sent_by_process(int code)
{
	return code == SI_USER || code == SI_QUEUE || code == SI_TKILL;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int sig, struct kernel_siginfo *info, struct task_struct *target, int group, int result)
{
	__u32 tgid = BPF_CORE_READ(target, tgid);
	struct spy_call *r;

	/*
	 * Sent by a process, and not to itself: timers, faults and terminals have positive codes, and may interrupt
	 * anyone. info 0 is a process (SEND_SIG_NOINFO), 1 the kernel (SEND_SIG_PRIV).
	 */
	if ((__u64)info == 1 || ((__u64)info > 1 && !sent_by_process(BPF_CORE_READ(info, si_code))))
		return 0;
	if (tgid == bpf_get_current_pid_tgid() >> 32 || is_self())
		return 0;
	/* no string and any context: straight into the ring */
	r = activity_reserve_share(SPY_KIND_SIGNAL, sizeof(*r));
	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	fill_current_hdr(&r->h, SPY_KIND_SIGNAL, sizeof(*r), 1);
	r->args[0] = sig;
	r->ret = result;
	r->target_tgid = tgid;
	r->target_start = BPF_CORE_READ(target, group_leader, start_boottime);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Who is put into a control group by another tells nothing of it itself: a container's first process may never execute in it. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup, struct cgroup *to, const char *path, struct task_struct *task, bool threadgroup)
{
	struct kernfs_node *kn;
	struct scratch *s;
	struct spy_call *r;

	if (task->pid != task->tgid)
		return 0;
	s = scratch_begin(SPACE_CGROUP, sizeof(*r));
	if (!s)
		return 0;
	r = (struct spy_call *)s->buf;
	__builtin_memset(r, 0, sizeof(*r));
	fill_hdr_as(&r->h, task, SPY_KIND_CGROUP, sizeof(*r), 1, true);
	kn = task_cgroup(task);
	r->args[0] = BPF_CORE_READ(kn, id);
	r->path = append_cgroup((__u64)kn, 0, SPACE_CGROUP);
	scratch_submit(s, &activity, SPY_KIND_CGROUP);
	return 0;
}
