/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is there already: processes, sockets, pipes, written files; and the periodic refresh of counters. */
#include "lib/cred.h"
#include "lib/environment.h"
#include "lib/file.h"
#include "lib/sock.h"

#define ARGV_BYTES 4096

static __always_inline struct scratch *snapshot_get(__u32 fixed)
{
	return scratch_begin(SPACE_SNAPSHOT, fixed);
}

static __always_inline void fill_hdr_of(struct spy_hdr *h, struct task_struct *t, __u16 kind, __u16 size, __u8 nstr)
{
	h->kind = kind;
	h->size = size;
	h->nstr = nstr;
	h->trunc = 0;
	h->flags = SPY_FLAG_BEFORE_START;
	h->time = bpf_ktime_get_boot_ns();
	h->start = BPF_CORE_READ(t, group_leader, start_boottime);
	h->tgid = BPF_CORE_READ(t, tgid);
	h->tid = BPF_CORE_READ(t, pid);
}

static __always_inline long seq_submit(struct bpf_iter_meta *meta, struct scratch *s)
{
	__u64 n = s->len;

	if (n > SCRATCH_BYTES + SCRATCH_SLACK)
		n = SCRATCH_BYTES + SCRATCH_SLACK;
	return bpf_seq_write(meta->seq, s->buf, n);
}

static __always_inline struct scratch *begin_process(struct task_struct *t)
{
	struct scratch *s = snapshot_get(sizeof(struct spy_image));

	if (!s)
		return NULL;
	fill_hdr_of((struct spy_hdr *)s->buf, t, SPY_KIND_PROCESS, sizeof(struct spy_image), 7);
	fill_image(s, t);
	remember_cred(t, BPF_NOEXIST);
	return s;
}

static bool init_seen;

/*
 * Where pid 1 is outside what the iterator shows (a pid namespace, a sandbox), its children still point at it: the
 * root of the tree is taken from there.
 */
static __always_inline void emit_hidden_init(struct bpf_iter_meta *meta, struct task_struct *t)
{
	struct task_struct *parent = BPF_CORE_READ(t, real_parent);
	struct scratch *s;

	if (!meta->seq_num)
		init_seen = BPF_CORE_READ(t, tgid) == 1;
	if (init_seen || BPF_CORE_READ(parent, tgid) != 1)
		return;
	s = begin_process(parent);
	if (!s)
		return;
	((struct spy_image *)s->buf)->image |= SPY_IMAGE_NO_ARGV;
	finish_image(s, parent);
	mark_cut(s, ENV_SLOT);
	init_seen = !seq_submit(meta, s);
}

#define READ_OF_TASK(to, bytes, from) bpf_copy_from_user_task(to, bytes, from, t, 0)

/* Since 5.18: argv is read from the task itself. */
SEC("?iter.s/task")
int snapshot_processes(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct scratch *s;
	struct spy_image *r;
	struct mm_struct *mm;

	if (!t || t->pid != t->tgid)
		return 0;
	emit_hidden_init(ctx->meta, t);
	s = begin_process(t);
	if (!s)
		return 0;
	r = (struct spy_image *)s->buf;
	mm = BPF_CORE_READ(t, mm);
	if (mm) {
		__u64 from = BPF_CORE_READ(mm, arg_start), n = BPF_CORE_READ(mm, arg_end) - from;

		r->argv_len = n;
		if (n > ARGV_BYTES - 1) {
			n = ARGV_BYTES - 1;
			mark_cut(s, 2);
		}
		n = BOUND(n, ARGV_BYTES - 1);
		if (s->len < SCRATCH_BYTES &&
		    !bpf_copy_from_user_task(&s->buf[BOUND(s->len, SCRATCH_MASK)], n, (void *)from, t, 0)) {
			s->len += n;
			r->argv = SPY_STR_RAW | (__u32)n;
		} else {
			r->image |= SPY_IMAGE_NO_ARGV;
		}
	}
	finish_image(s, t);
	if (mm)
		r->env = APPEND_ENVIRONMENT(s, BPF_CORE_READ(mm, env_start), BPF_CORE_READ(mm, env_end), READ_OF_TASK);
	seq_submit(ctx->meta, s);
	return 0;
}

/* Before 5.18: argv is left to the reader. */
SEC("?iter/task")
int snapshot_processes_without_argv(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct scratch *s;

	if (!t || t->pid != t->tgid)
		return 0;
	emit_hidden_init(ctx->meta, t);
	s = begin_process(t);
	if (!s)
		return 0;
	((struct spy_image *)s->buf)->image |= SPY_IMAGE_NO_ARGV;
	finish_image(s, t);
	mark_cut(s, ENV_SLOT);
	seq_submit(ctx->meta, s);
	return 0;
}

/* Leaders only: threads share the table. */
static __always_inline bool skip_task(struct task_struct *t)
{
	return t->pid != t->tgid || (__u32)t->tgid == self_tgid;
}

static __always_inline __u32 file_type(struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT;
}

static __always_inline void seq_inet(struct bpf_iter_meta *meta, struct task_struct *t, struct file *file, __u32 fd,
				     struct sock *sk)
{
	struct spy_sock r;

	fill_hdr_of(&r.h, t, SPY_KIND_SOCKET, sizeof(r), 0);
	fill_sock(&r, sk);
	r.sock = file_ino(file);
	r.err = 0;
	r.fd = fd;
	if (r.proto == IPPROTO_TCP) {
		/* Never connected, or its end was reported. */
		if (r.state == TCP_CLOSE)
			return;
		/* Its end can be attributed even though its beginning was not seen. */
		own(sk, t, r.sock, BPF_NOEXIST);
	}
	bpf_seq_write(meta->seq, &r, sizeof(r));
}

