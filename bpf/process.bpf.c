/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* fork, exec, exit: the lifecycle of processes. Threads fold into their process. */
#include "lib/cred.h"
#include "lib/syscall.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ARGV_BYTES 4096

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct task_struct *current = (void *)bpf_get_current_task();
	struct spy_fork *r;

	if (child->pid != child->tgid)
		return 0;
	r = bpf_ringbuf_reserve(&lifecycle, sizeof(*r), 0);
	count(SPY_KIND_FORK, !r);
	if (!r)
		return 0;
	fill_hdr(&r->h, current, SPY_KIND_FORK, sizeof(*r), 0);
	r->child_start = child->start_boottime;
	r->child_tgid = child->tgid;
	r->cgroup = BPF_CORE_READ(task_cgroup(child), id);
	r->child_ns_pid = ns_pid(child, &r->pidns);
	r->pad = 0;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct scratch *s = scratch_get(sizeof(struct spy_image));
	struct spy_image *r;
	struct mm_struct *mm;
	__u64 from, n;

	if (!s)
		return 0;
	r = (struct spy_image *)s->buf;
	fill_hdr(&r->h, t, SPY_KIND_EXEC, sizeof(*r), 6);
	fill_image(s, t);

	mm = BPF_CORE_READ(t, mm);
	from = BPF_CORE_READ(mm, arg_start);
	n = BPF_CORE_READ(mm, arg_end) - from;
	r->argv_len = n;
	if (n > ARGV_BYTES - 1) {
		n = ARGV_BYTES - 1;
		mark_cut(s, 2);
	}
	n = BOUND(n, ARGV_BYTES - 1);
	if (s->len < SCRATCH_BYTES) {
		if (!bpf_probe_read_user(&s->buf[BOUND(s->len, SCRATCH_MASK)], n, (void *)from)) {
			s->len += n;
			r->argv = SPY_STR_RAW | (__u32)n;
		} else {
			r->image |= SPY_IMAGE_NO_ARGV;
		}
	}
	if (BPF_CORE_READ(bprm, filename) != BPF_CORE_READ(bprm, interp))
		r->script = put_kernel_str(s, BPF_CORE_READ(bprm, filename), 3);
	if (is_compat())
		r->image |= SPY_IMAGE_COMPAT;
	if (r->uid != r->euid || r->gid != r->egid)
		r->image |= SPY_IMAGE_SETUID;
	finish_image(s, t);
	remember_cred(t);
	scratch_submit(s, &lifecycle, SPY_KIND_EXEC);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *p)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct spy_exit *r;

	/* The process is over when its last thread is, which need not be the leader. */
	if (BPF_CORE_READ(t, signal, live.counter))
		return 0;
	r = bpf_ringbuf_reserve(&lifecycle, sizeof(*r), 0);
	count(SPY_KIND_EXIT, !r);
	if (!r)
		return 0;
	fill_hdr(&r->h, t, SPY_KIND_EXIT, sizeof(*r), 0);
	r->cpu_ns = BPF_CORE_READ(t, signal, sum_sched_runtime) + BPF_CORE_READ(t, se.sum_exec_runtime);
	r->read_bytes = BPF_CORE_READ(t, signal, ioac.read_bytes) + BPF_CORE_READ(t, ioac.read_bytes);
	r->write_bytes = BPF_CORE_READ(t, signal, ioac.write_bytes) + BPF_CORE_READ(t, ioac.write_bytes);
	r->max_rss_bytes = BPF_CORE_READ(t, signal, maxrss) << 12;
	r->code = BPF_CORE_READ(t, exit_code);
	r->pad = 0;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}
