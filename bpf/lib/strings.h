/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Appending paths and strings to a record in scratch space. Each returns what belongs into the slot. */
#ifndef SPY_STRINGS_H
#define SPY_STRINGS_H

#include "submit.h"

#define NAME_BYTES 256

static __always_inline void mark_cut(struct scratch *s, __u32 slot)
{
	((struct spy_hdr *)s->buf)->trunc |= 1 << slot;
}

/*
 * paths.bpf.c. Global functions, which the verifier checks once instead of at every call; they take addresses as
 * numbers and append to the scratch of the given space.
 */
extern __u32 append_path(__u64 dentry, __u64 vfsmnt, __u32 slot, __u32 space);
extern __u32 append_cgroup(__u64 kernfs_node, __u32 slot, __u32 space);
extern __u64 layer_inode(__u64 below);
extern __u32 leads_elsewhere(__u64 vfsmnt);

static __always_inline __u32 put_path(struct scratch *s, struct dentry *dentry, struct vfsmount *vfsmnt, __u32 slot)
{
	return append_path((__u64)dentry, (__u64)vfsmnt, slot, s->space);
}

static __always_inline __u32 put_file_path(struct scratch *s, struct file *file, __u32 slot)
{
	if (CAN_CAST)
		return append_path(WORD_OF(file, struct file, f_path.dentry), WORD_OF(file, struct file, f_path.mnt), slot,
				   s->space);
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