SEC("?iter/task_file")
int snapshot_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *t = ctx->task;
	struct file *file = ctx->file;
	struct scratch *s;
	__u32 type, mode, fd = ctx->fd;

	if (!t || !file || skip_task(t))
		return 0;
	type = file_type(file);
	mode = BPF_CORE_READ(file, f_mode);
	if (type == S_IFIFO) {
		struct spy_pipe r;

		fill_hdr_of(&r.h, t, SPY_KIND_PIPE, sizeof(r), 0);
		r.ino = file_ino(file);
		r.open = (mode & FMODE_READ ? SPY_OPEN_READ : 0) | (mode & FMODE_WRITE ? SPY_OPEN_WRITE : 0);
		r.fd = fd;
		bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
		return 0;
	}
	if (type == S_IFREG && mode & FMODE_WRITE) {
		struct spy_file *r;

		s = snapshot_get(sizeof(*r));
		if (!s)
			return 0;
		r = (struct spy_file *)s->buf;
		fill_hdr_of(&r->h, t, SPY_KIND_OPEN, sizeof(*r), 1);
		fill_file(r, file, fd);
		r->open &= ~SPY_OPEN_CREATED;
		r->path = put_file_path(s, file, 0);
		if ((r->path & SPY_STR_FORM_MASK) == SPY_STR_ANON)
			r->open |= SPY_OPEN_MEMFD;
		seq_submit(ctx->meta, s);
		return 0;
	}
	if (type == S_IFSOCK) {
		struct sock *sk = file_sock(file);

		if (!sk)
			return 0;
		if (is_inet(sk)) {
			seq_inet(ctx->meta, t, file, fd, sk);
		} else if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX) {
			struct spy_unix *r;

			s = snapshot_get(sizeof(*r));
			if (!s)
				return 0;
			r = (struct spy_unix *)s->buf;
			fill_hdr_of(&r->h, t, SPY_KIND_UNIX_SOCKET, sizeof(*r), 1);
			fill_unix(s, sk, file_ino(file), fd);
			seq_submit(ctx->meta, s);
		}
	}
	return 0;
}

/* Live counters of internet sockets; the reader passes on what changed. */
SEC("?iter/task_file")
int refresh_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *t = ctx->task;
	struct file *file = ctx->file;
	struct sock *sk;

	if (!t || !file || skip_task(t) || file_type(file) != S_IFSOCK)
		return 0;
	sk = file_sock(file);
	if (sk && is_inet(sk))
		seq_inet(ctx->meta, t, file, ctx->fd, sk);
	return 0;
}

static __always_inline __u64 rss_pages(struct mm_struct *mm)
{
	/* MM_FILEPAGES 0, MM_ANONPAGES 1, MM_SHMEMPAGES 3 */
	if (bpf_core_field_exists(struct mm_struct___old, rss_stat.count)) {
		struct mm_struct___old *old = (void *)mm;

		return BPF_CORE_READ(old, rss_stat.count[0].counter) + BPF_CORE_READ(old, rss_stat.count[1].counter) +
		       BPF_CORE_READ(old, rss_stat.count[3].counter);
	}
	return BPF_CORE_READ(mm, rss_stat[0].count) + BPF_CORE_READ(mm, rss_stat[1].count) +
	       BPF_CORE_READ(mm, rss_stat[3].count);
}

static __always_inline __u32 state_letter(struct task_struct *t)
{
	__u32 state = bpf_core_field_exists(t->__state) ? BPF_CORE_READ(t, __state) :
							  BPF_CORE_READ((struct task_struct___old *)t, state);
	__u32 exit = BPF_CORE_READ(t, exit_state);

	if (exit & 0x20)
		return 'Z';
	if (exit & 0x10)
		return 'X';
	if (state == 0)
		return 'R';
	if (state & 1)
		return 'S';
	if (state & 4)
		return 'T';
	if (state & 8)
		return 't';
	if ((state & 0x402) == 0x402)
		return 'I';
	return 'D';
}

/* One record a thread: the reader adds them up and passes on what changed. */
SEC("?iter/task")
int refresh_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct spy_tick r;

	if (!t)
		return 0;
	__builtin_memset(&r, 0, sizeof(r));
	fill_hdr_of(&r.h, t, SPY_KIND_TICK, sizeof(r), 0);
	r.h.flags = 0;
	r.cpu_ns = BPF_CORE_READ(t, se.sum_exec_runtime);
	r.read_bytes = BPF_CORE_READ(t, ioac.read_bytes);
	r.write_bytes = BPF_CORE_READ(t, ioac.write_bytes);
	r.threads = 1;
	if (r.h.tid == r.h.tgid) {
		struct signal_struct *signal = BPF_CORE_READ(t, signal);
		struct mm_struct *mm = BPF_CORE_READ(t, mm);

		r.cpu_ns += BPF_CORE_READ(signal, sum_sched_runtime);
		r.read_bytes += BPF_CORE_READ(signal, ioac.read_bytes);
		r.write_bytes += BPF_CORE_READ(signal, ioac.write_bytes);
		r.state = state_letter(t);
		if (mm) {
			r.rss_bytes = rss_pages(mm) << page_shift;
			r.vsz_bytes = BPF_CORE_READ(mm, total_vm) << page_shift;
		}
	}
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
