/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * TCP by its state changes, so that no way of connecting (system call, fast open, io_uring, 32-bit) is missed,
 * and accept at the exit of the call that made it.
 */
#include "lib/sock.h"
#include "lib/syscall.h"

/* Reports a transition in the name of the socket's owner, whoever runs now. */
static __noinline void emit_owned(struct sock *sk, struct owner *o, __u16 kind, __u8 state, int err)
{
	struct spy_sock *r = activity_reserve(kind, sizeof(*r));

	if (!r)
		return;
	fill_current_hdr(&r->h, kind, sizeof(*r), 0);
	fill_sock(r, sk);
	r->h.tgid = o->tgid;
	r->h.tid = o->tid;
	r->h.start = o->start;
	r->sock = o->sock;
	r->state = state;
	r->err = err;
	r->fd = -1;
	if (state == TCP_LISTEN)
		r->backlog = BPF_CORE_READ(sk, sk_max_ack_backlog);
	if (!r->rport) {
		__builtin_memcpy(r->raddr, o->raddr, 16);
		r->rport = o->rport;
	}
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
}

/* Idempotent: the owner knows which transition was handled, and is gone after the last. */
static __always_inline int tcp_state(struct sock *sk, int from, int to)
{
	__u64 key = (__u64)sk;
	struct owner *o;

	if (to != TCP_SYN_SENT && to != TCP_LISTEN && to != TCP_ESTABLISHED && to != TCP_CLOSE)
		return 0;
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	o = bpf_map_lookup_elem(&owners, &key);
	if (o && !o->failed && o->state == to)
		return 0;
	if (to == TCP_SYN_SENT) {
		own_current(sk, sock_ino(sk));
		o = bpf_map_lookup_elem(&owners, &key);
		if (!o)
			return 0;
		/* A failed connect clears the destination before it returns. */
		remote(sk, o->raddr, &o->rport);
		o->state = to;
		return 0;
	}
	if (to == TCP_LISTEN) {
		own_current(sk, sock_ino(sk));
		o = bpf_map_lookup_elem(&owners, &key);
		if (!o)
			return 0;
		/* Without a bound port the kernel chooses one after this: on_listen knows it. */
		o->state = to;
		o->unannounced = !BPF_CORE_READ(sk, __sk_common.skc_num);
		if (!o->unannounced)
			emit_owned(sk, o, SPY_KIND_LISTEN, to, 0);
		return 0;
	}
	if (!o || o->failed)
		return 0;
	/* Both sides sent SYN, as when a socket connects to itself: SYN_RECV is on the way of a connect, too. */
	if (from == TCP_SYN_SENT || (from == TCP_SYN_RECV && o->rport)) {
		emit_owned(sk, o, SPY_KIND_CONNECT, to, to == TCP_CLOSE ? BPF_CORE_READ(sk, sk_err) : 0);
		o->state = to;
		o->failed = to == TCP_CLOSE;
		return 0;
	}
	if (to == TCP_CLOSE) {
		struct owner last = *o;

		/*
		 * Who forgets the owner tells of the end: an accept may just find the socket closed. Since 6.15 a map may also
		 * refuse, when the lock of a bucket cannot be had in time.
		 */
		if (bpf_map_delete_elem(&owners, &key) != -ENOENT && !last.unannounced)
			emit_owned(sk, &last, SPY_KIND_CLOSE, to, 0);
	}
	return 0;
}

/*
 * The kernel skips a program that already runs on the CPU, and a softirq may change states inside the run of another
 * change: one in a thousand under load. Twice attached, one of the two is always free to run.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_tcp_state, struct sock *sk, int from, int to)
{
	return tcp_state(sk, from, to);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_tcp_state_again, struct sock *sk, int from, int to)
{
	return tcp_state(sk, from, to);
}

static __noinline int unix_end(struct sock *sk, __u64 ino, __u32 kind, int fd)
{
	return emit_unix(scratch_get(sizeof(struct spy_unix)), sk, ino, kind, fd);
}

/* A connect that never sent anything, for want of a route or by a rule: no state changed. */
static __noinline int failed_connect(struct file *file, struct sock *sk, int fd, const void *name, int err)
{
	__u64 key = (__u64)sk;
	struct owner *o = bpf_map_lookup_elem(&owners, &key);
	struct spy_sock *r;

	if (o && o->failed) {
		bpf_map_delete_elem(&owners, &key);
		return 0;
	}
	r = activity_reserve(SPY_KIND_CONNECT, sizeof(*r));
	if (!r)
		return 0;
	fill_current_hdr(&r->h, SPY_KIND_CONNECT, sizeof(*r), 0);
	fill_sock(r, sk);
	if (read_address(name, r->raddr, &r->rport))
		r->h.flags = SPY_FLAG_UNVERIFIED;
	r->sock = file_ino(file);
	r->err = err;
	r->fd = fd;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

SYSCALL_PROG(on_connect)
{
	int fd = ARG0(regs);
	struct file *file;
	struct sock *sk;

	if (is_self())
		return 0;
	file = current_fd_file(fd);
	sk = file_sock(file);
	if (!sk)
		return 0;
	if (is_inet(sk)) {
		__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

		if (protocol == IPPROTO_MPTCP)
			return 0; /* its first subflow's states tell */
		if (protocol == IPPROTO_TCP) {
			__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);

			/* Over loopback the answer can be there before the call returns. */
			if (ret == -EINPROGRESS && state == TCP_SYN_SENT)
				return emit_sock(sk, file_ino(file), SPY_KIND_CONNECT, fd, EINPROGRESS);
			if (ret < 0 && ret != -EINPROGRESS && state == TCP_CLOSE)
				return failed_connect(file, sk, fd, (void *)ARG1(regs), -ret);
			return 0;
		}
		return emit_sock(sk, file_ino(file), SPY_KIND_DATAGRAM, fd, ret < 0 ? -ret : 0);
	}
	if (!ret && BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX)
		return unix_end(sk, file_ino(file), SPY_KIND_UNIX_CONNECT, fd);
	return 0;
}

SYSCALL_PROG(on_accept)
{
	struct file *file;
	struct sock *sk;

	if (ret < 0 || is_self())
		return 0;
	file = current_fd_file(ret);
	sk = file_sock(file);
	if (!sk)
		return 0;
	if (is_inet(sk))
		return accepted(file, sk, ret);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX)
		return unix_end(sk, file_ino(file), SPY_KIND_UNIX_ACCEPT, ret);
	return 0;
}

/* listen without a bound port */
SYSCALL_PROG(on_listen)
{
	int fd = ARG0(regs);
	struct file *file;
	struct sock *sk;
	struct owner *o;
	__u64 key;

	if (ret || is_self())
		return 0;
	file = current_fd_file(fd);
	sk = file_sock(file);
	if (!sk)
		return 0;
	key = (__u64)sk;
	o = bpf_map_lookup_elem(&owners, &key);
	if (!o || !o->unannounced)
		return 0;
	o->unannounced = 0;
	return emit_sock(sk, file_ino(file), SPY_KIND_LISTEN, fd, 0);
}
