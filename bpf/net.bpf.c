/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * TCP by its state changes, so that no way of connecting (system call, fast open, io_uring, 32-bit) is missed,
 * and accept and datagrams at the exit of the call that made them.
 */
#include "lib/sock.h"
#include "lib/syscall.h"

struct datagram_key {
	__u64 sock; /* inode: addresses are used again at once */
	__u8 raddr[16];
	__u32 rport;
	__u32 tgid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct datagram_key);
	__type(value, __u64);
} datagrams SEC(".maps");

/* Reports a transition in the name of the socket's owner, whoever runs now. */
static __always_inline void emit_owned(struct sock *sk, struct owner *o, __u16 kind, __u8 state, int err)
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
		struct spy_sock at;

		own_current(sk, sock_ino(sk));
		o = bpf_map_lookup_elem(&owners, &key);
		if (!o)
			return 0;
		/* A failed connect clears the destination before it returns. */
		fill_sock(&at, sk);
		__builtin_memcpy(o->raddr, at.raddr, 16);
		o->rport = at.rport;
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

		/* Who forgets the owner tells of the end: an accept may just find the socket closed. */
		if (!bpf_map_delete_elem(&owners, &key) && !last.unannounced)
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

static __always_inline int emit_sock(struct sock *sk, __u64 ino, __u16 kind, int fd, int err)
{
	struct spy_sock *r = activity_reserve(kind, sizeof(*r));

	if (!r)
		return 0;
	fill_current_hdr(&r->h, kind, sizeof(*r), 0);
	fill_sock(r, sk);
	r->sock = ino;
	r->err = err;
	r->fd = fd;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

static __noinline int unix_end(struct sock *sk, __u64 ino, __u32 kind, int fd)
{
	struct scratch *s = scratch_get(sizeof(struct spy_unix));

	if (!s)
		return 0;
	fill_current_hdr((struct spy_hdr *)s->buf, kind, sizeof(struct spy_unix), 1);
	fill_unix(s, sk, ino, fd);
	scratch_submit(s, &activity, kind);
	return 0;
}

/* An address in user memory; false when there is none. */
static __always_inline bool read_address(const void *name, __u8 *address, __u16 *port)
{
	struct user_sockaddr to = {};

	if (!name || bpf_probe_read_user(&to, sizeof(to.family) + sizeof(to.port) + sizeof(to.addr4), name))
		return false;
	if (to.family == AF_INET6) {
		bpf_probe_read_user(&to, sizeof(to), name);
		__builtin_memcpy(address, to.addr6, 16);
	} else {
		map_v4(address, to.addr4);
	}
	*port = __builtin_bswap16(to.port);
	return true;
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

SEC("tp_btf/sys_exit")
int BPF_PROG(on_connect, struct pt_regs *regs, long ret)
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

SEC("tp_btf/sys_exit")
int BPF_PROG(on_accept, struct pt_regs *regs, long ret)
{
	struct file *file;
	struct sock *sk;

	if (ret < 0 || is_self())
		return 0;
	file = current_fd_file(ret);
	sk = file_sock(file);
	if (!sk)
		return 0;
	if (is_inet(sk)) {
		__u64 key = (__u64)sk;

		emit_sock(sk, file_ino(file), SPY_KIND_ACCEPT, ret, 0);
		own_current(sk, file_ino(file));
		/* Reset while it waited to be accepted: no state will change, unless one just does and finds its owner. */
		if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE && !bpf_map_delete_elem(&owners, &key))
			return emit_sock(sk, file_ino(file), SPY_KIND_CLOSE, ret, 0);
		return 0;
	}
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX)
		return unix_end(sk, file_ino(file), SPY_KIND_UNIX_ACCEPT, ret);
	return 0;
}

/* listen without a bound port */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_listen, struct pt_regs *regs, long ret)
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

/* First datagram of a socket to each destination; the destination in user memory may be absent. */
static __noinline int datagram(struct file *file, struct sock *sk, int fd, const void *name)
{
	struct datagram_key key = {};
	struct spy_sock *r;
	__u64 now = 1;
	__u16 port = 0;
	bool named;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (BPF_CORE_READ(sk, sk_type) != SOCK_DGRAM || (family != AF_INET && family != AF_INET6))
		return 0;
	key.sock = file_ino(file);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	named = read_address(name, key.raddr, &port);
	key.rport = port;
	if (bpf_map_lookup_elem(&datagrams, &key))
		return 0;
	bpf_map_update_elem(&datagrams, &key, &now, BPF_ANY);

	r = activity_reserve_share(SPY_KIND_DATAGRAM, sizeof(*r));
	if (!r)
		return 0;
	fill_current_hdr(&r->h, SPY_KIND_DATAGRAM, sizeof(*r), 0);
	fill_sock(r, sk);
	if (named) {
		__builtin_memcpy(r->raddr, key.raddr, 16);
		r->rport = port;
		r->h.flags = SPY_FLAG_UNVERIFIED;
	}
	r->sock = file_ino(file);
	r->err = 0;
	r->fd = fd;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sendto, struct pt_regs *regs, long ret)
{
	struct file *file;
	struct sock *sk;

	if (ret < 0 || is_self())
		return 0;
	file = current_fd_file(ARG0(regs));
	sk = file_sock(file);
	if (!sk)
		return 0;
	return datagram(file, sk, ARG0(regs), (void *)ARG4(regs));
}

