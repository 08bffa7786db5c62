/* SPDX-License-Identifier: MIT */
/* Unix sockets and pipes. */
#include <sys/un.h>

#include "net.h"

/* A name that begins with @ is abstract. */
static socklen_t unix_address(struct sockaddr_un *at, const char *name)
{
	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(at->sun_path, name, strlen(name));
	if (name[0] == '@')
		at->sun_path[0] = 0;
	return sizeof(at->sun_family) + strlen(name) + (name[0] != '@');
}

/* argv: name, then stream or seqpacket. The client asks, the server's child answers. */
static void unix_pair(int argc, char **argv)
{
	int type = !strcmp(argv[1], "seqpacket") ? SOCK_SEQPACKET : SOCK_STREAM;
	int listener = MUST(socket(AF_UNIX, type, 0)), fd;
	struct sockaddr_un at;
	socklen_t length = unix_address(&at, argv[0]);
	pid_t child;

	(void)argc;
	MUST(bind(listener, (void *)&at, length));
	MUST(listen(listener, 3));
	child = MUST(fork());
	if (!child) {
		fd = MUST(socket(AF_UNIX, type, 0));
		MUST(connect(fd, (void *)&at, length));
		facts("client", getpid(), "clientIno", inode_of(fd), "clientFd", (long long)fd, NULL);
		MUST(read(fd, &(char){0}, 1));
		_exit(0);
	}
	fd = MUST(accept4(listener, NULL, NULL, 0));
	facts("server", getpid(), "acceptedIno", inode_of(fd), "acceptedFd", (long long)fd, NULL);
	MUST(write(fd, "x", 1));
	reap(child);
}

/* Two halves, and two that exchange datagrams. */
static void socket_pair(int argc, char **argv)
{
	int halves[2];

	(void)argc, (void)argv;
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, halves));
	facts("first", inode_of(halves[0]), "second", inode_of(halves[1]), "fd", (long long)halves[0], NULL);
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, halves));
}

static void pipes(int argc, char **argv)
{
	int old[2], new[2];

	(void)argc, (void)argv;
#ifdef SYS_pipe
	MUST(syscall(SYS_pipe, old));
#else
	MUST(pipe(old));
#endif
	MUST(syscall(SYS_pipe2, new, O_CLOEXEC));
	facts("pipe", inode_of(old[0]), "pipe2", inode_of(new[0]), "fd", (long long)old[0], NULL);
}

const struct scenario unix_scenarios[] = {{"unix-pair", unix_pair}, {"socketpair", socket_pair}, {"pipes", pipes}, {}};
