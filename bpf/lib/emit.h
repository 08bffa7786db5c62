/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Rings, counters and the scratch space records with strings are composed in. */
#ifndef SPY_EMIT_H
#define SPY_EMIT_H

#include "read.h"
#include "twice.h"
#include <bpf/bpf_tracing.h>
#include "wire.h"

/* Power of two; the slack is the largest single read appended at the last masked offset. */
#define SCRATCH_BYTES 16384
#define SCRATCH_SLACK 4096
#define SCRATCH_MASK (SCRATCH_BYTES - 1)

/*
 * clang drops a mask it can prove redundant, and verifiers up to 6.1 then lose the bound: keep it in
 * inline assembly.
 */
#define BOUND(value, mask)                                                                             \
	({                                                                                             \
		__u64 __v = (value);                                                                   \
		asm volatile("%0 &= %1" : "+r"(__v) : "i"(mask));                                      \
		__v;                                                                                   \
	})

enum { SPACE_SYSCALL, SPACE_EXEC, SPACE_URING, SPACE_RESOLVE, SPACE_CGROUP, SPACE_SNAPSHOT };

struct scratch {
	__u32 len; /* bytes used in buf: fixed struct and strings */
	__u32 space;
	__u32 busy; /* where several programs share it */
	__u32 pad;
	__u8 buf[SCRATCH_BYTES + SCRATCH_SLACK];
};

struct counter {
	__u64 produced, dropped;
};

/*
 * Programs that only run in process context compose in a scratch of the CPU; softirq programs reserve instead. While one does,
 * no other task comes to run there (lib/twice.h), so a space for each hook is enough.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SPACE_SNAPSHOT);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches __weak SEC(".maps");

/* Iterators run in the reader, one at a time, and may be preempted by the programs that use the one above. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} snapshot_scratch __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SPY_KIND_MAX);
	__type(key, __u32);
	__type(value, struct counter);
} counters __weak SEC(".maps");

/* fork, exec and exit have a ring of their own: a flood of files cannot break the tree. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} lifecycle __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} activity __weak SEC(".maps");

/* The monitor does not report its own activity (its lifecycle it does). */
const volatile __u32 self_tgid __weak = 0;
/* 4 KiB on x86-64; arm64 has kernels of 16 and 64 KiB. */
const volatile __u32 page_shift __weak = 12;
/* Kernel addresses that serve as identities leave the kernel only scrambled. */
const volatile __u64 scramble_key __weak = 0;

static __always_inline void count(__u32 kind, bool dropped)
{
	struct counter *c = bpf_map_lookup_elem(&counters, &kind);

	if (!c)
		return;
	c->produced++;
	if (dropped)
		c->dropped++;
}

static __always_inline bool is_self(void)
{
	if (CAN_CAST)
		return (__u32)cast_current()->tgid == SETTING(SPY_SELF_TGID, self_tgid);
	return bpf_get_current_pid_tgid() >> 32 == SETTING(SPY_SELF_TGID, self_tgid);
}

static __always_inline __u64 scramble(const void *address)
{
	__u64 x = (__u64)address;

	return x ? (x ^ scramble_key) * 0x9e3779b97f4a7c15ULL : 0;
}

static __always_inline void fill_hdr_as(struct spy_hdr *h, struct task_struct *t, __u16 kind, __u16 size, __u8 nstr,
					const bool direct)
{
	h->kind = kind;
	h->size = size;
	h->nstr = nstr;
	h->trunc = 0;
	h->flags = 0;
	h->time = bpf_ktime_get_boot_ns();
	if (direct) {
		h->start = t->group_leader->start_boottime;
		h->tgid = t->tgid;
		h->tid = t->pid;
	} else {
		__u64 id = bpf_get_current_pid_tgid();

		h->start = BPF_CORE_READ(t, group_leader, start_boottime);
		h->tgid = id >> 32;
		h->tid = id;
	}
}

static __always_inline void fill_hdr(struct spy_hdr *h, struct task_struct *t, __u16 kind, __u16 size, __u8 nstr)
{
	fill_hdr_as(h, t, kind, size, nstr, false);
}

static __always_inline struct scratch *scratch_of(__u32 space)
{
	__u32 zero = 0;
	struct scratch *s;

	if (space != SPACE_SNAPSHOT)
		return bpf_map_lookup_elem(&scratches, &space);
	s = bpf_map_lookup_elem(&snapshot_scratch, &zero);
	/* Two calls: the verifier inlines a lookup only where it knows the map. */
	asm volatile("" : "+r"(s));
	return s;
}

static __always_inline struct scratch *scratch_begin(__u32 space, __u32 fixed)
{
	struct scratch *s = scratch_of(space);

	if (s) {
		s->len = fixed;
		s->space = space;
	}
	return s;
}

/* For system calls. */
static __always_inline struct scratch *scratch_get(__u32 fixed)
{
	return scratch_begin(SPACE_SYSCALL, fixed);
}

/* Hands the composed record to a ring without waking the reader: wake-ups are most of the cost of an event. */
#define scratch_output(s, ring, kind)                                                                  \
	({                                                                                             \
		__u64 __n = (s)->len;                                                                  \
		if (__n > SCRATCH_BYTES + SCRATCH_SLACK)                                               \
			__n = SCRATCH_BYTES + SCRATCH_SLACK;                                           \
		count(kind, bpf_ringbuf_output(ring, (s)->buf, __n, BPF_RB_NO_WAKEUP) != 0);           \
	})

#endif
