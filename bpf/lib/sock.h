/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef SPY_SOCK_H
#define SPY_SOCK_H

#include "pair.h"
#include "task.h"

/* Who a socket belongs to, filled in process context: later transitions run in softirq. */
struct owner {
	__u64 start;
	__u64 sock; /* inode; the sock may outlive its file */
	__u32 tgid, tid;
	__u8 raddr[16];
	__u16 rport; /* of an attempt to connect, or 0 */
	__u8 unannounced; /* listens on a port that was not chosen yet */
	__u8 state; /* last one that was handled: TCP_SYN_SENT, TCP_ESTABLISHED, TCP_LISTEN, or 0 */
	__u8 failed; /* the attempt ended and was reported; nothing is open */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct owner);
} owners __weak SEC(".maps");

static __always_inline void own_as(struct sock *sk, struct task_struct *t, __u64 ino, __u64 flags, const bool direct)
{
	__u64 key = (__u64)sk;
	struct owner o = {};

	o.start = direct ? t->group_leader->start_boottime : BPF_CORE_READ(t, group_leader, start_boottime);
	o.sock = ino;
	o.tgid = GET(t, tgid);
	o.tid = GET(t, pid);
	/* Since 6.15 a map may refuse, when the lock of a bucket cannot be had in time: the end will not be told then. */
	if (bpf_map_update_elem(&owners, &key, &o, flags) && flags == BPF_ANY &&
	    bpf_map_update_elem(&owners, &key, &o, flags))
		count(SPY_KIND_CLOSE, true);
}

static __always_inline void own(struct sock *sk, struct task_struct *t, __u64 ino, __u64 flags)
{
	own_as(sk, t, ino, flags, false);
}

static __always_inline void own_current(struct sock *sk, __u64 ino)
{
	if (CAN_CAST)
		own_as(sk, cast_current(), ino, BPF_ANY, true);
	else
		own_as(sk, (void *)bpf_get_current_task(), ino, BPF_ANY, false);
}