/* Descriptors that cross a unix socket carry what they refer to into another process. */
static __noinline int pass_fds(struct file *file, const struct user_msghdr *msg, long ret, bool received)
{
	struct user_cmsghdr control = {};
	struct spy_call *r;

	if (ret < 0 || !msg->control || msg->control_len < sizeof(control) - sizeof(int))
		return 0;
	if (bpf_probe_read_user(&control, sizeof(control), msg->control) || control.level != SOL_SOCKET ||
	    control.type != SCM_RIGHTS)
		return 0;
	r = activity_reserve_share(SPY_KIND_FD_PASS, sizeof(*r));
	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	fill_current_hdr(&r->h, SPY_KIND_FD_PASS, sizeof(*r), 1);
	r->args[0] = received ? 2 : 1;
	r->args[1] = file_ino(file);
	r->args[2] = (control.len - __builtin_offsetof(struct user_cmsghdr, fds)) / sizeof(int);
	/* sendmsg leaves the caller's numbers, recvmsg the new ones: either way the caller's own descriptor */
	r->args[3] = stdio_id((void *)bpf_get_current_task(), control.fds[0]);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

#define DNS_BYTES 512

static __noinline int dns_answer(struct file *file, struct sock *sk, const void *name, const void *message, long size)
{
	struct user_sockaddr from = {};
	struct scratch *s;
	struct spy_dns *r;
	__u16 port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	__u64 n = size;

	if (!port && name && !bpf_probe_read_user(&from, sizeof(from.family) + sizeof(from.port), name))
		port = __builtin_bswap16(from.port);
	if (port != DNS_PORT || size < 12)
		return 0;
	s = scratch_get(sizeof(*r));
	if (!s)
		return 0;
	r = (struct spy_dns *)s->buf;
	fill_current_hdr(&r->h, SPY_KIND_DNS, sizeof(*r), 1);
	r->message = 0;
	r->size = size;
	r->sock = file_ino(file);
	if (n > DNS_BYTES - 1) {
		n = DNS_BYTES - 1;
		mark_cut(s, 0);
	}
	n = BOUND(n, DNS_BYTES - 1);
	if (!bpf_probe_read_user(&s->buf[sizeof(*r)], n, message)) {
		s->len += n;
		r->message = SPY_STR_RAW | (__u32)n;
	}
	scratch_submit(s, &activity, SPY_KIND_DNS);
	return 0;
}

static __always_inline bool is_inet_datagram(struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_type) == SOCK_DGRAM && is_inet(sk);
}

/* 32-bit callers have another layout: their names and descriptors show at the next refresh. */
static __always_inline bool read_msghdr(struct user_msghdr *msg, const void *from)
{
	return !is_compat() && !bpf_probe_read_user(msg, sizeof(*msg), from);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sendmsg, struct pt_regs *regs, long ret)
{
	struct user_msghdr msg = {};
	struct file *file;
	struct sock *sk;

	if (ret < 0 || is_self())
		return 0;
	file = current_fd_file(ARG0(regs));
	sk = file_sock(file);
	/* sendmmsg: the first mmsghdr begins with its msghdr */
	if (!sk || !read_msghdr(&msg, (void *)ARG1(regs)))
		return 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX)
		return pass_fds(file, &msg, ret, false);
	return datagram(file, sk, ARG0(regs), msg.name);
}

/* recvfrom */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_recvfrom, struct pt_regs *regs, long ret)
{
	struct file *file;
	struct sock *sk;

	if (ret <= 0 || is_self())
		return 0;
	file = current_fd_file(ARG0(regs));
	sk = file_sock(file);
	if (!sk || !is_inet_datagram(sk))
		return 0;
	return dns_answer(file, sk, (void *)ARG4(regs), (void *)ARG1(regs), ret);
}

static __always_inline int received(const void *header, int fd, long size)
{
	struct user_msghdr msg = {};
	struct user_iovec iov = {};
	struct file *file = current_fd_file(fd);
	struct sock *sk = file_sock(file);

	if (!sk || !read_msghdr(&msg, header))
		return 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX)
		return pass_fds(file, &msg, size, true);
	if (!is_inet_datagram(sk) || bpf_probe_read_user(&iov, sizeof(iov), msg.iov))
		return 0;
	return dns_answer(file, sk, msg.name, iov.base, size);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_recvmsg, struct pt_regs *regs, long ret)
{
	return ret < 0 || is_self() ? 0 : received((void *)ARG1(regs), ARG0(regs), ret);
}

/* The first message of several: struct mmsghdr ends with its length. */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_recvmmsg, struct pt_regs *regs, long ret)
{
	__u32 size = 0;

	if (ret <= 0 || is_self() || bpf_probe_read_user(&size, sizeof(size), (void *)ARG1(regs) + sizeof(struct user_msghdr) + 8))
		return 0;
	return received((void *)ARG1(regs), ARG0(regs), size);
}
