/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What messages carry besides data: where datagrams go, answers of name servers, descriptors over unix sockets. */
#include "lib/sock.h"
#include "lib/syscall.h"

#if defined(__TARGET_ARCH_x86)
#define NR_RECVMSG (is_compat() ? 372 : 47)
#define NR_SENDMMSG (is_compat() ? 345 : 307)
#define NR_RECVMMSG (is_compat() ? 337 : 299)
#else
#define NR_RECVMSG 212
#define NR_SENDMMSG 269
#define NR_RECVMMSG 243
#endif
#define NR_RECVMMSG_TIME64 417 /* of 32-bit callers only */

/* The kernel takes no more in one sendmmsg or recvmmsg (UIO_MAXIOV). */
#define MESSAGES 1024
/* Headers and descriptors of one message; the kernel passes up to 253 descriptors (SCM_MAX_FD). */
#define CONTROL_STEPS 288

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

/* One message at a time, between the steps of the loops below. Addresses are numbers. */
struct message {
	__u64 header; /* of the next message */
	__u64 file, sock;
	__u64 control, control_end; /* what was not looked at yet */
	__u64 first; /* where the descriptors of a control message begin, and how many they are */
	__u32 many, next;
	__u32 received;
	__u32 one_peer; /* the message before named no destination */
	__s32 fd;
	__s32 size; /* of a single message; -1 = several, each says its own */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct message);
} messages SEC(".maps");

static __always_inline struct message *current_message(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&messages, &zero);
}

static __always_inline void emit_passed(struct message *m, int fd, bool cut)
{
	struct spy_call *r = activity_reserve_share(SPY_KIND_FD_PASS, sizeof(*r));

	if (!r)
		return;
	__builtin_memset(r, 0, sizeof(*r));
	fill_current_hdr(&r->h, SPY_KIND_FD_PASS, sizeof(*r), 1);
	r->h.flags = SPY_FLAG_UNVERIFIED;
	r->h.trunc = cut;
	r->args[0] = m->received ? 2 : 1;
	r->args[1] = file_ino((struct file *)m->file);
	r->args[2] = m->many;
	/* sendmsg leaves the caller's numbers, recvmsg the new ones: either way the caller's own descriptor */
	r->args[3] = cut ? 0 : stdio_id((void *)bpf_get_current_task(), fd);
	r->nr = m->next;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
}

/* The header of a control message, or one descriptor of it; not zero = the end. */
__u32 control_step(void)
{
	struct message *m = current_message();
	struct user_cmsghdr head = {};
	__u64 bytes = is_compat() ? sizeof(struct user_compat_cmsghdr) : sizeof(head), align = is_compat() ? 3 : 7;

	if (!m)
		return 1;
	if (m->next < m->many) {
		int fd = -1;

		if (bpf_probe_read_user(&fd, sizeof(fd), (void *)(m->first + m->next * sizeof(fd))))
			return 1;
		emit_passed(m, fd, false);
		m->next++;
		return 0;
	}
	if (m->control + bytes > m->control_end)
		return 1;
	if (is_compat()) {
		struct user_compat_cmsghdr compat = {};

		if (bpf_probe_read_user(&compat, sizeof(compat), (void *)m->control))
			return 1;
		head.len = compat.len;
		head.level = compat.level;
		head.type = compat.type;
	} else if (bpf_probe_read_user(&head, sizeof(head), (void *)m->control)) {
		return 1;
	}
	if (head.len < bytes || head.len > m->control_end - m->control)
		return 1;
	if (head.level == SOL_SOCKET && head.type == SCM_RIGHTS) {
		m->first = m->control + bytes;
		m->many = (head.len - bytes) / sizeof(int);
		m->next = 0;
	}
	m->control += (head.len + align) & ~align;
	return 0;
}

/* False when there was more than is looked at. Since 6.4 (06accc8779c1) the body of a loop is verified once. */
static __always_inline bool look_at_control(void)
{
	int i;

	if (CAN_LOOP) {
		bpf_for(i, 0, CONTROL_STEPS)
			if (control_step())
				return true;
	} else {
		for (i = 0; i < CONTROL_STEPS; i++)
			if (control_step())
				return true;
	}
	return false;
}

