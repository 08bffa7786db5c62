/* SPDX-License-Identifier: MIT */
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "net.h"

union address loopback(int family, int port)
{
	union address at = {};

	if (family == AF_INET6)
		at.v6 = (struct sockaddr_in6){AF_INET6, htons(port), 0, in6addr_loopback, 0};
	else
		at.v4 = (struct sockaddr_in){AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {}};
	return at;
}

int local_port(int fd)
{
	union address at;
	socklen_t length = sizeof(at);

	MUST(getsockname(fd, &at.any, &length));
	return ntohs(at.v4.sin_port);
}

int listening(union address *at)
{
	int fd = MUST(socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));

	MUST(bind(fd, &at->any, sizeof(*at)));
	MUST(listen(fd, 64));
	*at = loopback(at->any.sa_family, local_port(fd));
	facts("port", local_port(fd), "listenIno", inode_of(fd), NULL);
	return fd;
}

long long inode_of(int fd)
{
	struct stat st;

	MUST(fstat(fd, &st));
	return st.st_ino;
}

long long network_namespace(void)
{
	struct stat st;

	MUST(stat("/proc/self/ns/net", &st));
	return st.st_ino;
}

void empty_network(void)
{
	MUST(unshare(CLONE_NEWNET));
}

void own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	empty_network();
	fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}
