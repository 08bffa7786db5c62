/* SPDX-License-Identifier: MIT */
/* What someone does who would rather not be seen. */
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>

#include "trigger.h"

#if defined(__x86_64__)
/* A system call by the 32-bit gate: other numbers, other registers. */
static long int80(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* argv: a file to create, a symbolic link whose target is 3 bytes long */
static void gate32(int argc, char **argv)
{
	char *low = (char *)MUST(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
	struct stat st;
	long fd, read;

	(void)argc;
	strcpy(low, argv[0]);
	strcpy(low + 4096, argv[1]);
	fd = int80(5, (long)low, O_CREAT | O_RDWR, 0600);
	MUST(fstat(fd, &st));
	/* readlink: its number is that of creat for 64-bit tasks, its result looks like a descriptor */
	read = int80(85, (long)(low + 4096), (long)(low + 6000), 100);
	facts("fd", fd, "ino", (long long)st.st_ino, "read", (long long)read, NULL);
	facts("chmod", int80(15, (long)low, 0755, 0), NULL);
}
#endif

/* A child with a number that a dead child had. */
static void reuse_pid(int argc, char **argv)
{
	pid_t first = MUST(fork()), wanted = first, second;
	struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (unsigned long)&wanted, .set_tid_size = 1};
	long long first_start;

	(void)argc, (void)argv;
	if (!first) {
		pause();
		_exit(0);
	}
	first_start = start_ticks(first);
	kill(first, SIGKILL);
	reap(first);
	/* The second must differ in a start given in clock ticks. */
	while (second = MUST(syscall(SYS_clone3, &args, sizeof(args))), second && start_ticks(second) == first_start)
		reap(second);
	if (!second)
		_exit(0);
	facts("pid", second, "firstStart", first_start, "secondStart", start_ticks(second), NULL);
	reap(second);
}

/*
 * Numbers used again at once: a pid namespace with the fewest there may be. Since 6.14 the limit is the namespace's own,
 * before it would be the machine's. argv[0]: how many children, one after the other
 */
static void churn(int argc, char **argv)
{
	struct clone_args args = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD};
	pid_t init = MUST(syscall(SYS_clone3, &args, sizeof(args))), highest = 0;
	int limit;

	(void)argc;
	if (init) {
		facts("init", init, "status", (long long)reap(init), NULL);
		return;
	}
	limit = MUST(open("/proc/sys/kernel/pid_max", O_WRONLY));
	MUST(write(limit, "301", 3));
	for (int i = 0; i < atoi(argv[0]); i++) {
		pid_t child = MUST(fork());

		if (!child)
			_exit(0);
		reap(child);
		highest = child > highest ? child : highest;
	}
	facts("highest", highest, NULL);
	_exit(0);
}

/* Another name and other arguments, after the fact. */
static void disguise(int argc, char **argv)
{
	MUST(prctl(PR_SET_NAME, "kthreadd", 0, 0, 0));
	memset(argv[-1], 0, argv[argc - 1] + strlen(argv[argc - 1]) - argv[-1]);
	hold();
}

/* Names below one another until a path is as long as it may be; the caller ends up in the last. */
static void descend(const char *name, int depth)
{
	while (depth--) {
		MUST(mkdir(name, 0700));
		MUST(chdir(name));
	}
}

static void ascend(const char *name, int depth)
{
	while (depth--) {
		MUST(chdir(".."));
		MUST(rmdir(name));
	}
}

/* A program deep below, run from a folder as deep, with long arguments, in a cgroup as deep. argv: folder, name, cgroup */
static void exec_deep(int argc, char **argv)
{
	static char big[100000], name[300];
	char *args[] = {"deep", "hold", big, NULL};
	const int depth = 16;
	pid_t child;
	int program, from, to;
	struct stat st;

	(void)argc;
	memset(big, 'a', sizeof(big) - 1);
	MUST(chdir(argv[2]));
	descend(argv[1], depth);
	to = MUST(open("cgroup.procs", O_WRONLY));
	child = MUST(fork());
	if (child) {
		/* The cgroup can be removed once it is empty. */
		reap(child);
		ascend(argv[1], depth);
		return;
	}
	MUST(write(to, "0", 1));
	facts("deep", getpid(), NULL);
	from = MUST(open("/proc/self/exe", O_RDONLY));
	MUST(fstat(from, &st));
	MUST(chdir(argv[0]));
	descend(argv[1], 20);
	/* 15 names of 3839 bytes leave room for one more: the longest path a record may hold */
	descend(argv[1] + 1, 1);
	snprintf(name, sizeof(name), "../p%s", argv[1] + 2);
	program = MUST(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
	while (sendfile(program, from, NULL, st.st_size) > 0)
		;
	close(program);
	MUST(execv(name, args));
}

/* argv[0]: how many children, all alive at once */
static void bomb(int argc, char **argv)
{
	int n = atoi(argv[0]), gate[2];

	(void)argc;
	MUST(pipe(gate));
	for (int i = 0; i < n; i++) {
		if (MUST(fork()))
			continue;
		close(gate[1]);
		MUST(read(gate[0], &(char){0}, 1));
		_exit(0);
	}
	close(gate[1]);
	for (int i = 0; i < n; i++)
		MUST(wait(NULL));
	facts("forked", n, NULL);
}

const struct scenario evasion_scenarios[] = {
#if defined(__x86_64__)
	{"gate32", gate32},
#endif
	{"reuse-pid", reuse_pid},
	{"churn-pids", churn},
	{"disguise", disguise},
	{"exec-deep", exec_deep},
	{"bomb", bomb},
	{},
};
