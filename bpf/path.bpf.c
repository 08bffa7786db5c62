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

/* What a call changes, and which of its arguments tell of what. */
struct form {
	__u8 kind;
	__u8 from_base, from;
	__u8 to_base, to;
	__u8 arg;
};

#define NO 0xff /* no such argument: a name starts at the working directory; without a name the base is the file itself */

#define CALL_RENAME {SPY_KIND_RENAME, NO, 0, NO, 1, NO}
#define CALL_RENAMEAT {SPY_KIND_RENAME, 0, 1, 2, 3, NO}
#define CALL_UNLINK {SPY_KIND_UNLINK, NO, 0, NO, NO, NO}
#define CALL_UNLINKAT {SPY_KIND_UNLINK, 0, 1, NO, NO, 2}
#define CALL_LINK {SPY_KIND_LINK, NO, 0, NO, 1, NO}
#define CALL_LINKAT {SPY_KIND_LINK, 0, 1, 2, 3, NO}
#define CALL_SYMLINK {SPY_KIND_SYMLINK, NO, 0, NO, 1, NO}
#define CALL_SYMLINKAT {SPY_KIND_SYMLINK, NO, 0, 1, 2, NO}
#define CALL_MOUNT {SPY_KIND_MOUNT, NO, 0, NO, 1, 3}
#define CALL_TRUNCATE {SPY_KIND_TRUNCATE, NO, 0, NO, NO, 1}
#define CALL_FTRUNCATE {SPY_KIND_TRUNCATE, 0, NO, NO, NO, 1}
#define CALL_CHOWN {SPY_KIND_CHOWN, NO, 0, NO, NO, 1}
#define CALL_FCHOWN {SPY_KIND_CHOWN, 0, NO, NO, NO, 1}
#define CALL_FCHOWNAT {SPY_KIND_CHOWN, 0, 1, NO, NO, 2}

#define CALLS 512

/*
 * By number, 32-bit calls in the second half. A table in memory, and one program for all: what is read from it is unknown to the
 * verifier, which so follows one way instead of one for each call.
 */
static const struct form forms[2 * CALLS] = {
#ifdef __NR_rename
	[__NR_rename] = CALL_RENAME,
	[__NR_unlink] = CALL_UNLINK,
	[__NR_rmdir] = CALL_UNLINK,
	[__NR_link] = CALL_LINK,
	[__NR_symlink] = CALL_SYMLINK,
	[__NR_chown] = CALL_CHOWN,
	[__NR_lchown] = CALL_CHOWN,
#endif
	[__NR_renameat] = CALL_RENAMEAT,
	[__NR_renameat2] = CALL_RENAMEAT,
	[__NR_unlinkat] = CALL_UNLINKAT,
	[__NR_linkat] = CALL_LINKAT,
	[__NR_symlinkat] = CALL_SYMLINKAT,
	[__NR_mount] = CALL_MOUNT,
	[__NR_truncate] = CALL_TRUNCATE,
	[__NR_ftruncate] = CALL_FTRUNCATE,
	[__NR_fchown] = CALL_FCHOWN,
	[__NR_fchownat] = CALL_FCHOWNAT,
#if defined(__TARGET_ARCH_x86)
	[CALLS + 38] = CALL_RENAME,
	[CALLS + 302] = CALL_RENAMEAT,
	[CALLS + 353] = CALL_RENAMEAT,
	[CALLS + 10] = CALL_UNLINK,
	[CALLS + 40] = CALL_UNLINK,
	[CALLS + 301] = CALL_UNLINKAT,
	[CALLS + 9] = CALL_LINK,
	[CALLS + 303] = CALL_LINKAT,
	[CALLS + 83] = CALL_SYMLINK,
	[CALLS + 304] = CALL_SYMLINKAT,
	[CALLS + 21] = CALL_MOUNT,
	[CALLS + 92] = CALL_TRUNCATE,
	[CALLS + 93] = CALL_FTRUNCATE,
	[CALLS + 212] = CALL_CHOWN,
	[CALLS + 207] = CALL_FCHOWN,
	[CALLS + 298] = CALL_FCHOWNAT,
#endif
};

static __always_inline __u64 argument(struct pt_regs *regs, __u8 which)
{
	switch (which) {
	case 0:
		return ARG0(regs);
	case 1:
		return ARG1(regs);
	case 2:
		return ARG2(regs);
	case 3:
		return ARG3(regs);
	}
	return 0;
}

static __always_inline int base(struct pt_regs *regs, __u8 which)
{
	return which == NO ? AT_FDCWD : argument(regs, which);
}

static __always_inline bool is_typed(__u32 slot)
{
	return (slot & SPY_STR_FORM_MASK) == SPY_STR_RAW;
}

SYSCALL_PROG(on_names)
{
	__u32 nr = SYSCALL_NR(regs), at = is_compat() ? CALLS + nr : nr;
	/* Read anew wherever it is asked: before 6.3 the verifier follows what a comparison told of a value for as long as it is kept. */
	const volatile struct form *call = (const volatile struct form *)&forms[BOUND(at, 2 * CALLS - 1)];
	__u32 kind = call->kind;
	struct resolved *resolved = take_resolved(kind, nr);
	struct scratch *s = scratch_get(sizeof(struct spy_path));
	struct spy_path *r;

	if (!s || ret || is_self())
		return 0;
	r = (struct spy_path *)s->buf;
	fill_current_hdr(&r->h, kind, sizeof(*r), 4);
	r->from = r->to = r->from_dir = r->to_dir = 0;
	r->arg = argument(regs, call->arg);
	if (call->kind == SPY_KIND_CHOWN)
		r->arg = r->arg << 32 | (__u32)argument(regs, call->arg + 1);
	r->nr = nr;
	r->ret = 0;
	if (call->from == NO) {
		struct file *file = current_fd_file(base(regs, call->from_base));

		if (!file)
			return 0;
		r->from = put_file_path(s, file, 0);
		goto submit;
	}
	if (resolved && put_resolved(s, resolved)) {
		r->from = resolved->from;
		r->to = resolved->to;
	} else {
		r->h.flags = SPY_FLAG_UNVERIFIED;
		r->from = put_user_str(s, (void *)argument(regs, call->from), 0);
		if (call->to != NO)
			r->to = put_user_str(s, (void *)argument(regs, call->to), 1);
	}
	if (is_typed(r->from))
		r->from_dir = put_base(s, base(regs, call->from_base), 2);
	if (call->to != NO && is_typed(r->to))
		r->to_dir = put_base(s, base(regs, call->to_base), 3);
submit:
	scratch_submit(s, &activity, kind);
	return 0;
}
