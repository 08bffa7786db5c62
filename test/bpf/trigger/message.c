/* SPDX-License-Identifier: MIT */
/* Several messages in one call, several control messages in one message. */
#include <sched.h>
#include <sys/mount.h>

#include "net.h"

struct parcel {
	struct iovec data;
	char byte;
	union {
		char space[8192];
		struct cmsghdr head;
	} control;
};

/* A message of one byte with room for control data. */
static struct msghdr wrap(struct parcel *p)
{
	p->data = (struct iovec){&p->byte, 1};
	memset(&p->control, 0, sizeof(p->control));
	return (struct msghdr){.msg_iov = &p->data, .msg_iovlen = 1, .msg_control = &p->control, .msg_controllen = sizeof(p->control)};
}

static struct cmsghdr *put_fds(struct msghdr *m, struct cmsghdr *at, const int *fds, int n)
{
	*at = (struct cmsghdr){CMSG_LEN(n * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(at), fds, n * sizeof(int));
	m->msg_controllen = (char *)at + CMSG_SPACE(n * sizeof(int)) - (char *)m->msg_control;
	return (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);
}

/* A file, then both ends of a pipe, in one message; then one of each in two messages of one call. argv: file */
static void pass_many(int argc, char **argv)
{
	static struct parcel parcels[2];
	int ends[2], pipes[2], file = MUST(open(argv[0], O_CREAT | O_RDWR, 0600));
	struct mmsghdr several[2] = {};
	struct msghdr one = wrap(&parcels[0]);
	pid_t child;

	(void)argc;
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
	MUST(pipe(pipes));
	facts("file", inode_of(file), "pipe", inode_of(pipes[0]), NULL);
	child = MUST(fork());
	if (!child) {
		MUST(recvmsg(ends[1], &one, 0));
		for (int i = 0; i < 2; i++)
			several[i].msg_hdr = wrap(&parcels[i]);
		MUST(recvmmsg(ends[1], several, 2, 0, NULL) == 2 ? 0 : -1);
		facts("child", getpid(), NULL);
		_exit(0);
	}
	put_fds(&one, put_fds(&one, &parcels[0].control.head, &file, 1), pipes, 2);
	MUST(sendmsg(ends[0], &one, 0));
	for (int i = 0; i < 2; i++) {
		several[i].msg_hdr = wrap(&parcels[i]);
		put_fds(&several[i].msg_hdr, &parcels[i].control.head, i ? pipes : &file, 1);
	}
	MUST(sendmmsg(ends[0], several, 2, 0));
	MUST(reap(child) ? -1 : 0);
}

/* A descriptor behind more empty control messages than anyone looks at. */
static void pass_hidden(int argc, char **argv)
{
	static struct parcel parcel;
	int ends[2];
	struct msghdr m = wrap(&parcel);
	struct cmsghdr *at = &parcel.control.head;

	(void)argc, (void)argv;
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	for (int i = 0; i < 300; i++)
		at = put_fds(&m, at, NULL, 0);
	put_fds(&m, at, &ends[1], 1);
	MUST(sendmsg(ends[0], &m, 0));
}

/*
 * A socket that listens in a message nobody has read: no process holds it, unless argv is "held". "netns": in a network of
 * its own; a path: in one that only a mount there keeps.
 */
static void in_flight(int argc, char **argv)
{
	static struct parcel parcel;
	const char *how = argc ? argv[0] : "";
	union address at = loopback(AF_INET, 0);
	struct msghdr m = wrap(&parcel);
	int ends[2], fd, home = MUST(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));

	if (*how == '/' || !strcmp(how, "netns"))
		own_network();
	facts("netns", network_namespace(), NULL);
	fd = listening(&at);
	if (*how == '/') {
		MUST(mount("/proc/self/ns/net", how, NULL, MS_BIND, NULL));
		MUST(setns(home, CLONE_NEWNET));
	}
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	put_fds(&m, &parcel.control.head, &fd, 1);
	MUST(sendmsg(ends[0], &m, 0));
	if (strcmp(how, "held"))
		close(fd);
	hold();
	if (*how == '/')
		MUST(umount2(how, MNT_DETACH));
}

/* A process connects, sends the connection to its parent and exits; the parent never takes it. */
static void left_behind(int argc, char **argv)
{
	static struct parcel parcel;
	union address at = loopback(AF_INET, 0);
	struct msghdr m = wrap(&parcel);
	int ends[2], listener = listening(&at), fd;

	(void)argc, (void)argv;
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	if (!MUST(fork())) {
		fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
		MUST(connect(fd, &at.any, sizeof(at.v4)));
		facts("client", getpid(), "clientIno", inode_of(fd), NULL);
		put_fds(&m, &parcel.control.head, &fd, 1);
		MUST(sendmsg(ends[0], &m, 0));
		_exit(0);
	}
	MUST(accept(listener, NULL, NULL));
	MUST(wait(NULL));
	hold();
}

/* In a network of its own: one call that sends to three ports, and one that receives two answers. */
static void datagrams(int argc, char **argv)
{
	static struct parcel parcels[3];
	union address to[3], from = loopback(AF_INET, 53);
	struct mmsghdr several[3] = {};
	int server, client, sender;

	(void)argc, (void)argv;
	own_network();
	sender = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	for (int i = 0; i < 3; i++) {
		several[i].msg_hdr = wrap(&parcels[i]);
		to[i] = loopback(AF_INET, 7001 + i);
		several[i].msg_hdr.msg_controllen = 0;
		several[i].msg_hdr.msg_name = &to[i];
		several[i].msg_hdr.msg_namelen = sizeof(to[i]);
	}
	MUST(sendmmsg(sender, several, 3, 0) == 3 ? 0 : -1);
	server = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	MUST(bind(server, &from.any, sizeof(from)));
	to[0] = loopback(AF_INET, 0);
	client = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	MUST(bind(client, &to[0].any, sizeof(to[0])));
	to[0] = loopback(AF_INET, local_port(client));
	for (int i = 0; i < 2; i++) {
		static char answers[2][32] = {"the first answer", "the second one"}, got[2][64];

		MUST(sendto(server, answers[i], strlen(answers[i]), 0, &to[0].any, sizeof(to[0])));
		parcels[i].data = (struct iovec){got[i], sizeof(got[i])};
		several[i].msg_hdr.msg_namelen = sizeof(to[i]);
	}
	MUST(recvmmsg(client, several, 2, MSG_WAITFORONE, NULL) == 2 ? 0 : -1);
}

const struct scenario message_scenarios[] = {
	{"pass-many", pass_many}, {"pass-hidden", pass_hidden}, {"in-flight", in_flight}, {"left-behind", left_behind}, {"datagrams", datagrams}, {}};
