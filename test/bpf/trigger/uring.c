/* SPDX-License-Identifier: MIT */
/* What needs no system call of its own name: requests through io_uring. */
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/un.h>

#include "net.h"

/* Submits one request and waits for so many results; 0: only until it was taken. */
static void submit(struct io_uring_sqe what, int *results, int wanted)
{
	struct io_uring_params params = {};
	int ring = MUST(syscall(SYS_io_uring_setup, 2, &params));
	size_t bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	char *rings, *entries;
	unsigned *tail;

	if (bytes < params.sq_off.array + params.sq_entries * sizeof(unsigned))
		bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	rings = (char *)MUST(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING));
	entries = (char *)MUST(mmap(NULL, params.sq_entries * sizeof(what), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
				    IORING_OFF_SQES));
	memcpy(entries, &what, sizeof(what));
	tail = (unsigned *)(rings + params.sq_off.tail);
	((unsigned *)(rings + params.sq_off.array))[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	MUST(syscall(SYS_io_uring_enter, ring, 1, wanted, IORING_ENTER_GETEVENTS, NULL, 0));
	for (int i = 0; i < wanted; i++)
		results[i] = ((struct io_uring_cqe *)(rings + params.cq_off.cqes))[i].res;
	munmap(rings, bytes);
	close(ring);
}

/* The result of one request; with CQE_SKIP_SUCCESS there is none. */
static int request(struct io_uring_sqe what)
{
	int result = 0;

	submit(what, &result, !(what.flags & IOSQE_CQE_SKIP_SUCCESS));
	errno = -result;
	return result < 0 ? -1 : result;
}

int uring_connect(int fd, const void *to, socklen_t length)
{
	return request((struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (unsigned long)to, .off = length});
}

int uring_accept(int fd)
{
	return request((struct io_uring_sqe){.opcode = IORING_OP_ACCEPT, .fd = fd});
}

static int uring_open(const char *path, int flags, int how)
{
	return request((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)path, .len = 0600,
					     .open_flags = flags, .flags = how});
}

/* argv: folder with a file "plain". Nothing here is a system call by its name. */
static void uring_files(int argc, char **argv)
{
	char bytes[3];
	int to, from, missing;
	struct stat st;

	(void)argc;
	MUST(chdir(argv[0]));
	to = MUST(uring_open("made", O_CREAT | O_WRONLY, 0));
	from = MUST(uring_open("sub/../plain", O_RDONLY, 0));
	missing = uring_open("missing", O_RDONLY, 0);
	MUST(request((struct io_uring_sqe){.opcode = IORING_OP_READ, .fd = from, .addr = (unsigned long)bytes, .len = 3}));
	MUST(request((struct io_uring_sqe){.opcode = IORING_OP_WRITE, .fd = to, .addr = (unsigned long)bytes, .len = 3}));
	MUST(fstat(to, &st));
	facts("to", to, "from", (long long)from, "missing", (long long)missing, "ino", (long long)st.st_ino, NULL);
	/* Its result is kept from everyone. */
	MUST(uring_open("quiet", O_CREAT | O_WRONLY, IOSQE_CQE_SKIP_SUCCESS));
	MUST(request((struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (unsigned long)"made"}));
}

/* argv: name of a unix socket */
static void uring_unix(int argc, char **argv)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), client, server;

	(void)argc;
	strcpy(at.sun_path, argv[0]);
	MUST(bind(listener, (void *)&at, sizeof(at)));
	MUST(listen(listener, 1));
	client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(uring_connect(client, &at, sizeof(at)));
	server = MUST(uring_accept(listener));
	facts("client", inode_of(client), "server", inode_of(server), "fd", (long long)server, NULL);
}

/* Both connections by one request. */
static void accept_two(int listener, const void *to, socklen_t length, const char *names[2])
{
	struct io_uring_sqe many = {.opcode = IORING_OP_ACCEPT, .fd = listener, .ioprio = IORING_ACCEPT_MULTISHOT};
	int results[2];

	for (int i = 0; i < 2; i++)
		MUST(connect(MUST(socket(((const struct sockaddr *)to)->sa_family, SOCK_STREAM, 0)), to, length));
	submit(many, results, 2);
	for (int i = 0; i < 2; i++) {
		errno = -results[i];
		facts(names[i], inode_of(MUST(results[i] < 0 ? -1 : results[i])), NULL);
	}
}

/* argv: name of a unix socket */
static void uring_multishot(int argc, char **argv)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	union address to = loopback(AF_INET, 0);
	int unix_listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), tcp_listener = listening(&to);

	(void)argc;
	strcpy(at.sun_path, argv[0]);
	MUST(bind(unix_listener, (void *)&at, sizeof(at)));
	MUST(listen(unix_listener, 2));
	accept_two(tcp_listener, &to, sizeof(to.v4), (const char *[]){"tcp0", "tcp1"});
	accept_two(unix_listener, &at, sizeof(at), (const char *[]){"unix0", "unix1"});
	hold();
}

const struct scenario uring_scenarios[] = {{"uring-files", uring_files}, {"uring-unix", uring_unix}, {"uring-multishot", uring_multishot}, {}};
