/* SPDX-License-Identifier: MIT */
/* Datagrams to sockets of this process, over loopback. */
#include "net.h"

static int receiver(int family)
{
	union address at = loopback(family, 0);
	int fd = MUST(socket(family, SOCK_DGRAM, 0));

	MUST(bind(fd, &at.any, sizeof(at)));
	return fd;
}

static struct msghdr message(union address *to, struct iovec *data)
{
	return (struct msghdr){.msg_name = to, .msg_namelen = to ? sizeof(*to) : 0, .msg_iov = data, .msg_iovlen = 1};
}

/* Each form sends twice from a socket of its own: form, ino and port say which. argv[0]: v4 or v6 */
static void udp_forms(int argc, char **argv)
{
	int family = !strcmp(argv[0], "v6") ? AF_INET6 : AF_INET;
	int target = receiver(family), other = receiver(family), port = local_port(target);
	union address to = loopback(family, port), second = loopback(family, local_port(other));
	struct iovec data = {"x", 1};

	(void)argc;
	for (int form = 1; form <= 5; form++) {
		int fd = MUST(socket(family, SOCK_DGRAM, 0));

		facts("form", form, "ino", inode_of(fd), "port", (long long)port, "second", (long long)local_port(other), NULL);
		if (form == 4)
			MUST(connect(fd, &to.any, sizeof(to)));
		for (int i = 0; i < 2; i++) {
			struct msghdr m = message(form == 4 ? NULL : &to, &data);
			struct mmsghdr many[2] = {{.msg_hdr = m}, {.msg_hdr = message(&second, &data)}};

			if (form == 1)
				MUST(sendto(fd, "x", 1, 0, &to.any, sizeof(to)));
			else if (form == 2)
				MUST(sendmsg(fd, &m, 0));
			else if (form == 3)
				MUST(sendmmsg(fd, many, 2, 0));
			else if (form == 4)
				MUST(send(fd, "x", 1, 0));
			else
				MUST(sendto(fd, "x", 1, 0, i ? &second.any : &to.any, sizeof(to)));
		}
	}
}

/* One socket after the other, as a resolver does: each asks the same server. argv[0]: how many */
static void udp_sockets(int argc, char **argv)
{
	int target = receiver(AF_INET);
	union address to = loopback(AF_INET, local_port(target));

	(void)argc;
	for (int i = 0; i < atoi(argv[0]); i++) {
		int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));

		facts("ino", inode_of(fd), NULL);
		MUST(sendto(fd, "x", 1, 0, &to.any, sizeof(to)));
		close(fd);
	}
}

/* An IPv4 destination through an IPv6 socket. */
static void udp_mapped(int argc, char **argv)
{
	int target = receiver(AF_INET), fd = MUST(socket(AF_INET6, SOCK_DGRAM, 0));
	union address to = loopback(AF_INET6, local_port(target));

	(void)argc, (void)argv;
	to.v6.sin6_addr = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	MUST(sendto(fd, "x", 1, 0, &to.any, sizeof(to)));
	facts("ino", inode_of(fd), "port", (long long)local_port(target), NULL);
}

/* Bound and held, then closed when released: no event tells of its end. */
static void udp_held(int argc, char **argv)
{
	int fd = receiver(AF_INET);

	(void)argc, (void)argv;
	facts("ino", inode_of(fd), "port", (long long)local_port(fd), NULL);
	hold();
	close(fd);
	facts("closed", 1, NULL);
	while (read(0, &(char){0}, 1) > 0)
		;
}

/* More sockets than an iterator has room for at once, beyond the first 64 descriptors. */
static void udp_many(int argc, char **argv)
{
	(void)argc;
	for (int i = atoi(argv[0]); i > 0; i--)
		facts("ino", inode_of(receiver(AF_INET)), NULL);
	hold();
}

/* ICMP echo from an unprivileged ping socket: a datagram without ports. */
static void ping(int argc, char **argv)
{
	union address to = loopback(AF_INET, 0);
	unsigned char echo[8] = {8};
	int fd, range;

	(void)argc, (void)argv;
	own_network();
	range = MUST(open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY));
	MUST(write(range, "0 0", 3));
	fd = MUST(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	facts("ino", inode_of(fd), NULL);
	MUST(sendto(fd, echo, sizeof(echo), 0, &to.any, sizeof(to)));
}

const struct scenario udp_scenarios[] = {
	{"udp-forms", udp_forms}, {"udp-sockets", udp_sockets}, {"udp-mapped", udp_mapped}, {"udp-held", udp_held}, {"udp-many", udp_many}, {"ping", ping}, {},
};
