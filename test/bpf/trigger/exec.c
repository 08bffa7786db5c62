/* SPDX-License-Identifier: MIT */
/* exec in the forms a shell cannot ask for. Each ends in the scenario "hold" of a fresh image. */
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/sysmacros.h>

#include "trigger.h"

extern char **environ;

static void copy_self(int to)
{
	int from = MUST(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	struct stat st;
	off_t at = 0;

	MUST(fstat(from, &st));
	while (at < st.st_size)
		MUST(sendfile(to, from, &at, st.st_size - at));
	close(from);
}

static void exec_memfd(int argc, char **argv)
{
	char *args[] = {"[kworker/0:1]", "hold", NULL};
	int fd = MUST(memfd_create("payload", MFD_CLOEXEC));

	(void)argc, (void)argv;
	copy_self(fd);
	MUST(fexecve(fd, args, environ));
}

/* argv[0]: where the program stands before its name is removed */
static void exec_deleted(int argc, char **argv)
{
	char *args[] = {"gone", "hold", NULL};
	int fd = MUST(open(argv[0], O_CREAT | O_WRONLY, 0755));

	(void)argc;
	copy_self(fd);
	close(fd);
	fd = MUST(open(argv[0], O_RDONLY | O_CLOEXEC));
	MUST(unlink(argv[0]));
	MUST(fexecve(fd, args, environ));
}

static void *exec_now(void *unused)
{
	char *args[] = {"from-thread", "hold", NULL};

	(void)unused;
	facts("thread", gettid(), "leader", (long long)getpid(), "startTicks", start_ticks(getpid()), NULL);
	MUST(execve("/proc/self/exe", args, environ));
	return NULL;
}

static void exec_thread(int argc, char **argv)
{
	pthread_t thread;

	(void)argc, (void)argv;
	MUST(-pthread_create(&thread, NULL, exec_now, NULL));
	for (;;)
		pause();
}

/* A session of its own on a terminal of its own. */
static void exec_tty(int argc, char **argv)
{
	char *args[] = {"on-terminal", "hold", NULL};
	int master, slave;
	struct stat st;

	(void)argc, (void)argv;
	MUST(setsid());
	master = MUST(posix_openpt(O_RDWR | O_NOCTTY));
	MUST(grantpt(master));
	MUST(unlockpt(master));
	slave = MUST(open(ptsname(master), O_RDWR | O_NOCTTY));
	MUST(ioctl(slave, TIOCSCTTY, 0));
	MUST(fstat(slave, &st));
	facts("major", major(st.st_rdev), "minor", (long long)minor(st.st_rdev), NULL);
	MUST(execve("/proc/self/exe", args, environ));
}

/* Closed stdin, a file on stderr: argv[0] names it. */
static void exec_stdio(int argc, char **argv)
{
	char *args[] = {"stdio", "hold", NULL};
	struct stat st;
	int fd;

	(void)argc;
	fd = MUST(open(argv[0], O_CREAT | O_WRONLY, 0644));
	MUST(dup2(fd, 2));
	close(fd);
	MUST(fstat(2, &st));
	facts("stderrIno", st.st_ino, NULL);
	close(0);
	MUST(execve("/proc/self/exe", args, environ));
}

/* An argument of argv[0] bytes. */
static void exec_long(int argc, char **argv)
{
	int n = atoi(argv[0]);
	char *big = calloc(1, n + 1);
	char *args[] = {"long", "hold", big, "tail", NULL};

	(void)argc;
	memset(big, 'a', n);
	MUST(execve("/proc/self/exe", args, environ));
}

/* Enters the cgroups named, then becomes a fresh image: argv = folders */
static void exec_cgroup(int argc, char **argv)
{
	char *args[] = {"grouped", "hold", NULL};
	char path[4096];

	for (int i = 0; i < argc; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/cgroup.procs", argv[i]);
		fd = MUST(open(path, O_WRONLY));
		MUST(write(fd, "0", 1));
		close(fd);
	}
	MUST(execve("/proc/self/exe", args, environ));
}

/* exec fails: nothing must be reported. */
static void exec_fails(int argc, char **argv)
{
	char *args[] = {"none", NULL};

	(void)argc;
	facts("failed", execve(argv[0], args, environ) < 0, NULL);
}

const struct scenario exec_scenarios[] = {
	{"exec-memfd", exec_memfd}, {"exec-deleted", exec_deleted}, {"exec-thread", exec_thread}, {"exec-tty", exec_tty},
	{"exec-stdio", exec_stdio}, {"exec-long", exec_long},	    {"exec-cgroup", exec_cgroup}, {"exec-fails", exec_fails},
	{},
};
