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

/*
 * Composes the record of a process's internet socket; false where there is none. A function of its own: the verifier takes it in
 * once, not with everything that led to it. Nothing may hold the file: what was read of it counts when the descriptor still
 * leads to it.
 */
__u32 compose_inet(__u64 leader, __u32 fd)
{
	struct task_struct *t = (void *)leader;
	struct file *file = fd_file(t, fd);
	struct scratch *s = snapshot_get(sizeof(struct spy_sock));
	struct sock *sk = file_sock(file);
	struct spy_sock *r;

	if (!s || !sk || !is_inet(sk))
		return false;
	r = (struct spy_sock *)s->buf;
	fill_hdr_of(&r->h, t, SPY_KIND_SOCKET, sizeof(*r), 0);
	fill_sock(r, sk);
	r->sock = file_ino(file);
	r->err = 0;
	r->fd = fd;
	/* Never connected, or its end was reported. */
	if ((r->proto == IPPROTO_TCP && r->state == TCP_CLOSE) || fd_file(t, fd) != file)
		return false;
	/* Its end can be attributed even though its beginning was not seen. */
	if (r->proto == IPPROTO_TCP)
		own(sk, t, r->sock, BPF_NOEXIST);
	return true;
}

static __always_inline void seq_inet(struct bpf_iter_meta *meta, struct task_struct *t, __u32 fd)
{
	__u32 zero = 0;
	struct scratch *s;

	if (!compose_inet((__u64)BPF_CORE_READ(t, group_leader), fd))
		return;
	s = bpf_map_lookup_elem(&snapshot_scratch, &zero);
	if (s)
		bpf_seq_write(meta->seq, s->buf, sizeof(struct spy_sock));
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
	if ((type == S_IFREG || type == S_IFBLK) && mode & FMODE_WRITE) {
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
			seq_inet(ctx->meta, t, fd);
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

/* Live counters of internet sockets; the reader passes on what changed. For where refresh_tasks leaves some out. */
SEC("?iter/task_file")
int refresh_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *t = ctx->task;
	struct file *file = ctx->file;

	if (t && file && !skip_task(t) && file_type(file) == S_IFSOCK)
		seq_inet(ctx->meta, t, ctx->fd);
	return 0;
}

/* What an iterator writes for one task must fit 32 KiB. */
#define SOCKETS_BYTES (28 << 10)
#define CAN_LOOP bpf_ksym_exists(bpf_iter_num_next)

/*
 * The internet sockets of a task, read from its table: a visit of the kernel to each of its files would be half of a refresh.
 * False when they are too many.
 */
static __always_inline bool seq_sockets(struct bpf_iter_meta *meta, struct task_struct *t, struct task_struct *direct)
{
	__u64 before = BPF_CORE_READ(meta, seq, count);
	int word, bit;

	if (skip_task(t) || !direct->files)
		return true;
	bpf_for(word, 0, (int)(direct->files->fdt->max_fds / 64)) {
		__u64 open = WORDS(direct->files->fdt->open_fds + word)->tv_sec;

		bpf_for(bit, 0, 64) {
			int fd = word * 64 + bit;

			if (!(open >> bit))
				break;
			if (!(open >> bit & 1) || !file_sock(fd_file_as(direct, fd, true)))
				continue;
			if (BPF_CORE_READ(meta, seq, count) - before > SOCKETS_BYTES)
				return false;
			seq_inet(meta, t, fd);
		}
	}
	return true;
}

static __always_inline __u64 rss_pages(struct mm_struct *mm, const bool direct)
{
	/* MM_FILEPAGES 0, MM_ANONPAGES 1, MM_SHMEMPAGES 3 */
	if (!direct && bpf_core_field_exists(struct mm_struct___old, rss_stat.count)) {
		struct mm_struct___old *old = (void *)mm;

		return BPF_CORE_READ(old, rss_stat.count[0].counter) + BPF_CORE_READ(old, rss_stat.count[1].counter) +
		       BPF_CORE_READ(old, rss_stat.count[3].counter);
	}
	return GET(mm, rss_stat[0].count) + GET(mm, rss_stat[1].count) + GET(mm, rss_stat[3].count);
}

/* Who has memory has not ended. */
static __always_inline __u32 state_letter(struct task_struct *t, bool memory, const bool direct)
{
	__u32 state = direct || bpf_core_field_exists(t->__state) ? GET(t, __state) :
								     BPF_CORE_READ((struct task_struct___old *)t, state);
	__u32 exit = memory ? 0 : GET(t, exit_state);

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

static __always_inline void fill_tick(struct spy_tick *r, struct task_struct *t, const bool direct)
{
	struct signal_struct *signal;
	struct mm_struct *mm;

	r->cpu_ns = GET(t, se.sum_exec_runtime);
	r->read_bytes = GET(t, ioac.read_bytes);
	r->write_bytes = GET(t, ioac.write_bytes);
	r->threads = 1;
	if (r->h.tid != r->h.tgid)
		return;
	signal = GET(t, signal);
	mm = GET(t, mm);
	r->cpu_ns += GET(signal, sum_sched_runtime);
	r->read_bytes += GET(signal, ioac.read_bytes);
	r->write_bytes += GET(signal, ioac.write_bytes);
	r->state = state_letter(t, mm != NULL, direct);
	if (mm) {
		r->rss_bytes = rss_pages(mm, direct) << page_shift;
		r->vsz_bytes = GET(mm, total_vm) << page_shift;
	}
}

/*
 * One record a thread: the reader adds them up and passes on what changed. Before that of a process come its sockets; it is
 * marked as cut when they do not.
 */
SEC("?iter/task")
int refresh_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct spy_tick r;

	if (!t)
		return 0;
	__builtin_memset(&r, 0, sizeof(r));
	if (CAN_LOOP) {
		struct task_struct *direct = CAST(struct task_struct, t);

		fill_hdr_as(&r.h, direct, SPY_KIND_TICK, sizeof(r), 0, true);
		fill_tick(&r, direct, true);
		r.h.trunc = !seq_sockets(ctx->meta, t, direct);
	} else {
		fill_hdr_of(&r.h, t, SPY_KIND_TICK, sizeof(r), 0);
		fill_tick(&r, t, false);
		r.h.flags = 0;
		r.h.trunc = 1;
	}
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