static __always_inline bool read_header(struct user_msghdr *msg, const void *from)
{
	struct user_compat_msghdr compat = {};

	if (!is_compat())
		return !bpf_probe_read_user(msg, sizeof(*msg), from);
	if (bpf_probe_read_user(&compat, sizeof(compat), from))
		return false;
	msg->name = (void *)(__u64)compat.name;
	msg->iov = (void *)(__u64)compat.iov;
	msg->control = (void *)(__u64)compat.control;
	msg->control_len = compat.control_len;
	return true;
}

static __always_inline void *first_buffer(const struct user_msghdr *msg)
{
	__u64 base = 0;

	/* struct iovec begins with the address */
	bpf_probe_read_user(&base, is_compat() ? sizeof(__u32) : sizeof(base), msg->iov);
	return (void *)base;
}

/* Bytes of struct msghdr, and of struct mmsghdr, which adds the size of the message. */
#define HEADER_BYTES (is_compat() ? 28 : 56)
#define HEADER_STRIDE (is_compat() ? 32 : 64)

/* The message at m->header, and on to the next; not zero = no more are to be looked at. */
__u32 message_step(void)
{
	struct message *m = current_message();
	struct user_msghdr msg = {};
	struct file *file;
	struct sock *sk;

	if (!m || !read_header(&msg, (void *)m->header))
		return 1;
	file = (struct file *)m->file;
	sk = (struct sock *)m->sock;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX) {
		m->control = (__u64)msg.control;
		m->control_end = m->control ? m->control + msg.control_len : 0;
		m->many = m->next = 0;
		if (!look_at_control())
			emit_passed(m, -1, true);
	} else if (!m->received) {
		if (msg.name || !m->one_peer)
			datagram(file, sk, m->fd, msg.name);
		m->one_peer = !msg.name;
	} else {
		__s32 size = m->size;

		if (size < 0 && bpf_probe_read_user(&size, sizeof(size), (void *)m->header + HEADER_BYTES))
			return 1;
		dns_answer(file, sk, msg.name, first_buffer(&msg), size);
	}
	m->header += HEADER_STRIDE;
	return 0;
}

/* Nobody's messages but a name server's are looked into. */
static __always_inline bool may_be_dns(struct sock *sk)
{
	__u16 port = BPF_CORE_READ(sk, __sk_common.skc_dport);

	return is_inet_datagram(sk) && (!port || port == __builtin_bswap16(DNS_PORT));
}

static __always_inline struct message *begin_messages(struct pt_regs *regs, bool received, __s32 size)
{
	struct message *m = current_message();
	struct file *file;
	struct sock *sk;

	if (!m || is_self())
		return NULL;
	file = current_fd_file(ARG0(regs));
	sk = file_sock(file);
	if (!sk)
		return NULL;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX && !(received ? may_be_dns(sk) : is_inet_datagram(sk)))
		return NULL;
	m->header = ARG1(regs);
	m->file = (__u64)file;
	m->sock = (__u64)sk;
	m->fd = ARG0(regs);
	m->received = received;
	m->size = size;
	m->one_peer = 0;
	return m;
}

SYSCALL_PROG(on_sendto)
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

/* recvfrom */
SYSCALL_PROG(on_recvfrom)
{
	struct file *file;
	struct sock *sk;

	if (ret <= 0 || is_self())
		return 0;
	file = current_fd_file(ARG0(regs));
	sk = file_sock(file);
	if (!sk || !may_be_dns(sk))
		return 0;
	return dns_answer(file, sk, (void *)ARG4(regs), (void *)ARG1(regs), ret);
}

/* sendmsg, recvmsg, sendmmsg, recvmmsg, in both of its 32-bit forms: one program, verified once */
SYSCALL_PROG(on_message)
{
	__u32 nr = SYSCALL_NR(regs);
	bool several = nr == NR_SENDMMSG || nr == NR_RECVMMSG || nr == NR_RECVMMSG_TIME64;
	int i;

	if (ret < 0 || !begin_messages(regs, several ? nr != NR_SENDMMSG : nr == NR_RECVMSG, several ? -1 : ret))
		return 0;
	if (!several)
		ret = 1;
	else if (ret > MESSAGES)
		ret = MESSAGES;
	if (CAN_LOOP) {
		bpf_for(i, 0, ret)
			if (message_step())
				break;
	} else {
		for (i = 0; i < MESSAGES && i < ret; i++)
			if (message_step())
				break;
	}
	return 0;
}