static __always_inline struct sock *file_sock_as(struct file *file, const bool direct)
{
	struct socket *socket;

	if ((direct ? file->f_inode->i_mode : BPF_CORE_READ(file, f_inode, i_mode)) >> 12 != S_IFSOCK >> 12)
		return NULL;
	socket = GET(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

static __always_inline struct sock *file_sock(struct file *file)
{
	if (!file)
		return NULL;
	if (CAN_CAST)
		return file_sock_as(CAST(struct file, file), true);
	return file_sock_as(file, false);
}

static __always_inline __u64 file_ino(struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_ino);
}

static __always_inline __u64 sock_ino_as(struct sock *sk, const bool direct)
{
	struct socket *socket = GET(sk, sk_socket);
	struct file *file;

	if (!socket)
		return 0;
	file = GET(socket, file);
	if (!file)
		return 0;
	return direct ? file->f_inode->i_ino : file_ino(file);
}

/* Inode of the socket, 0 while it has no file (not yet accepted) or no longer has one. */
static __always_inline __u64 sock_ino(struct sock *sk)
{
	return CAN_CAST ? sock_ino_as(CAST(struct sock, sk), true) : sock_ino_as(sk, false);
}

static __always_inline void map_v4(__u8 *to, __be32 address)
{
	__builtin_memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	__builtin_memcpy(to + 12, &address, 4);
}

static __always_inline void remote_as(struct sock *sk, __u8 *address, __u16 *port, const bool direct)
{
	*port = __builtin_bswap16(GET(sk, __sk_common.skc_dport));
	if (GET(sk, __sk_common.skc_family) == AF_INET)
		map_v4(address, GET(sk, __sk_common.skc_daddr));
	else
		BPF_CORE_READ_INTO((struct in6_addr *)address, sk, __sk_common.skc_v6_daddr);
}

/* Whom a socket talks to. */
static __always_inline void remote(struct sock *sk, __u8 *address, __u16 *port)
{
	if (CAN_CAST)
		remote_as(CAST(struct sock, sk), address, port, true);
	else
		remote_as(sk, address, port, false);
}

static __always_inline void fill_sock_as(struct spy_sock *r, struct sock *sk, const bool direct)
{
	__u16 family = GET(sk, __sk_common.skc_family), protocol = GET(sk, sk_protocol);

	r->family = family;
	r->proto = protocol == IPPROTO_MPTCP ? IPPROTO_TCP : protocol;
	r->state = GET(sk, __sk_common.skc_state);
	r->lport = GET(sk, __sk_common.skc_num);
	if (!r->lport) {
		/* Given back before the state changes to closed; the header still has it. */
		struct inet_sock *inet = direct ? CAST(struct inet_sock, sk) : (struct inet_sock *)sk;

		r->lport = __builtin_bswap16(GET(inet, inet_sport));
	}
	remote_as(sk, r->raddr, &r->rport, direct);
	r->netns = direct ? sk->__sk_common.skc_net.net->ns.inum : BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	r->backlog = 0;
	if (family == AF_INET)
		map_v4(r->laddr, GET(sk, __sk_common.skc_rcv_saddr));
	else
		BPF_CORE_READ_INTO((struct in6_addr *)r->laddr, sk, __sk_common.skc_v6_rcv_saddr);
	r->tx = r->rx = r->pair = 0;
	/* A multipath socket is no tcp_sock: the counters are its subflows'. */
	if (protocol != IPPROTO_TCP)
		return;
	if (r->state == TCP_LISTEN) {
		r->backlog = GET(sk, sk_max_ack_backlog);
	} else {
		struct tcp_sock *tcp = direct ? CAST(struct tcp_sock, sk) : (struct tcp_sock *)sk;

		/* bytes_acked would count our SYN and FIN; bytes_received counts the peer's FIN */
		r->tx = GET(tcp, bytes_sent) - GET(tcp, bytes_retrans);
		r->rx = GET(tcp, bytes_received);
		if (r->rx && GET(sk, __sk_common.skc_flags) & 1 << SOCK_DONE)
			r->rx--;
		r->pair = pair_of(tcp, r->state, r->tx, direct);
	}
}

/* The tuple and counters of a socket; everything but header, sock, err and fd. */
static __always_inline void fill_sock(struct spy_sock *r, struct sock *sk)
{
	if (CAN_CAST)
		fill_sock_as(r, CAST(struct sock, sk), true);
	else
		fill_sock_as(r, sk, false);
}

static __always_inline bool is_inet(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return family == AF_INET || family == AF_INET6;
}

static __noinline __attribute__((unused)) int emit_sock(struct sock *sk, __u64 ino, __u16 kind, int fd, int err)
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

static __always_inline int accepted(struct file *file, struct sock *sk, int fd)
{
	__u64 key = (__u64)sk;

	emit_sock(sk, file_ino(file), SPY_KIND_ACCEPT, fd, 0);
	own_current(sk, file_ino(file));
	/* Reset while it waited to be accepted: no state will change, unless one just does and finds its owner. */
	if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE && !bpf_map_delete_elem(&owners, &key))
		return emit_sock(sk, file_ino(file), SPY_KIND_CLOSE, fd, 0);
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

/* Both ends and the name of a unix socket; everything but the header. */
static __always_inline void fill_unix(struct scratch *s, struct sock *sk, __u64 ino, int fd)
{
	struct spy_unix *r = (struct spy_unix *)s->buf;
	struct unix_sock *unix_sk = (struct unix_sock *)sk;
	struct sock *peer = BPF_CORE_READ(unix_sk, peer);
	struct pid *pid = BPF_CORE_READ(sk, sk_peer_pid);
	struct unix_address *address = BPF_CORE_READ(unix_sk, addr);

	r->path = 0;
	r->fd = fd;
	r->sock = ino;
	r->end = scramble(sk);
	r->peer = scramble(peer);
	r->peer_tgid = pid ? BPF_CORE_READ(pid, numbers[0].nr) : 0;
	r->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	r->type = BPF_CORE_READ(sk, sk_type);
	r->pad = 0;
	/* The name is the listener's: an accepted socket shares it, a client sees it on its peer. */
	if (!address && peer)
		address = BPF_CORE_READ((struct unix_sock *)peer, addr);
	if (address) {
		__u32 n = BPF_CORE_READ(address, len) - sizeof(unsigned short);

		n = BOUND(n > 108 ? 108 : n, 127);
		if (!bpf_probe_read_kernel(&s->buf[sizeof(*r)], n,
					   (char *)address + bpf_core_field_offset(struct unix_address, name) +
						   bpf_core_field_offset(struct sockaddr_un, sun_path))) {
			/* A name in the file system is stored with its NUL. */
			if (n > 1 && s->buf[sizeof(*r)] && !s->buf[sizeof(*r) + BOUND(n - 1, 127)])
				n--;
			s->len += n;
			r->path = SPY_STR_RAW | n;
		}
	}
}

/* Composes in s, which may be NULL. */
static __always_inline int emit_unix(struct scratch *s, struct sock *sk, __u64 ino, __u32 kind, int fd)
{
	if (!s)
		return 0;
	fill_current_hdr((struct spy_hdr *)s->buf, kind, sizeof(struct spy_unix), 1);
	fill_unix(s, sk, ino, fd);
	scratch_submit(s, &activity, kind);
	return 0;
}

#endif
