/* SPDX-License-Identifier: MIT */
/* Processes that hold things: for what is there before a capture begins, and for a start under way. */
#include <pthread.h>
#include <spawn.h>
#include <sys/un.h>
#include <time.h>

#include "net.h"

/* Listens, is connected to itself at both ends, writes a file, holds a pipe and a unix pair. argv: file, unix name, words */
static void state(int argc, char **argv)
{
	union address at = loopback(AF_INET, 0);
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int listener, client, server, file, ends[2], named, to_named, from_named;
	struct stat st;

	if (argc > 2)
		own_network();
	listener = listening(&at);
	client = MUST(socket(AF_INET, SOCK_STREAM, 0));
	MUST(connect(client, &at.any, sizeof(at)));
	server = MUST(accept(listener, NULL, NULL));
	MUST(write(client, "hello", 5));
	MUST(read(server, &(char[5]){}, 5));
	facts("clientIno", inode_of(client), "clientPort", (long long)local_port(client), "acceptedIno", inode_of(server),
	      "listenFd", (long long)listener, "netns", network_namespace(), NULL);
	file = MUST(open(argv[0], O_CREAT | O_WRONLY, 0600));
	MUST(fstat(file, &st));
	facts("fileIno", st.st_ino, "fileDev", kernel_dev(st.st_dev), "fileFd", (long long)file, NULL);
	MUST(pipe(ends));
	facts("pipe", inode_of(ends[0]), "readFd", (long long)ends[0], "writeFd", (long long)ends[1], NULL);
	strcpy(name.sun_path, argv[1]);
	named = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(bind(named, (void *)&name, sizeof(name)));
	MUST(listen(named, 1));
	to_named = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(connect(to_named, (void *)&name, sizeof(name)));
	from_named = MUST(accept(named, NULL, NULL));
	facts("unixListenIno", inode_of(named), "unixClientIno", inode_of(to_named), "unixAcceptedIno", inode_of(from_named), NULL);
	hold();
	close(client);
	close(server);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static volatile int stopping;

static void *wait_for_line(void *unused)
{
	(void)unused;
	MUST(read(0, &(char){0}, 1));
	stopping = 1;
	return NULL;
}

/*
 * Forks, executes and connects without pause until released. Every other child stays for a while, so that some span any
 * moment. argv[0]: a program that ends at once.
 */
static void churn(int argc, char **argv)
{
	union address at = loopback(AF_INET, 0);
	int listener = listening(&at), held[8] = {};
	pid_t staying[8] = {};
	pthread_t thread;

	(void)argc;
	MUST(-pthread_create(&thread, NULL, wait_for_line, NULL));
	facts("ready", 1, NULL);
	for (unsigned i = 0; !stopping; i++) {
		int client = MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), server;
		long long before = now_ns();
		pid_t child;

		MUST(-posix_spawn(&child, argv[0], NULL, NULL, (char *[]){argv[0], NULL}, NULL));
		facts("child", child, "start", start_ticks(child), "beforeNs", before, NULL);
		before = now_ns();
		MUST(connect(client, &at.any, sizeof(at)));
		server = MUST(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
		facts("connection", inode_of(client), "accepted", inode_of(server), "beforeNs", before, NULL);
		close(server);
		/* Of eight, one process and one connection stay for eight rounds. */
		if (held[i % 8])
			close(held[i % 8]);
		held[i % 8] = client;
		if (staying[i % 8])
			reap(staying[i % 8]);
		staying[i % 8] = child;
	}
	for (int i = 0; i < 8; i++) {
		if (held[i])
			close(held[i]);
		if (staying[i])
			reap(staying[i]);
	}
	facts("end", 1, NULL);
}

/* Sends argv[0] bytes to itself when released, then waits again with the connection open. */
static void traffic(int argc, char **argv)
{
	union address at = loopback(AF_INET, 0);
	int listener = listening(&at), client = MUST(socket(AF_INET, SOCK_STREAM, 0)), server;
	long left = atol(argv[0]);
	char buffer[1000] = "";

	(void)argc;
	MUST(connect(client, &at.any, sizeof(at)));
	server = MUST(accept(listener, NULL, NULL));
	facts("clientIno", inode_of(client), "acceptedIno", inode_of(server), NULL);
	while (left > 0) {
		ssize_t n = MUST(write(client, buffer, left < 1000 ? left : 1000));

		left -= n;
		for (ssize_t got = 0; got < n;)
			got += MUST(read(server, buffer, n - got));
	}
	hold();
}

const struct scenario state_scenarios[] = {{"state", state}, {"churn", churn}, {"traffic", traffic}, {}};
