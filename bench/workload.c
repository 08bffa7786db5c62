// SPDX-License-Identifier: MIT
/*
 * What is measured. Compiled by the benchmark into a temporary folder, runs there as
 *
 *     workload <core, -1 = any> <folder>
 *
 * and answers lines "<operation> <count>" with "<wall ns> <cpu ns> <operations done>". CPU time is user + system of
 * this process and of children it has waited for (getrusage). The first answer, "0 0 0", says that it is ready.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES 2000
#define MAX_CORES 64

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long usage_ns(int who)
{
	struct rusage r;

	getrusage(who, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000000LL + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000LL;
}

static void pin(int core)
{
	cpu_set_t set;

	if (core < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
}

static long getppid_calls(long n)
{
	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
	return n;
}

static void open_close(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	close(fd);
}

static long open_one(long n)
{
	for (long i = 0; i < n; i++)
		open_close("files/one");
	return n;
}

static char file_names[FILES][24];
static int one;

static void make_files(void)
{
	if (mkdir("files", 0755) && errno != EEXIST)
		fail("mkdir files");
	one = open("files/one", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	if (one < 0 || write(one, "1", 1) != 1)
		fail("files/one");
	for (int i = 0; i < FILES; i++) {
		snprintf(file_names[i], sizeof(file_names[i]), "files/f%d", i);
		close(open(file_names[i], O_CREAT | O_RDONLY, 0644));
	}
}

static long open_many(long n)
{
	for (long i = 0; i < n; i++)
		open_close(file_names[i % FILES]);
	return n;
}

static long read_byte(long n)
{
	char byte;

	for (long i = 0; i < n; i++)
		if (pread(one, &byte, 1, 0) != 1)
			fail("pread");
	return n;
}

/* fork, execve of a dynamically linked program with arguments, exit, wait. */
static long spawn(char *const argv[], long n)
{
	for (long i = 0; i < n; i++) {
		int status;
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (!pid) {
			execv(argv[0], argv);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			fail("waitpid");
	}
	return n;
}

static long fork_exec(long n)
{
	static char *const argv[] = {"/bin/true", "first", "--second=value", NULL};

	return spawn(argv, n);
}

/* A command of the benchmark's: the script `job` of the folder. */
static long job(long n)
{
	static char *const argv[] = {"./job", NULL};

	return spawn(argv, n);
}

/* One thread is both ends: a listener on loopback, and connections to it. */
static int listen_at(struct sockaddr_in *at)
{
	socklen_t length = sizeof(*at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	*at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(listener, (void *)at, sizeof(*at)) || listen(listener, 16) ||
		getsockname(listener, (void *)at, &length))
		fail("listen");
	return listener;
}

static void connect_to(int listener, const struct sockaddr_in *at, int ends[2])
{
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(ends[0], (const void *)at, sizeof(*at)))
		fail("connect");
	ends[1] = accept4(listener, NULL, NULL, 0);
}

/* The client resets, or 28,000 connections would fill the port range with TIME_WAIT. */
static long connect_accept(long n)
{
	struct linger reset = {1, 0};
	struct sockaddr_in at;
	int listener = listen_at(&at), ends[2];

	for (long i = 0; i < n; i++) {
		connect_to(listener, &at, ends);
		setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(ends[0]);
		close(ends[1]);
	}
	close(listener);
	return n;
}

/* One byte through a connection: what servers do all day. */
static long exchange(long n)
{
	struct sockaddr_in at;
	int listener = listen_at(&at), ends[2];
	char byte = 0;

	connect_to(listener, &at, ends);
	for (long i = 0; i < n; i++)
		if (write(ends[0], &byte, 1) != 1 || read(ends[1], &byte, 1) != 1)
			fail("exchange");
	close(ends[0]);
	close(ends[1]);
	close(listener);
	return n;
}

/* Opens on every core at once for so many ms. */
static long flood(long ms)
{
	int cores = (int)sysconf(_SC_NPROCESSORS_ONLN), report[2];
	long total = 0, part;

	if (cores > MAX_CORES)
		cores = MAX_CORES;
	if (pipe(report))
		fail("pipe");
	for (int core = 0; core < cores; core++) {
		if (fork())
			continue;
		pin(core);
		long done = 0;
		for (long long end = now_ns() + ms * 1000000LL; now_ns() < end; done += 100)
			for (int i = 0; i < 100; i++)
				open_close(file_names[core]); /* not the same one: its counts would bounce */
		if (write(report[1], &done, sizeof(done)) != sizeof(done))
			fail("write");
		_exit(0);
	}
	close(report[1]);
	while (read(report[0], &part, sizeof(part)) == sizeof(part))
		total += part;
	close(report[0]);
	while (wait(NULL) > 0)
		;
	return total;
}

