/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Handing records to the activity ring. While it is more than half full it is shared out: of each kind a process may add
 * some records until the ring is below half again. What is beyond is counted by process and kind, so that one process that
 * floods the ring cannot push out the records of all others. Lifecycle, credentials and TCP are never left out.
 */
#ifndef SPY_SUBMIT_H
#define SPY_SUBMIT_H

#include "emit.h"

struct share_key {
	__u64 start;
	__u32 tgid;
	__u32 kind;
};

struct share {
	__u32 round, records;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct share_key);
	__type(value, struct share);
} shares __weak SEC(".maps");

/* Emptied by the reader. Entries without a process, one a kind, take what no other has room for. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct share_key);
	__type(value, __u64);
} throttled __weak SEC(".maps");

const volatile __u64 crowded_bytes __weak = 8 << 20;
const volatile __u32 share_records __weak = 1024;
/* Times the ring was crowded. */
__u32 crowded_round __weak = 0;
bool crowded __weak = false;

static __always_inline void count_throttled(struct share_key *key)
{
	__u64 *left_out = bpf_map_lookup_elem(&throttled, key), none = 0;

	if (!left_out) {
		bpf_map_update_elem(&throttled, key, &none, BPF_NOEXIST);
		left_out = bpf_map_lookup_elem(&throttled, key);
	}
	if (!left_out) {
		key->start = key->tgid = 0;
		left_out = bpf_map_lookup_elem(&throttled, key);
	}
	if (left_out)
		__sync_fetch_and_add(left_out, 1);
	count(key->kind, !left_out);
}

static __noinline __attribute__((unused)) bool share_is_spent(__u32 kind)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct share_key key = {
		.start = BPF_CORE_READ(t, group_leader, start_boottime),
		.tgid = bpf_get_current_pid_tgid() >> 32,
		.kind = kind,
	};
	struct share *share = bpf_map_lookup_elem(&shares, &key), fresh = { .round = crowded_round };

	crowded = true;
	if (!share) {
		bpf_map_update_elem(&shares, &key, &fresh, BPF_NOEXIST);
		share = bpf_map_lookup_elem(&shares, &key);
		if (!share)
			return false;
	}
	if (share->round != fresh.round) {
		share->round = fresh.round;
		share->records = 0;
	}
	if (share->records++ < share_records)
		return false;
	count_throttled(&key);
	return true;
}

static __always_inline bool over_share(__u32 kind)
{
	if (bpf_ringbuf_query(&activity, BPF_RB_AVAIL_DATA) > SETTING(SPY_CROWDED_BYTES, crowded_bytes))
		return share_is_spent(kind);
	if (crowded) {
		crowded = false;
		crowded_round++;
	}
	return false;
}

#define scratch_submit(s, ring, kind)                                                                  \
	({                                                                                             \
		if (!over_share(kind))                                                                 \
			scratch_output(s, ring, kind);                                                 \
	})

/* Room for a record without strings, counted as dropped when there is none. */
static __always_inline void *activity_reserve(__u32 kind, const __u64 bytes)
{
	void *record = bpf_ringbuf_reserve(&activity, bytes, 0);

	count(kind, !record);
	return record;
}

/* The same for what a process can do as often as it likes at next to no cost. */
static __always_inline void *activity_reserve_share(__u32 kind, const __u64 bytes)
{
	return over_share(kind) ? NULL : activity_reserve(kind, bytes);
}

#endif
