/* SPDX-License-Identifier: MIT */
/* fork in all its forms, and exit. */
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "trigger.h"

static pid_t clone3(__u64 flags)
{
	struct clone_args args = {.flags = flags, .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD};

	return MUST(syscall(SYS_clone3, &args, sizeof(args)));
}

static void child_of(const char *how)
{
	pid_t child, parent = getpid();

	if (!strcmp(how, "vfork")) {
		child = vfork();
		if (!child)
			_exit(3);
	} else {
		child = !strcmp(how, "clone3") ? clone3(0) : (pid_t)MUST(fork());
		if (!child) {
			facts("parent", parent, "child", (long long)getpid(), "childStart", start_ticks(getpid()), NULL);
			_exit(3);
		}
	}
	if (!strcmp(how, "vfork"))
		facts("parent", parent, "child", (long long)child, "childStart", start_ticks(child), NULL);
	reap(child);
}

static void fork_one(int argc, char **argv)
{
	(void)argc;
	child_of(argv[0]);
}

/* The middle process forks a sibling of itself: the kernel makes our caller the new one's parent. */
static void clone_parent(int argc, char **argv)
{
	pid_t middle = MUST(fork());

	(void)argc, (void)argv;
	if (!middle) {
		pid_t sibling = clone3(CLONE_PARENT);

		if (!sibling) {
			facts("child", getpid(), "parentInProc", (long long)getppid(), NULL);
			_exit(0);
		}
		facts("forker", getpid(), NULL);
		_exit(0);
	}
	while (wait4(-1, NULL, __WALL, NULL) > 0)
		;
}

/* Daemonise: the grandchild loses its parent and its session. */
static void double_fork(int argc, char **argv)
{
	pid_t middle = MUST(fork());

	(void)argc, (void)argv;
	if (middle) {
		reap(middle);
		hold();
		return;
	}
	MUST(setsid());
	if (MUST(fork()))
		_exit(0);
	while (getppid() == middle || getppid() == getsid(0))
		sched_yield();
	facts("daemon", getpid(), "session", (long long)getsid(0), "parentInProc", (long long)getppid(), NULL);
	hold();
}

/* An orphan goes to its subreaper, which did not fork it. */
static void subreaper(int argc, char **argv)
{
	pid_t middle;

	(void)argc, (void)argv;
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	middle = MUST(fork());
	if (middle) {
		reap(middle);
		while (wait(NULL) > 0)
			;
		return;
	}
	pid_t self = getpid();
	if (MUST(fork()))
		_exit(0);
	while (getppid() == self)
		sched_yield();
	facts("orphan", getpid(), "forker", (long long)self, "adopter", (long long)getppid(), NULL);
}

static void pid_namespace(int argc, char **argv)
{
	struct stat ns;
	pid_t child;

	(void)argc, (void)argv;
	child = clone3(CLONE_NEWPID);
	if (!child) {
		hold();
		_exit(0);
	}
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", child);
	MUST(stat(path, &ns));
	facts("child", child, "pidns", (long long)ns.st_ino, NULL);
	reap(child);
}

static void *spin_ms(void *ms)
{
	struct timespec t;

	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < (long)ms);
	return NULL;
}

static void threads(int argc, char **argv)
{
	pthread_t thread;

	(void)argc, (void)argv;
	for (int i = 0; i < 3; i++) {
		MUST(-pthread_create(&thread, NULL, spin_ms, (void *)1));
		pthread_join(thread, NULL);
	}
}

static void end_with(int argc, char **argv)
{
	(void)argc;
	if (!strcmp(argv[0], "status"))
		_exit(atoi(argv[1]));
	raise(atoi(argv[1]));
}

/* The leader is a zombie while the other thread works on; the end comes with that thread. */
static void *outlive_leader(void *how)
{
	char path[64], text[256] = "";
	struct timespec now;

	snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
	while (!strstr(text, ") Z ")) {
		int fd = open(path, O_RDONLY);

		text[MUST(read(fd, text, sizeof(text) - 1))] = 0;
		close(fd);
	}
	spin_ms((void *)30);
	clock_gettime(CLOCK_BOOTTIME, &now);
	facts("thread", gettid(), "endMs", now.tv_sec * 1000LL + now.tv_nsec / 1000000, NULL);
	syscall(!strcmp(how, "group") ? SYS_exit_group : SYS_exit, 7);
	return NULL;
}

static void leader_first(int argc, char **argv)
{
	pthread_t thread;

	(void)argc;
	spin_ms((void *)30);
	MUST(-pthread_create(&thread, NULL, outlive_leader, argv[0]));
	syscall(SYS_exit, 5);
}

/* A child of many threads that end together; its usage as wait4 reports it. */
static void crowd(int argc, char **argv)
{
	pid_t child = MUST(fork());
	struct rusage usage;
	pthread_t thread;
	int status;

	(void)argc;
	if (!child) {
		volatile char *memory = malloc(64 << 20);

		memset((void *)memory, 1, 64 << 20);
		for (int i = 0; i < atoi(argv[0]); i++)
			MUST(-pthread_create(&thread, NULL, spin_ms, (void *)3600000));
		spin_ms((void *)40);
		_exit(0);
	}
	MUST(wait4(child, &status, 0, &usage));
	facts("child", child, "status", (long long)status, "maxRssKb", (long long)usage.ru_maxrss, "cpuUs",
	      (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
	      NULL);
}

static void *end_alone(void *gate)
{
	pthread_barrier_wait(gate);
	syscall(SYS_exit, 0);
	return NULL;
}

/* Processes one after the other whose threads all end in the same moment. argv[0]: how many */
static void crowds(int argc, char **argv)
{
	(void)argc;
	for (int i = 0; i < atoi(argv[0]); i++) {
		pid_t child = MUST(fork());
		pthread_barrier_t gate;
		pthread_t thread;

		if (child) {
			reap(child);
			continue;
		}
		pthread_barrier_init(&gate, NULL, 8);
		for (int n = 0; n < 7; n++)
			MUST(-pthread_create(&thread, NULL, end_alone, &gate));
		end_alone(&gate);
	}
}

static void wait_here(int argc, char **argv)
{
	(void)argc, (void)argv;
	hold();
}

static void burn(int argc, char **argv)
{
	(void)argc;
	spin_ms((void *)atol(argv[0]));
	hold();
}

const struct scenario process_scenarios[] = {
	{"fork", fork_one},	  {"clone-parent", clone_parent}, {"double-fork", double_fork}, {"subreaper", subreaper},
	{"pidns", pid_namespace}, {"threads", threads},		  {"end", end_with},		{"leader-first", leader_first},
	{"crowd", crowd},	  {"crowds", crowds},		  {"hold", wait_here},		{"burn", burn},
	{},
};
