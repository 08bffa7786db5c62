/* SPDX-License-Identifier: MIT */
/* Reads, writes, names, identities, and reaching into others. */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "net.h"

static void identity_of(const char *name, int fd)
{
	struct stat st;

	MUST(fstat(fd, &st));
	facts(name, st.st_ino, "dev", kernel_dev(st.st_dev), NULL);
}

/* argv: folder with a file "plain" of 5 bytes */
static void use(int argc, char **argv)
{
	char bytes[3];
	int from, to, copy;

	(void)argc;
	MUST(chdir(argv[0]));
	from = MUST(open("plain", O_RDONLY));
	to = MUST(open("target", O_CREAT | O_RDWR, 0600));
	copy = MUST(open("copy", O_CREAT | O_RDWR, 0600));
	MUST(read(from, bytes, 3));
	MUST(read(from, bytes, 1));
	MUST(pwrite(to, bytes, 2, 0));
	MUST(write(to, bytes, 1));
	MUST(pread(to, bytes, 1, 0));
	MUST(sendfile(copy, to, &(off_t){0}, 2));
	identity_of("from", from);
	identity_of("to", to);
	identity_of("copy", copy);
}

static void rename_and_friends(int argc, char **argv)
{
	int dir;

	(void)argc;
	MUST(chdir(argv[0]));
	dir = MUST(open("sub", O_RDONLY | O_DIRECTORY));
	MUST(rename("plain", "renamed"));
	MUST(renameat(AT_FDCWD, "renamed", dir, "moved"));
	MUST(linkat(dir, "moved", AT_FDCWD, "hard", 0));
	MUST(symlinkat("nowhere", dir, "soft"));
	MUST(truncate("hard", 3));
	MUST(chown("hard", 7, 8));
	MUST(unlinkat(dir, "soft", 0));
	MUST(unlink("hard"));
	facts("failed", unlink("missing"), NULL);
}

/* Names as long as they may be, from a folder as deep: the record must not outgrow its space. argv: folder */
static void rename_long(int argc, char **argv)
{
	static char name[256], long_name[4096];
	int n = 0;

	(void)argc;
	MUST(chdir(argv[0]));
	memset(name, 'n', 255);
	for (int i = 0; i < 20; i++) {
		/* 15 names of 3839 bytes, which leaves room for one more: the longest path a record may hold */
		MUST(mkdir(name + (i == 19), 0700));
		MUST(chdir(name + (i == 19)));
	}
	/* ./././ ... */
	while (n < 4090)
		n += sprintf(long_name + n, "./");
	strcpy(long_name + n, "one");
	close(MUST(open(long_name, O_CREAT | O_WRONLY, 0600)));
	char *other = strdup(long_name);
	strcpy(other + n, "two");
	MUST(rename(long_name, other));
}

/* In a child without an exec of its own: argv[0] = the user it becomes */
static void become(int argc, char **argv)
{
	int uid = atoi(argv[0]);
	pid_t child = MUST(fork());

	(void)argc;
	if (!child) {
		MUST(setresgid(uid, uid, uid));
		MUST(setresuid(uid, uid, uid));
		/* No change: no report. */
		MUST(setresuid(uid, uid, uid));
		pid_t grandchild = MUST(fork());
		if (!grandchild) {
			MUST(setresgid(uid, uid, uid));
			_exit(0);
		}
		facts("grandchild", grandchild, NULL);
		reap(grandchild);
		_exit(0);
	}
	facts("child", child, NULL);
	reap(child);
}

static void inject(int argc, char **argv)
{
	static long word = 1;
	struct iovec local = {&(long){2}, sizeof(word)}, remote = {&word, sizeof(word)};
	pid_t victim = MUST(fork());
	int pidfd;

	(void)argc, (void)argv;
	if (!victim) {
		pause();
		_exit(0);
	}
	MUST(process_vm_writev(victim, &local, 1, &remote, 1, 0));
	MUST(ptrace(PTRACE_ATTACH, victim, NULL, NULL));
	MUST(waitpid(victim, NULL, 0));
	MUST(ptrace(PTRACE_POKEDATA, victim, &word, (void *)3));
	MUST(ptrace(PTRACE_PEEKDATA, victim, &word, NULL));
	MUST(ptrace(PTRACE_DETACH, victim, NULL, NULL));
	pidfd = MUST(syscall(SYS_pidfd_open, victim, 0));
	MUST(syscall(SYS_pidfd_getfd, pidfd, 0, 0));
	kill(victim, SIGKILL);
	reap(victim);
	facts("victim", victim, NULL);
}

