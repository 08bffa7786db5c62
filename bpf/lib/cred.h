/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef SPY_CRED_H
#define SPY_CRED_H

#include "task.h"

enum { CRED_BY_CALL = 1, CRED_NOTICED = 2 };

struct known_cred {
	__u64 start;
	__u64 caps;
	__u32 uid, euid, gid, egid;
};

/* By tid: each thread may have credentials of its own. One that never changed them has those of its process. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, __u32);
	__type(value, struct known_cred);
} known_creds __weak SEC(".maps");

static __always_inline void read_cred(struct task_struct *t, struct known_cred *c)
{
	const struct cred *cred = BPF_CORE_READ(t, cred);

	c->start = BPF_CORE_READ(t, group_leader, start_boottime);
	c->caps = effective_caps(cred);
	c->uid = BPF_CORE_READ(cred, uid.val);
	c->euid = BPF_CORE_READ(cred, euid.val);
	c->gid = BPF_CORE_READ(cred, gid.val);
	c->egid = BPF_CORE_READ(cred, egid.val);
}

/* At fork a child has its parent's, exec may change them and says so itself, the snapshot fills in what began before. */
static __always_inline void remember_cred(struct task_struct *t, __u64 flags)
{
	__u32 tgid = BPF_CORE_READ(t, tgid);
	struct known_cred now = {};

	read_cred(t, &now);
	bpf_map_update_elem(&known_creds, &tgid, &now, flags);
}

/* The leader's are those of its process, until the last thread is gone. */
static __always_inline void forget_cred(struct task_struct *t, bool last)
{
	__u32 tgid = BPF_CORE_READ(t, tgid), tid = BPF_CORE_READ(t, pid);

	if (tid != tgid)
		bpf_map_delete_elem(&known_creds, &tid);
	if (last)
		bpf_map_delete_elem(&known_creds, &tgid);
}

static __always_inline int check_cred(__u32 nr, __u32 how)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	__u32 tid = bpf_get_current_pid_tgid(), tgid = bpf_get_current_pid_tgid() >> 32;
	struct known_cred now = {}, *known = bpf_map_lookup_elem(&known_creds, &tid);
	struct known_cred old = { .uid = ~0u, .euid = ~0u, .gid = ~0u, .egid = ~0u };
	struct spy_cred *r;

	read_cred(t, &now);
	if (!known || known->start != now.start)
		known = bpf_map_lookup_elem(&known_creds, &tgid);
	if (known && known->start == now.start)
		old = *known;
	else if (how == CRED_NOTICED)
		return bpf_map_update_elem(&known_creds, &tid, &now, BPF_ANY);
	if (old.uid == now.uid && old.euid == now.euid && old.gid == now.gid && old.egid == now.egid && old.caps == now.caps &&
	    old.start == now.start)
		return 0;
	bpf_map_update_elem(&known_creds, &tid, &now, BPF_ANY);
	r = activity_reserve(SPY_KIND_CRED, sizeof(*r));
	if (!r)
		return 0;
	fill_current_hdr(&r->h, SPY_KIND_CRED, sizeof(*r), 0);
	r->uid = now.uid;
	r->euid = now.euid;
	r->gid = now.gid;
	r->egid = now.egid;
	r->caps = now.caps;
	r->old_uid = old.uid;
	r->old_euid = old.euid;
	r->old_gid = old.gid;
	r->old_egid = old.egid;
	r->old_caps = old.caps;
	r->nr = nr;
	r->how = how;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

#endif
