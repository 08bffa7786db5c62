/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the kernel resolved the names of a call to, where it asks security modules (of which there need be none) and nothing has
 * changed yet. Whether the call succeeds is known at its exit, which tells of it. Fentry programs, 5.15 and later; each one that
 * is not there leaves its call with the names as typed.
 */
#include "lib/resolved.h"

/* As a number: the verifier lets no pointer into a global function. */
static __always_inline __u64 argument(const __u64 *ctx, int i)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), ctx + i);
	return value;
}

/* The programs share a space: where one is preempted, what comes in meanwhile on this CPU goes without. */
static __always_inline struct scratch *begin(void)
{
	struct scratch *s = scratch_of(SPACE_RESOLVE);

	if (!s || is_self() || __sync_lock_test_and_set(&s->busy, 1))
		return NULL;
	s->len = sizeof(struct spy_hdr);
	s->space = SPACE_RESOLVE;
	((struct spy_hdr *)s->buf)->trunc = 0;
	return s;
}

static __always_inline void end(struct scratch *s)
{
	asm volatile("" ::: "memory");
	s->busy = 0;
}

static __always_inline __u32 current_nr(void)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return SYSCALL_NR(regs);
}

static __always_inline __u32 put_dentry(struct scratch *s, __u64 dentry, __u64 path, __u32 slot)
{
	return append_path(dentry, (__u64)BPF_CORE_READ((struct path *)path, mnt), slot, SPACE_RESOLVE);
}

static __always_inline __u32 put_whole(struct scratch *s, __u64 path, __u32 slot)
{
	return put_dentry(s, (__u64)BPF_CORE_READ((struct path *)path, dentry), path, slot);
}

static __always_inline bool is_path(__u32 slot)
{
	return (slot & SPY_STR_FORM_MASK) == SPY_STR_PATH;
}

/* The last path, `named`, must be whole: of a name that was cut the caller's own says more. */
static __always_inline struct resolved *keep(struct scratch *s, __u32 kind, __u32 from, __u32 to, __u32 named)
{
	struct resolved *r = bpf_task_storage_get(&resolved_names, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u64 bytes = s->len - sizeof(struct spy_hdr);

	if (!r)
		return NULL;
	r->kind = 0;
	if (bytes > RESOLVED_BYTES || ((struct spy_hdr *)s->buf)->trunc || !is_path(named))
		return NULL;
	bytes = BOUND(bytes, SCRATCH_SLACK - 1);
	if (bytes > RESOLVED_BYTES || bpf_probe_read_kernel(r->text, bytes, s->buf + sizeof(struct spy_hdr)))
		return NULL;
	r->from = from;
	r->to = to;
	r->bytes = bytes;
	r->nr = current_nr();
	r->kind = kind;
	return r;
}

/* A name, or two, below the folders they are in. */
static __always_inline int keep_names(__u32 kind, __u64 from, __u64 from_dir, __u64 to, __u64 to_dir)
{
	struct scratch *s = begin();
	__u32 first, second = 0;

	if (!s)
		return 0;
	first = put_dentry(s, from, from_dir, 0);
	if (to)
		second = put_dentry(s, to, to_dir, 1);
	if (is_path(first))
		keep(s, kind, first, second, to ? second : first);
	end(s);
	return 0;
}

/* A path, below what was said of it. */
static __always_inline int keep_text(__u32 kind, __u64 text, __u64 dentry, __u64 path)
{
	struct scratch *s = begin();
	__u32 first, second;

	if (!s)
		return 0;
	first = put_kernel_str(s, (const char *)text, 0);
	second = put_dentry(s, dentry, path, 1);
	keep(s, kind, first, second, second);
	end(s);
	return 0;
}

/* path old_dir, dentry old, path new_dir, dentry new, flags */
SEC("fentry/security_path_rename")
int resolve_rename(__u64 *ctx)
{
	return keep_names(SPY_KIND_RENAME, argument(ctx, 1), argument(ctx, 0), argument(ctx, 3), argument(ctx, 2));
}

/* path dir, dentry */
SEC("fentry/security_path_unlink")
int resolve_unlink(__u64 *ctx)
{
	return keep_names(SPY_KIND_UNLINK, argument(ctx, 1), argument(ctx, 0), 0, 0);
}

/* path dir, dentry */
SEC("fentry/security_path_rmdir")
int resolve_rmdir(__u64 *ctx)
{
	return keep_names(SPY_KIND_UNLINK, argument(ctx, 1), argument(ctx, 0), 0, 0);
}

/* dentry old, path new_dir, dentry new: both on one mount */
SEC("fentry/security_path_link")
int resolve_link(__u64 *ctx)
{
	return keep_names(SPY_KIND_LINK, argument(ctx, 0), argument(ctx, 1), argument(ctx, 2), argument(ctx, 1));
}

/* path dir, dentry, char *target */
SEC("fentry/security_path_symlink")
int resolve_symlink(__u64 *ctx)
{
	return keep_text(SPY_KIND_SYMLINK, argument(ctx, 2), argument(ctx, 1), argument(ctx, 0));
}

/* char *source, path target, ... */
SEC("fentry/security_sb_mount")
int resolve_mount(__u64 *ctx)
{
	__u64 path = argument(ctx, 1);

	return keep_text(SPY_KIND_MOUNT, argument(ctx, 0), (__u64)BPF_CORE_READ((struct path *)path, dentry), path);
}

static __always_inline int keep_file(__u32 kind, __u64 path)
{
	struct inode *inode = BPF_CORE_READ((struct path *)path, dentry, d_inode);
	struct scratch *s = begin();
	struct resolved *r;
	bool layered;
	__u32 slot;

	if (!s)
		return 0;
	slot = put_whole(s, path, 0);
	r = keep(s, kind, slot, 0, slot);
	if (r) {
		/* Of a file in an overlay only the name: files are known by the inodes of its layers. */
		layered = BPF_CORE_READ(inode, i_sb, s_magic) == OVERLAYFS_MAGIC;
		r->ino = layered ? 0 : BPF_CORE_READ(inode, i_ino);
		r->dev = layered ? 0 : BPF_CORE_READ(inode, i_sb, s_dev);
		r->gen = layered ? 0 : BPF_CORE_READ(inode, i_generation);
		r->size = BPF_CORE_READ(inode, i_size);
		r->mode = BPF_CORE_READ(inode, i_mode);
		r->uid = BPF_CORE_READ(inode, i_uid.val);
		r->nlink = BPF_CORE_READ(inode, i_nlink);
	}
	end(s);
	return 0;
}

/* path, mode */
SEC("fentry/security_path_chmod")
int resolve_chmod(__u64 *ctx)
{
	return keep_file(SPY_KIND_CHMOD, argument(ctx, 0));
}

/* path, uid, gid */
SEC("fentry/security_path_chown")
int resolve_chown(__u64 *ctx)
{
	return keep_file(SPY_KIND_CHOWN, argument(ctx, 0));
}

#if defined(__TARGET_ARCH_x86)
#define NR_TRUNCATE (is_compat() ? 92 : 76)
#else
#define NR_TRUNCATE 45
#endif

/* path; before 6.2 (3350607dc563) opens and ftruncate come here too */
SEC("fentry/security_path_truncate")
int resolve_truncate(__u64 *ctx)
{
	return current_nr() == NR_TRUNCATE ? keep_file(SPY_KIND_TRUNCATE, argument(ctx, 0)) : 0;
}