static void memory(int argc, char **argv)
{
	char *page;

	(void)argc, (void)argv;
	MUST(memfd_create("secret", MFD_CLOEXEC));
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	page = (char *)MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	MUST(mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static void namespaces(int argc, char **argv)
{
	int old;

	(void)argc, (void)argv;
	old = MUST(open("/proc/self/ns/uts", O_RDONLY));
	MUST(unshare(CLONE_NEWUTS));
	MUST(setns(old, CLONE_NEWUTS));
}

/* In a mount namespace of its own. argv: folder */
static void mount_folder(int argc, char **argv)
{
	(void)argc;
	MUST(unshare(CLONE_NEWNS));
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(mount("spydertop", argv[0], "tmpfs", 0, NULL));
}

/* There is no such module: attempts are news, too. */
static void remove_module(int argc, char **argv)
{
	(void)argc, (void)argv;
	facts("ret", syscall(SYS_delete_module, "spydertop_none", O_NONBLOCK) ? -errno : 0, NULL);
}

static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
	(void)signal;
	caught++;
}

/* To itself often, as a runtime that preempts its threads does; to its parent once. */
static void signals(int argc, char **argv)
{
	pid_t child;

	(void)argc, (void)argv;
	signal(SIGURG, on_signal);
	signal(SIGUSR1, on_signal);
	for (int i = 0; i < 500; i++)
		raise(SIGURG);
	child = MUST(fork());
	if (!child) {
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	facts("child", child, "caught", (long long)caught, NULL);
	reap(child);
}

/* Sends an open descriptor over a unix pair to a child. argv: file */
static void pass_fd(int argc, char **argv)
{
	int ends[2], file = MUST(open(argv[0], O_CREAT | O_RDWR, 0600)), got;
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec data = {"x", 1}, into = {&(char){0}, 1};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	pid_t child;

	(void)argc;
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	identity_of("file", file);
	facts("sender", inode_of(ends[0]), "receiver", inode_of(ends[1]), NULL);
	child = MUST(fork());
	if (!child) {
		close(file);
		m.msg_iov = &into;
		MUST(recvmsg(ends[1], &m, 0));
		memcpy(&got, CMSG_DATA(&control.head), sizeof(got));
		facts("child", getpid(), "got", (long long)got, NULL);
		_exit(0);
	}
	memcpy(CMSG_DATA(&control.head), &file, sizeof(file));
	MUST(sendmsg(ends[0], &m, 0));
	reap(child);
}

/* A question and an answer on port 53, in a network of its own. */
static void dns(int argc, char **argv)
{
	union address at = loopback(AF_INET, 53), from;
	socklen_t length = sizeof(from);
	char answer[32] = "answer from the name server";
	int server, client;

	(void)argc, (void)argv;
	own_network();
	server = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	MUST(bind(server, &at.any, sizeof(at)));
	client = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	MUST(connect(client, &at.any, sizeof(at)));
	MUST(send(client, "question to the name server", 27, 0));
	MUST(recvfrom(server, &(char[64]){}, 64, 0, &from.any, &length));
	MUST(sendto(server, answer, 27, 0, &from.any, length));
	MUST(recv(client, &(char[64]){}, 64, 0));
	facts("ino", inode_of(client), NULL);
}

const struct scenario control_scenarios[] = {
	{"use", use},	    {"names", rename_and_friends}, {"rename-long", rename_long}, {"become", become}, {"inject", inject},
	{"memory", memory}, {"namespaces", namespaces},	   {"mount", mount_folder}, {"remove-module", remove_module}, {"signals", signals},	 {"pass-fd", pass_fd}, {"dns", dns},
	{},
};
