/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Appending paths and strings to a record in scratch space. Each returns what belongs into the slot. */
#ifndef SPY_STRINGS_H
#define SPY_STRINGS_H

#include "emit.h"

#define PATH_COMPONENTS 48
#define PATH_BYTES 4096
#define NAME_BYTES 256

static __always_inline void mark_cut(struct scratch *s, __u32 slot)
{
	((struct spy_hdr *)s->buf)->trunc |= 1 << slot;
}

/*
 * Appends the name of a dentry, which the kernel keeps NUL-terminated. A rename meanwhile can leave a name without
 * its NUL at that length: the reader cuts at the first NUL it finds.
 */
static __always_inline __u64 put_name(struct scratch *s, struct dentry *dentry, __u64 len, const bool direct)
{
	const unsigned char *name = GET(dentry, d_name.name);
	long n;

	if (direct) {
		n = BOUND(dentry->d_name.len, NAME_BYTES - 1) + 1;
		if (bpf_probe_read_kernel(&s->buf[BOUND(len, SCRATCH_MASK)], n, name))
			return len;
		return len + n;
	}
	n = bpf_probe_read_kernel_str(&s->buf[BOUND(len, SCRATCH_MASK)], NAME_BYTES, name);
	return n > 0 ? len + (n & (2 * NAME_BYTES - 1)) : len;
}

/*
 * The path the kernel resolved, leaf first, through mounts up to the root of the mount namespace: what the
 * file is, not what the caller typed. A dentry that hangs under no mount (pipe, memfd, socket) gives its
 * own name.
 */
static __always_inline __u32 walk_path(struct scratch *s, struct dentry *dentry, struct vfsmount *vfsmnt, __u32 slot,
				       const bool direct)
{
	struct mount *mnt = (struct mount *)((char *)vfsmnt - bpf_core_field_offset(struct mount, mnt));
	struct dentry *root = BPF_CORE_READ(vfsmnt, mnt_root);
	__u64 begin = s->len, len = begin;
	bool complete = false;

	if (direct)
		dentry = CAST(struct dentry, dentry);
	for (int i = 0; i < PATH_COMPONENTS; i++) {
		struct dentry *parent;

		if (dentry == root) {
			struct mount *up = BPF_CORE_READ(mnt, mnt_parent);

			if (up == mnt) {
				complete = true;
				break;
			}
			dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
			if (direct)
				dentry = CAST(struct dentry, dentry);
			mnt = up;
			root = BPF_CORE_READ(mnt, mnt.mnt_root);
			continue;
		}
		parent = GET(dentry, d_parent);
		if (parent == dentry) {
			complete = true;
			break;
		}
		if (len >= SCRATCH_BYTES || len - begin >= PATH_BYTES - NAME_BYTES)
			break;
		len = put_name(s, dentry, len, direct);
		dentry = parent;
	}
	if (!complete)
		mark_cut(s, slot);
	if (len == begin && dentry != root) {
		if (len >= SCRATCH_BYTES)
			return 0;
		len = put_name(s, dentry, len, direct);
		if (len <= begin + 1)
			return 0;
		s->len = len;
		return SPY_STR_ANON | (__u32)(len - begin);
	}
	s->len = len;
	return SPY_STR_PATH | (__u32)(len - begin);
}

static __noinline __u32 put_path_cast(struct scratch *s, struct dentry *dentry, struct vfsmount *vfsmnt, __u32 slot)
{
	return walk_path(s, dentry, vfsmnt, slot, true);
}

static __noinline __u32 put_path_probe(struct scratch *s, struct dentry *dentry, struct vfsmount *vfsmnt, __u32 slot)
{
	return walk_path(s, dentry, vfsmnt, slot, false);
}

static __always_inline __u32 put_path(struct scratch *s, struct dentry *dentry, struct vfsmount *vfsmnt, __u32 slot)
{
	if (CAN_CAST)
		return put_path_cast(s, dentry, vfsmnt, slot);
	return put_path_probe(s, dentry, vfsmnt, slot);
}

static __always_inline __u32 put_file_path(struct scratch *s, struct file *file, __u32 slot)
{
	return put_path(s, BPF_CORE_READ(file, f_path.dentry), BPF_CORE_READ(file, f_path.mnt), slot);
}

/* A NUL-terminated string of kernel memory, without its NUL. */
static __always_inline __u32 put_kernel_str(struct scratch *s, const char *str, __u32 slot)
{
	__u64 len = s->len;
	long n;

	if (len >= SCRATCH_BYTES)
		return 0;
	n = bpf_probe_read_kernel_str(&s->buf[BOUND(len, SCRATCH_MASK)], 1024, str);
	if (n <= 1)
		return 0;
	if (n == 1024)
		mark_cut(s, slot);
	n = (n - 1) & 1023;
	s->len = len + n;
	return SPY_STR_RAW | (__u32)n;
}

/* A NUL-terminated string of user memory, without its NUL. */
static __always_inline __u32 put_user_str(struct scratch *s, const char *str, __u32 slot)
{
	__u64 len = s->len;
	long n;

	if (len >= SCRATCH_BYTES)
		return 0;
	n = bpf_probe_read_user_str(&s->buf[BOUND(len, SCRATCH_MASK)], SCRATCH_SLACK, str);
	if (n <= 1)
		return 0;
	if (n == SCRATCH_SLACK)
		mark_cut(s, slot);
	n = (n - 1) & (SCRATCH_SLACK - 1);
	s->len = len + n;
	return SPY_STR_RAW | (__u32)n;
}

#endif
