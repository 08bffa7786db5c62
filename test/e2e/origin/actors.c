// Processes of the origin scenarios: `actors ROLE ARG...`. Each ends when its work is done or its standard input does.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int check(int result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	return address;
}

static int listen_on(const char *where)
{
	int yes = 1, fd;

	if (where[0] == '/') {
		struct sockaddr_un address = { .sun_family = AF_UNIX };

		strncpy(address.sun_path, where, sizeof(address.sun_path) - 1);
		fd = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
		check(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	} else {
		struct sockaddr_in address = loopback(where);

		fd = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		check(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	}
	check(listen(fd, 16), "listen");
	return fd;
}

static int connect_to(const char *where)
{
	int fd;

	if (where[0] == '/') {
		struct sockaddr_un address = { .sun_family = AF_UNIX };

		strncpy(address.sun_path, where, sizeof(address.sun_path) - 1);
		fd = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
		check(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
	} else {
		struct sockaddr_in address = loopback(where);

		fd = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
		check(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
	}
	return fd;
}

/* The next client; the end of standard input ends a server. */
static int next_client(int listener)
{
	struct pollfd wait[] = { { .fd = listener, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
	char byte;

	for (;;) {
		check(poll(wait, 2, -1), "poll");
		if (wait[1].revents && read(0, &byte, 1) <= 0)
			exit(0);
		if (wait[0].revents)
			return check(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
	}
}

static void run(const char *command)
{
	pid_t child = check(fork(), "fork");

	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		die("/bin/sh");
	}
	waitpid(child, NULL, 0);
}

static void read_request(int fd, char *into, size_t size, const char *until)
{
	size_t used = 0;
	ssize_t got;

	into[0] = 0;
	while (used + 1 < size && !strstr(into, until) && (got = read(fd, into + used, size - 1 - used)) > 0) {
		used += (size_t)got;
		into[used] = 0;
	}
}

/* An HTTP server that runs what the header X-Run says, as a web shell does. */
static int web(char **args)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
	static char request[16384];
	int listener = listen_on(args[0]);

	for (;;) {
		int client = next_client(listener);
		char *command, *end;

		read_request(client, request, sizeof(request), "\r\n\r\n");
		command = strcasestr(request, "\nX-Run: ");
		if (command) {
			command += strlen("\nX-Run: ");
			end = strstr(command, "\r\n");
			if (end)
				*end = 0;
			run(command);
		}
		check((int)write(client, answer, sizeof(answer) - 1), "write");
		close(client);
	}
}

/* Runs a line for whoever connects, one after the other. */
static int manager(char **args)
{
	static char line[4096];
	int listener = listen_on(args[0]);

	for (;;) {
		int client = next_client(listener);

		read_request(client, line, sizeof(line), "\n");
		if (line[0])
			run(line);
		close(client);
	}
}

/* Says a line and waits until the other end has closed. */
static int say(char **args)
{
	char bytes[512];
	int fd = connect_to(args[0]);

	check((int)write(fd, args[1], strlen(args[1])), "write");
	check((int)write(fd, "\n", 1), "write");
	shutdown(fd, SHUT_WR);
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	return 0;
}

/* Connects and stays until its standard input ends. */
static int linger(char **args)
{
	char byte;

	connect_to(args[0]);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}

/* A daemon as of old: forks twice, a session of its own, then the command. */
static int daemonise(char **args)
{
	pid_t middle;

	if (check(fork(), "fork") > 0)
		return 0;
	setsid();
	middle = getpid();
	if (check(fork(), "fork") > 0)
		_exit(0);
	while (getppid() == middle)
		usleep(1000);
	run(args[0]);
	return 0;
}

/* Adopts what its descendants leave behind: the launcher it starts forks the command and goes. */
static int reaper(char **args)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (check(fork(), "fork") == 0) {
		execl("/proc/self/exe", "actors", "launch", args[0], NULL);
		die("actors");
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

static int launch(char **args)
{
	pid_t self = getpid();

	if (check(fork(), "fork") > 0)
		return 0;
	while (getppid() == self)
		usleep(1000);
	run(args[0]);
	return 0;
}

/* Runs a command in a process with a chosen, free pid. */
static int with_pid(char **args)
{
	pid_t pid = atoi(args[0]);
	struct clone_args how = {
		.exit_signal = SIGCHLD,
		.set_tid = (unsigned long)&pid,
		.set_tid_size = 1,
	};
	long child = syscall(SYS_clone3, &how, sizeof(how));

	check((int)child, "clone3");
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", args[1], NULL);
		die("/bin/sh");
	}
	waitpid((pid_t)child, NULL, 0);
	return 0;
}

static char told[4096];

/* Prints where it can be told what to do, and waits for it. */
static int victim(char **args)
{
	struct pollfd wait = { .fd = 0, .events = POLLIN };
	volatile char *first = told;

	(void)args;
	printf("%p\n", (void *)told);
	fflush(stdout);
	while (!*first) {
		if (poll(&wait, 1, 5) > 0)
			return 0;
	}
	run(told);
	return 0;
}

/* Writes a command into another process. */
static int inject(char **args)
{
	pid_t pid = atoi(args[0]);
	unsigned long address = strtoul(args[1], NULL, 16);
	size_t length = strlen(args[2]) + 1;

	check((int)ptrace(PTRACE_ATTACH, pid, NULL, NULL), "attach");
	check(waitpid(pid, NULL, 0), "wait");
	for (size_t at = (length - 1) / sizeof(long) * sizeof(long) + sizeof(long); at > 0; at -= sizeof(long)) {
		long word = 0;
		size_t from = at - sizeof(long);

		memcpy(&word, args[2] + from, length - from < sizeof(long) ? length - from : sizeof(long));
		check((int)ptrace(PTRACE_POKEDATA, pid, (void *)(address + from), (void *)word), "poke");
	}
	check((int)ptrace(PTRACE_DETACH, pid, NULL, NULL), "detach");
	return 0;
}

/* Accepts a client and hands its connection to a worker. */
static int passer(char **args)
{
	int client = next_client(listen_on(args[0]));
	int worker = connect_to(args[1]);
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &client, sizeof(int));
	check((int)sendmsg(worker, &message, 0), "sendmsg");
	close(client);
	while (read(worker, &byte, 1) > 0)
		;
	return 0;
}

/* Does what stands in the file whose descriptor it is handed: reads a command from it and runs it. */
static int worker(char **args)
{
	static char line[4096];
	int from = next_client(listen_on(args[0]));
	char byte, control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	check((int)recvmsg(from, &message, MSG_CMSG_CLOEXEC), "recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	read_request(fd, line, sizeof(line), "\n");
	run(line);
	close(fd);
	return 0;
}

/* Runs a program that it fetches, from memory. */
static int fileless(char **args)
{
	static char bytes[65536];
	int from = connect_to(args[0]);
	int memory = check(memfd_create("k", MFD_CLOEXEC), "memfd_create");
	char *const command[] = { "k", "-s", args[2], NULL };
	ssize_t got;
	char *body;

	dprintf(from, "GET %s HTTP/1.0\r\n\r\n", args[1]);
	got = read(from, bytes, sizeof(bytes));
	while (got > 0 && !(body = memmem(bytes, (size_t)got, "\r\n\r\n", 4)))
		got += read(from, bytes + got, sizeof(bytes) - (size_t)got);
	check((int)got, "read");
	body += 4;
	check((int)write(memory, body, (size_t)(bytes + got - body)), "write");
	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		check((int)write(memory, bytes, (size_t)got), "write");
	fexecve(memory, command, environ);
	die("fexecve");
	return 1;
}

static const struct role {
	const char *name;
	int (*run)(char **args);
	int arguments;
} roles[] = {
	{ "web", web, 1 },
	{ "manager", manager, 1 },
	{ "say", say, 2 },
	{ "linger", linger, 1 },
	{ "daemon", daemonise, 1 },
	{ "reaper", reaper, 1 },
	{ "launch", launch, 1 },
	{ "with-pid", with_pid, 2 },
	{ "victim", victim, 0 },
	{ "inject", inject, 3 },
	{ "passer", passer, 2 },
	{ "worker", worker, 1 },
	{ "fileless", fileless, 3 },
};

int main(int count, char **args)
{
	for (size_t at = 0; count > 1 && at < sizeof(roles) / sizeof(roles[0]); at++) {
		if (!strcmp(args[1], roles[at].name) && count == 2 + roles[at].arguments)
			return roles[at].run(args + 2);
	}
	fprintf(stderr, "actors: no such role, or not so many arguments\n");
	return 2;
}
