/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Files by the path and inode the kernel resolved, whatever call opened them. */
#include "lib/file.h"
#include "lib/resolved.h"

#ifdef __NR_open
#define NR_OPEN NR(open, 5)
#define NR_CREAT NR(creat, 8)
#define NR_CHMOD NR(chmod, 15)
#else
#define NR_OPEN ~0u
#define NR_CREAT ~0u
#define NR_CHMOD ~0u
#endif
#define NR_OPENAT NR(openat, 295)
#define NR_OPENAT2 437

/* What the caller asked for: the kernel drops O_TRUNC from the file's flags once it is open. */
static __always_inline bool truncates(struct pt_regs *regs)
{
	__u32 nr = SYSCALL_NR(regs);
	__u64 flags = 0;

	if (nr == NR_CREAT)
		return true;
	if (nr == NR_OPENAT2) {
		bpf_probe_read_user(&flags, sizeof(flags), (void *)ARG2(regs)); /* open_how begins with them */
		return flags & O_TRUNC;
	}
	if (nr != NR_OPENAT && nr != NR_OPEN)
		return false;
	flags = nr == NR_OPEN ? ARG1(regs) : ARG2(regs);
	return flags & O_TRUNC;
}

SYSCALL_PROG(on_open)
{
	struct scratch *s;
	struct spy_file *r;
	struct file *file;

	if (ret < 0 || is_self())
		return 0;
	file = current_fd_file(ret);
	if (!file)
		return 0;
	s = scratch_get(sizeof(*r));
	if (!s)
		return 0;
	compose_open(s, file, ret);
	r = (struct spy_file *)s->buf;
	if ((r->open & (SPY_OPEN_WRITE | SPY_OPEN_CREATED)) == SPY_OPEN_WRITE && truncates(regs))
		r->open |= SPY_OPEN_TRUNC;
	scratch_submit(s, &activity, SPY_KIND_OPEN);
	return 0;
}

/* fchmod: the file is known */
static __always_inline int emit_chmod_file(int fd, long ret)
{
	struct file *file = current_fd_file(fd);
	struct scratch *s = scratch_get(sizeof(struct spy_file));
	struct spy_file *r;

	if (!s || !file || ret || is_self())
		return 0;
	r = (struct spy_file *)s->buf;
	fill_current_hdr(&r->h, SPY_KIND_CHMOD, sizeof(*r), 1);
	fill_file(r, file, fd);
	r->path = put_file_path(s, file, 0);
	scratch_submit(s, &activity, SPY_KIND_CHMOD);
	return 0;
}

/* chmod and fchmodat: the file where it was kept, else only the caller's string */
static __always_inline int emit_chmod_path(__u32 nr, long ret, const char *path, __u32 mode)
{
	struct resolved *resolved = take_resolved(SPY_KIND_CHMOD, nr);
	struct scratch *s = scratch_get(sizeof(struct spy_file));
	struct spy_file *r;

	if (!s || ret || is_self())
		return 0;
	r = (struct spy_file *)s->buf;
	__builtin_memset(r, 0, sizeof(*r));
	fill_current_hdr(&r->h, SPY_KIND_CHMOD, sizeof(*r), 1);
	r->mode = S_IFREG | (mode & 07777);
	r->fd = -1;
	if (resolved && put_resolved(s, resolved)) {
		r->path = resolved->from;
		r->dev = resolved->dev;
		r->ino = resolved->ino;
		r->gen = resolved->gen;
		r->mode = (resolved->mode & S_IFMT) | (mode & 07777);
		r->uid = resolved->uid;
		r->size = resolved->size;
		r->open = resolved->nlink ? 0 : SPY_OPEN_DELETED;
	} else {
		r->h.flags = SPY_FLAG_UNVERIFIED;
		r->path = put_user_str(s, path, 0);
	}
	scratch_submit(s, &activity, SPY_KIND_CHMOD);
	return 0;
}

/* chmod, fchmod, fchmodat, fchmodat2 */
SYSCALL_PROG(on_chmod)
{
	__u32 nr = SYSCALL_NR(regs);
	__u64 path = ARG1(regs), mode = ARG2(regs);

	if (nr == NR(fchmod, 94))
		return emit_chmod_file(ARG0(regs), ret);
	if (nr == NR_CHMOD) {
		path = ARG0(regs);
		mode = ARG1(regs);
	}
	return emit_chmod_path(nr, ret, (void *)path, mode);
}
