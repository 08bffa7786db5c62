/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The first read and the first write of each regular file by each process: which open carried data; and how much in all. */
#include "lib/use.h"
#include "lib/syscall.h"

#define COMPAT_SENDFILE64 239

static __always_inline int use(int fd, __u64 bytes, bool write)
{
	struct file *file;

	if (is_self())
		return 0;
	file = current_fd_file(fd);
	if (!file)
		return 0;
	if (CAN_CAST)
		return use_as(file, fd, bytes, write, false, true);
	return use_as(file, fd, bytes, write, false, false);
}

/* read, pread64, readv, preadv, preadv2 */
SYSCALL_PROG(on_read)
{
	return ret > 0 ? use(ARG0(regs), ret, false) : 0;
}

/* write, pwrite64, writev, pwritev, pwritev2 */
SYSCALL_PROG(on_write)
{
	return ret > 0 ? use(ARG0(regs), ret, true) : 0;
}

static __noinline int use_seldom(int fd, __u64 bytes, bool write)
{
	return use(fd, bytes, write);
}

/* sendfile(out, in), copy_file_range(in, , out), splice(in, , out): one of them may be a socket or a pipe */
SYSCALL_PROG(on_copy)
{
	__u32 nr = SYSCALL_NR(regs);
	bool sendfile = nr == NR(sendfile, 187) || (is_compat() && nr == COMPAT_SENDFILE64);
	int from = sendfile ? ARG1(regs) : ARG0(regs), to = sendfile ? ARG0(regs) : ARG2(regs);

	if (ret <= 0)
		return 0;
	use_seldom(from, ret, false);
	return use_seldom(to, ret, true);
}
