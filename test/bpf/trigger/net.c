/* SPDX-License-Identifier: MIT */
#include <linux/io_uring.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

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

int uring_connect(int fd, const union address *to)
{
	struct io_uring_params params = {};
	int ring = MUST(syscall(SYS_io_uring_setup, 2, &params));
	size_t bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	char *rings, *entries;
	struct io_uring_cqe *done;
	unsigned *tail;
	struct io_uring_sqe *entry;

	if (bytes < params.sq_off.array + params.sq_entries * sizeof(unsigned))
		bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	rings = (char *)MUST(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING));
	entries = (char *)MUST(mmap(NULL, params.sq_entries * sizeof(*entry), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
				    IORING_OFF_SQES));
	entry = (void *)entries;
	*entry = (struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (unsigned long)to, .off = sizeof(*to)};
	tail = (unsigned *)(rings + params.sq_off.tail);
	((unsigned *)(rings + params.sq_off.array))[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	MUST(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	done = (void *)(rings + params.cq_off.cqes);
	close(ring);
	errno = -done->res;
	return done->res < 0 ? -1 : 0;
}