/* So many opens a second, evenly in steps of a millisecond, for five seconds. */
static long paced(long rate)
{
	const long steps = 5000;
	long long begin = now_ns();

	for (long step = 0; step < steps; step++) {
		long long due = begin + (step + 1) * 1000000LL;
		struct timespec at = {due / 1000000000LL, due % 1000000000LL};

		open_many(rate / 1000);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
	return rate / 1000 * steps;
}

/* So many processes that sleep until this one ends. */
static long sleepers(long n)
{
	int ready[2];
	char byte;

	if (pipe(ready))
		fail("pipe");
	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	for (long i = 0; i < n; i++)
		if (read(ready[0], &byte, 1) != 1)
			fail("sleepers");
	close(ready[0]);
	return n;
}

static char text[64 << 10];

static void read_file(const char *pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

static void read_link(const char *pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	if (readlink(path, text, sizeof(text)) < 0)
		return;
}

static void read_usage(const char *pid)
{
	read_file(pid, "stat"); /* CPU time, threads, state, memory */
	read_file(pid, "io");
}

/* The fields of spy_image. */
static void read_image(const char *pid)
{
	static const char *const files[] = {"stat", "status", "cmdline", "cgroup", "loginuid", "sessionid"};
	static const char *const links[] = {
		"exe", "cwd", "fd/0", "fd/1", "fd/2", "ns/mnt", "ns/pid", "ns/net", "ns/user",
	};
	struct stat st;
	char path[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		read_file(pid, files[i]);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		read_link(pid, links[i]);
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	if (stat(path, &st))
		return;
}

/* Sockets, pipes and written files: what each descriptor is. */
static void read_descriptors(const char *pid)
{
	char path[64], name[32];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	folder = opendir(path);
	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		snprintf(name, sizeof(name), "fd/%.20s", entry->d_name);
		read_link(pid, name);
		snprintf(name, sizeof(name), "fdinfo/%.20s", entry->d_name);
		read_file(pid, name);
	}
	closedir(folder);
}

static long each_process(long n, void (*first)(const char *), void (*second)(const char *))
{
	for (long i = 0; i < n; i++) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while ((entry = readdir(proc))) {
			if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
				continue;
			first(entry->d_name);
			if (second)
				second(entry->d_name);
		}
		closedir(proc);
	}
	return n;
}

static long proc_usage(long n)
{
	return each_process(n, read_usage, NULL);
}

static long proc_snapshot(long n)
{
	for (long i = 0; i < n; i++) {
		each_process(1, read_image, read_descriptors);
		read_file("self", "net/tcp");
		read_file("self", "net/tcp6");
		read_file("self", "net/udp");
		read_file("self", "net/udp6");
		read_file("self", "net/unix");
	}
	return n;
}

static const struct operation {
	const char *name;
	long (*run)(long count);
} operations[] = {
	{"getppid", getppid_calls},
	{"open", open_one},
	{"files", open_many},
	{"read", read_byte},
	{"exec", fork_exec},
	{"job", job},
	{"connect", connect_accept},
	{"exchange", exchange},
	{"flood", flood},
	{"paced", paced},
	{"sleepers", sleepers},
	{"proc-usage", proc_usage},
	{"proc-snapshot", proc_snapshot},
};

static void answer(const char *name, long count)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		long long wall, cpu;
		long done;

		if (strcmp(operations[i].name, name))
			continue;
		cpu = usage_ns(RUSAGE_SELF) + usage_ns(RUSAGE_CHILDREN);
		wall = now_ns();
		done = operations[i].run(count);
		wall = now_ns() - wall;
		cpu = usage_ns(RUSAGE_SELF) + usage_ns(RUSAGE_CHILDREN) - cpu;
		printf("%lld %lld %ld\n", wall, cpu, done);
		return;
	}
	fprintf(stderr, "workload: no operation %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	char name[32];
	long count;

	if (argc != 3) {
		fprintf(stderr, "workload <core> <folder>\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(atoi(argv[1]));
	if (chdir(argv[2]))
		fail(argv[2]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_files();
	printf("0 0 0\n");
	while (scanf("%31s %ld", name, &count) == 2)
		answer(name, count);
	return 0;
}
