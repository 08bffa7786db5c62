/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Pipes by the inode both ends share: with the stdio inodes of exec they link `a | b`. */
#include "lib/sock.h"
#include "lib/syscall.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(on_pipe, struct pt_regs *regs, long ret)
{
	struct spy_pipe *r;
	struct file *file;
	int fds[2];

	if (ret || is_self() || bpf_probe_read_user(fds, sizeof(fds), (void *)ARG0(regs)))
		return 0;
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
