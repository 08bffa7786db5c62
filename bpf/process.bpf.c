/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* fork, exec, exit: the lifecycle of processes. Threads fold into their process. */
#include "lib/cred.h"
#include "lib/environment.h"
#include "lib/syscall.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ARGV_BYTES 4096

static __always_inline int emit_fork(struct task_struct *child)
{
	struct task_struct *current = (void *)bpf_get_current_task();
	struct spy_fork *r;

	if (child->pid != child->tgid)
		return 0;
	check_cred(0, CRED_NOTICED);
	remember_cred(child, BPF_ANY);
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

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	if (is_preemptible())
		leave_mark(TWICE_FORK);
	return UNDISTURBED(emit_fork(child));
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork_again, struct task_struct *parent, struct task_struct *child)
{
	return first_was_skipped(TWICE_FORK) ? UNDISTURBED(emit_fork(child)) : 0;
}

static __always_inline int emit_exec(struct linux_binprm *bprm)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct scratch *s = scratch_begin(SPACE_EXEC, sizeof(struct spy_image));
	struct spy_image *r;
	struct mm_struct *mm;
	__u64 from, n;

	if (!s)
		return 0;
	r = (struct spy_image *)s->buf;
	fill_hdr(&r->h, t, SPY_KIND_EXEC, sizeof(*r), 7);
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
	if (r->uid != r->euid && BPF_CORE_READ(mm, exe_file, f_inode, i_mode) & S_ISUID)
		r->image |= SPY_IMAGE_SETUID;
	finish_image(s, t);
	r->env = APPEND_ENVIRONMENT(s, BPF_CORE_READ(mm, env_start), BPF_CORE_READ(mm, env_end), bpf_probe_read_user);
	remember_cred(t, BPF_ANY);
	scratch_output(s, &lifecycle, SPY_KIND_EXEC);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)
{
	if (is_preemptible())
		leave_mark(TWICE_EXEC);
	return UNDISTURBED(emit_exec(bprm));
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec_again, struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)
{
	return first_was_skipped(TWICE_EXEC) ? UNDISTURBED(emit_exec(bprm)) : 0;
}

struct ended_key {
	__u64 start;
	__u64 tgid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct ended_key);
	__type(value, __u64);
} ended SEC(".maps");

/* Threads that end together all find no other alive: the first to say so speaks for the process. */
static __always_inline bool first_to_end(struct task_struct *t)
{
	struct ended_key key = {
		.start = BPF_CORE_READ(t, group_leader, start_boottime),
		.tgid = BPF_CORE_READ(t, tgid),
	};
	__u64 now = 1;

	/* Never had another thread: none is there, none left its run time behind. */
	if (BPF_CORE_READ(t, signal, nr_threads) <= 1 && !BPF_CORE_READ(t, signal, sum_sched_runtime))
		return true;
	return !bpf_map_update_elem(&ended, &key, &now, BPF_NOEXIST);
}

/* More dead threads than these wait to be released only for a moment: their usage is missing from EXIT then. */
#define DEAD_THREADS 256

/* Adds the dead thread of a list node; its successor. */
static __always_inline struct list_head *add_usage(struct spy_exit *r, struct list_head *node)
{
	struct task_struct *t = (void *)node - bpf_core_field_offset(struct task_struct, thread_node);

	r->cpu_ns += BPF_CORE_READ(t, se.sum_exec_runtime);
	r->read_bytes += BPF_CORE_READ(t, ioac.read_bytes);
	r->write_bytes += BPF_CORE_READ(t, ioac.write_bytes);
	return BPF_CORE_READ(node, next);
}

/* What the threads of the past left with the process, and those that are dead but not yet released. */
static __always_inline void fill_usage(struct spy_exit *r, struct task_struct *t)
{
	struct signal_struct *signal = BPF_CORE_READ(t, signal);
	struct list_head *head = (void *)signal + bpf_core_field_offset(struct signal_struct, thread_head);
	struct list_head *node = BPF_CORE_READ(head, next);
	int i;

	r->cpu_ns = BPF_CORE_READ(signal, sum_sched_runtime);
	r->read_bytes = BPF_CORE_READ(signal, ioac.read_bytes);
	r->write_bytes = BPF_CORE_READ(signal, ioac.write_bytes);
	if (CAN_LOOP) {
		bpf_for(i, 0, DEAD_THREADS) {
			if (!node || node == head)
				break;
			node = add_usage(r, node);
		}
	} else {
		/* verified once a step: fewer */
		for (i = 0; i < DEAD_THREADS / 4 && node && node != head; i++)
			node = add_usage(r, node);
	}
}

static __always_inline int emit_exit(void)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	bool last = !BPF_CORE_READ(t, signal, live.counter);
	struct spy_exit *r;

	forget_cred(t, last);
	/* The process is over when its last thread is, which need not be the leader. */
	if (!last || !first_to_end(t))
		return 0;
	r = bpf_ringbuf_reserve(&lifecycle, sizeof(*r), 0);
	count(SPY_KIND_EXIT, !r);
	if (!r)
		return 0;
	fill_hdr(&r->h, t, SPY_KIND_EXIT, sizeof(*r), 0);
	fill_usage(r, t);
	r->max_rss_bytes = BPF_CORE_READ(t, signal, maxrss) << page_shift;
	r->code = BPF_CORE_READ(t, exit_code);
	r->pad = 0;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *p)
{
	if (is_preemptible())
		leave_mark(TWICE_EXIT);
	return UNDISTURBED(emit_exit());
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit_again, struct task_struct *p)
{
	return first_was_skipped(TWICE_EXIT) ? UNDISTURBED(emit_exit()) : 0;
}
