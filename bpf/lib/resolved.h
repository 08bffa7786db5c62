/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Names of a system call as the kernel resolved them: kept by resolve.bpf.c inside the call, taken at its exit. At the exit
 * itself only the caller's strings are at hand, and another thread may have swapped them by then.
 */
#ifndef SPY_RESOLVED_H
#define SPY_RESOLVED_H

#include "syscall.h"

/* With what the kernel adds it stays below the 4 KiB that any of its allocators gives at once; longer names are not kept. */
#define RESOLVED_BYTES 3840

struct resolved {
	__u64 ino; /* of `from`, like what follows: CHMOD only */
	__u64 size;
	__u32 dev, gen, mode, uid, nlink;
	__u32 from, to; /* slots of a record, and the text of both */
	__u32 bytes;
	__u32 nr;   /* the call that is being made */
	__u32 kind; /* spy_kind; 0 = nothing, or taken */
	__u8 text[RESOLVED_BYTES];
};

/* What a task that changes names needs once, until it ends. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct resolved);
} resolved_names __weak SEC(".maps");

/* Whether a hook of resolve.bpf.c is loaded: without, the map is not even there. */
const volatile bool resolves __weak = false;

/* What was resolved for the call that ends, if it was. Once only, and failed calls must ask too: nothing is left for the next. */
static __always_inline struct resolved *take_resolved(__u32 kind, __u32 nr)
{
	struct resolved *r;
	bool ours;

	if (!resolves)
		return NULL;
	r = bpf_task_storage_get(&resolved_names, bpf_get_current_task_btf(), NULL, 0);
	if (!r)
		return NULL;
	ours = r->kind == kind && r->nr == nr;
	r->kind = 0;
	return ours ? r : NULL;
}

/* Appends the text of both slots. */
static __always_inline bool put_resolved(struct scratch *s, struct resolved *from)
{
	__u64 len = s->len, n = BOUND(from->bytes, SCRATCH_SLACK - 1);

	if (len >= SCRATCH_BYTES || bpf_probe_read_kernel(&s->buf[BOUND(len, SCRATCH_MASK)], n, from->text))
		return false;
	s->len = len + n;
	return true;
}

#endif
