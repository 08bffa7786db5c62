/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Changes of names: rename, unlink, link, symlink, mount, truncate, chown. Where the kernel's own names were not kept
 * (lib/resolved.h), only the caller's strings are at hand, which are marked as unverified; the directories they start at are
 * the kernel's.
 */
#include "lib/resolved.h"

/* `base` is a descriptor or AT_FDCWD; an absolute name needs none. */
static __always_inline __u32 put_base(struct scratch *s, int base, __u32 slot)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct file *file;

	if (base == AT_FDCWD)
		return put_path(s, BPF_CORE_READ(t, fs, pwd.dentry), BPF_CORE_READ(t, fs, pwd.mnt), slot);
	file = fd_file(t, base);
	return file ? put_file_path(s, file, slot) : 0;
}

struct names {
	__u32 kind, nr;
	int from_base, to_base;
	const char *from, *to;
	__u64 arg;
};

static __always_inline bool is_typed(__u32 slot)
{
	return (slot & SPY_STR_FORM_MASK) == SPY_STR_RAW;
}

static __noinline int emit_names(struct names *n, long ret)
{
	struct resolved *resolved = take_resolved(n->kind, n->nr);
	struct scratch *s = scratch_get(sizeof(struct spy_path));
	struct spy_path *r;

	if (!s || ret || is_self())
		return 0;
	r = (struct spy_path *)s->buf;
	fill_current_hdr(&r->h, n->kind, sizeof(*r), 4);
	r->from = r->to = r->from_dir = r->to_dir = 0;
	r->arg = n->arg;
	r->nr = n->nr;
	r->ret = 0;
	if (resolved && put_resolved(s, resolved)) {
		r->from = resolved->from;
		r->to = resolved->to;
	} else {
		r->h.flags = SPY_FLAG_UNVERIFIED;
		r->from = put_user_str(s, n->from, 0);
		if (n->to)
			r->to = put_user_str(s, n->to, 1);
	}
	if (is_typed(r->from))
		r->from_dir = put_base(s, n->from_base, 2);
	if (n->to && is_typed(r->to))
		r->to_dir = put_base(s, n->to_base, 3);
	scratch_submit(s, &activity, n->kind);
	return 0;
}

/* The forms that take a descriptor: the file is known. */
static __noinline int emit_file(__u32 kind, __u32 nr, int fd, __u64 arg)
{
	struct scratch *s = scratch_get(sizeof(struct spy_path));
	struct file *file = current_fd_file(fd);
	struct spy_path *r;

	if (!s || !file || is_self())
		return 0;
	r = (struct spy_path *)s->buf;
	fill_current_hdr(&r->h, kind, sizeof(*r), 4);
	r->to = r->from_dir = r->to_dir = 0;
	r->arg = arg;
	r->nr = nr;
	r->ret = 0;
	r->from = put_file_path(s, file, 0);
	scratch_submit(s, &activity, kind);
	return 0;
}

#define OWNER(uid, gid) ((__u64)(__u32)(uid) << 32 | (__u32)(gid))

SEC("tp_btf/sys_exit")
int BPF_PROG(on_rename, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_RENAME, SYSCALL_NR(regs), AT_FDCWD, AT_FDCWD, (void *)ARG0(regs), (void *)ARG1(regs), 0 };

	return emit_names(&n, ret);
}

/* renameat, renameat2 */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_renameat, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_RENAME, SYSCALL_NR(regs), ARG0(regs), ARG2(regs), (void *)ARG1(regs), (void *)ARG3(regs), 0 };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_unlink, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_UNLINK, SYSCALL_NR(regs), AT_FDCWD, 0, (void *)ARG0(regs), NULL, 0 };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_unlinkat, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_UNLINK, SYSCALL_NR(regs), ARG0(regs), 0, (void *)ARG1(regs), NULL, ARG2(regs) };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_link, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_LINK, SYSCALL_NR(regs), AT_FDCWD, AT_FDCWD, (void *)ARG0(regs), (void *)ARG1(regs), 0 };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_linkat, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_LINK, SYSCALL_NR(regs), ARG0(regs), ARG2(regs), (void *)ARG1(regs), (void *)ARG3(regs), 0 };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_symlink, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_SYMLINK, SYSCALL_NR(regs), AT_FDCWD, AT_FDCWD, (void *)ARG0(regs), (void *)ARG1(regs), 0 };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_symlinkat, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_SYMLINK, SYSCALL_NR(regs), AT_FDCWD, ARG1(regs), (void *)ARG0(regs), (void *)ARG2(regs), 0 };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_mount, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_MOUNT, SYSCALL_NR(regs), AT_FDCWD, AT_FDCWD, (void *)ARG0(regs), (void *)ARG1(regs), ARG3(regs) };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_truncate, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_TRUNCATE, SYSCALL_NR(regs), AT_FDCWD, 0, (void *)ARG0(regs), NULL, ARG1(regs) };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_ftruncate, struct pt_regs *regs, long ret)
{
	return ret ? 0 : emit_file(SPY_KIND_TRUNCATE, SYSCALL_NR(regs), ARG0(regs), ARG1(regs));
}

/* chown, lchown */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_chown, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_CHOWN, SYSCALL_NR(regs), AT_FDCWD, 0, (void *)ARG0(regs), NULL, OWNER(ARG1(regs), ARG2(regs)) };

	return emit_names(&n, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_fchown, struct pt_regs *regs, long ret)
{
	return ret ? 0 : emit_file(SPY_KIND_CHOWN, SYSCALL_NR(regs), ARG0(regs), OWNER(ARG1(regs), ARG2(regs)));
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_fchownat, struct pt_regs *regs, long ret)
{
	struct names n = { SPY_KIND_CHOWN, SYSCALL_NR(regs), ARG0(regs), 0, (void *)ARG1(regs), NULL, OWNER(ARG2(regs), ARG3(regs)) };

	return emit_names(&n, ret);
}
