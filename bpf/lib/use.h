/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef SPY_USE_H
#define SPY_USE_H

#include "file.h"

struct use_key {
	__u64 ino;
	__u32 dev;
	__u32 tgid;
	__u32 write;
	__u32 gen;
};

struct use {
	__u64 start; /* of the process, so that a reused pid is another process */
	__u64 bytes; /* so far */
	__u64 first; /* of them by the first call, which is told at once */
};

/* The reader tells how the bytes grew, and removes what dead processes leave. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct use_key);
	__type(value, struct use);
} uses __weak SEC(".maps");

static __always_inline int use_as(struct file *address, int fd, __u64 bytes, bool write, const bool uring, const bool direct)
{
	struct file *file = direct ? CAST(struct file, address) : address;
	struct inode *inode = GET(file, f_inode);
	struct use_key key = {};
	struct use fresh = { .bytes = bytes, .first = bytes }, *seen;
	struct scratch *s;
	struct spy_use *r;
	__u32 mode = GET(inode, i_mode);

	if ((mode & S_IFMT) != S_IFREG)
		return 0;
	inode = content_inode(file, direct);
	key.ino = GET(inode, i_ino);
	key.dev = direct ? inode->i_sb->s_dev : BPF_CORE_READ(inode, i_sb, s_dev);
	key.gen = GET(inode, i_generation);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.write = write;
	if (direct) {
		fresh.start = cast_current()->group_leader->start_boottime;
	} else {
		struct task_struct *t = (void *)bpf_get_current_task();

		fresh.start = BPF_CORE_READ(t, group_leader, start_boottime);
	}
	seen = bpf_map_lookup_elem(&uses, &key);
	if (seen && seen->start == fresh.start) {
		__sync_fetch_and_add(&seen->bytes, bytes);
		return 0;
	}
	bpf_map_update_elem(&uses, &key, &fresh, BPF_ANY);
	s = uring ? scratch_begin(SPACE_URING, sizeof(*r)) : scratch_get(sizeof(*r));
	if (!s)
		return 0;
	r = (struct spy_use *)s->buf;
	fill_current_hdr(&r->h, write ? SPY_KIND_WRITE : SPY_KIND_READ, sizeof(*r), 1);
	r->dev = key.dev;
	r->ino = key.ino;
	r->gen = key.gen;
	r->mode = mode;
	r->bytes = bytes;
	r->fd = fd;
	r->pad = 0;
	r->path = put_file_path(s, address, 0);
	scratch_submit(s, &activity, write ? SPY_KIND_WRITE : SPY_KIND_READ);
	return 0;
}

#endif
