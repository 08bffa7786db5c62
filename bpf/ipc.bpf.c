/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Pipes by the inode both ends share, socketpairs by their ends: with the stdio inodes of exec they link `a | b`. */
#include "lib/sock.h"
#include "lib/syscall.h"

static __noinline bool emit_half(int fd, __u32 kind)
{
	struct file *file = current_fd_file(fd);
	struct sock *sk = file_sock(file);

	/* A datagram socket names no pair (ingest-unix.ts). */
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX || BPF_CORE_READ(sk, sk_type) == SOCK_DGRAM)
		return false;
	emit_unix(scratch_get(sizeof(struct spy_unix)), sk, file_ino(file), kind, fd);
	return true;
}

/* pipe, pipe2, socketpair: of its halves, which the process may hand to others, the first counts as the one that asked */
SYSCALL_PROG(on_pipe)
{
	bool sockets = SYSCALL_NR(regs) == NR(socketpair, 360);
	struct spy_pipe *r;
	struct file *file;
	int fds[2];

	if (ret || is_self() || bpf_probe_read_user(fds, sizeof(fds), (void *)(sockets ? ARG3(regs) : ARG0(regs))))
		return 0;
	if (sockets) {
		if (emit_half(fds[0], SPY_KIND_UNIX_CONNECT))
			emit_half(fds[1], SPY_KIND_UNIX_ACCEPT);
		return 0;
	}
	file = current_fd_file(fds[0]);
	if (!file)
		return 0;
	r = activity_reserve_share(SPY_KIND_PIPE, sizeof(*r));
	if (!r)
		return 0;
	fill_current_hdr(&r->h, SPY_KIND_PIPE, sizeof(*r), 0);
	r->ino = file_ino(file);
	r->open = SPY_OPEN_READ | SPY_OPEN_WRITE;
	r->fd = fds[0];
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}
