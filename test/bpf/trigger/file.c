/* SPDX-License-Identifier: MIT */
/* open in all its forms, on files below a folder given as first argument; chmod. */
#include <linux/openat2.h>
#include <sys/mman.h>

#include "trigger.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* One line for an open descriptor: form is a number the test knows. The descriptor stays open, so numbers differ. */
static void opened(int form, int fd)
{
	struct stat st;

	MUST(fd);
	MUST(fstat(fd, &st));
	facts("form", form, "fd", (long long)fd, "ino", (long long)st.st_ino, "dev", kernel_dev(st.st_dev), "mode",
	      (long long)st.st_mode, NULL);
}

/* The folder holds: plain (5 bytes), sub/, link -> sub */
static void open_forms(int argc, char **argv)
{
	struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
	char handle_space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	struct file_handle *handle = (void *)handle_space;
	int dir, mount;

	(void)argc;
	MUST(chdir(argv[0]));
#ifdef SYS_open
	opened(1, syscall(SYS_open, "plain", O_RDONLY));
	opened(2, syscall(SYS_creat, "created", 0600));
#endif
	opened(3, syscall(SYS_openat, AT_FDCWD, "plain", O_WRONLY | O_APPEND));
	dir = MUST(open("sub", O_RDONLY | O_DIRECTORY));
	opened(4, syscall(SYS_openat, dir, "below", O_RDWR | O_CREAT | O_EXCL, 0640));
	opened(5, syscall(SYS_openat2, dir, "below", &how, sizeof(how)));
	handle->handle_bytes = MAX_HANDLE_SZ;
	MUST(name_to_handle_at(AT_FDCWD, "plain", handle, &mount, 0));
	opened(6, open_by_handle_at(dir, handle, O_RDONLY));
	opened(7, open("link/../sub/./below", O_RDONLY));
	opened(8, open("link/below", O_RDWR | O_CREAT, 0600));
	opened(9, open("plain", O_WRONLY | O_TRUNC));
	opened(10, open("sub", O_RDONLY | O_DIRECTORY));
	opened(11, open("sub", O_TMPFILE | O_RDWR, 0600));
	how.flags = O_WRONLY | O_TRUNC;
	opened(12, syscall(SYS_openat2, dir, "below", &how, sizeof(how)));
}

/* The same file after its name is gone, and one that never had any, through /proc. */
static void open_nameless(int argc, char **argv)
{
	int fd = MUST(open(argv[0], O_CREAT | O_RDWR, 0600));
	char path[64];

	(void)argc;
	MUST(unlink(argv[0]));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	opened(1, open(path, O_RDONLY));
	fd = MUST(memfd_create("anonymous", 0));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	opened(2, open(path, O_RDWR));
}

static void open_failures(int argc, char **argv)
{
	(void)argc;
	MUST(chdir(argv[0]));
	facts("missing", open("missing", O_RDONLY), "exists", (long long)open("plain", O_CREAT | O_EXCL | O_WRONLY, 0600),
	      "directory", (long long)open("sub", O_WRONLY), NULL);
}

/* argv: folder, depth, name: folders below one another, then a file in the last */
static void open_deep(int argc, char **argv)
{
	(void)argc;
	MUST(chdir(argv[0]));
	for (int i = atoi(argv[1]); i > 0; i--) {
		MUST(mkdir(argv[2], 0700));
		MUST(chdir(argv[2]));
	}
	opened(1, open("bottom", O_CREAT | O_WRONLY, 0600));
}

/* argv: name of a file to create and close, as it is */
static void open_one(int argc, char **argv)
{
	(void)argc;
	opened(1, open(argv[0], O_CREAT | O_WRONLY, 0600));
}

/* argv: file, how often to open and close it */
static void open_flood(int argc, char **argv)
{
	long n = atol(argv[1]);

	(void)argc;
	for (long i = 0; i < n; i++)
		close(MUST(open(argv[0], O_RDONLY)));
	facts("opened", n, NULL);
}

static void change_mode(int argc, char **argv)
{
	int dir = MUST(open(argv[0], O_PATH | O_DIRECTORY)), fd;
	struct stat st;

	(void)argc;
	MUST(chdir(argv[0]));
	fd = MUST(open("plain", O_RDONLY));
#ifdef SYS_chmod
	MUST(syscall(SYS_chmod, "plain", 0701));
#endif
	MUST(syscall(SYS_fchmod, fd, 0702));
	MUST(syscall(SYS_fchmodat, dir, "plain", 0703));
	facts("fchmodat2", syscall(SYS_fchmodat2, dir, "plain", 0704, AT_SYMLINK_NOFOLLOW), NULL);
	facts("failed", syscall(SYS_fchmodat, dir, "missing", 0705), NULL);
	MUST(fstat(fd, &st));
	facts("fd", fd, "ino", (long long)st.st_ino, "dev", kernel_dev(st.st_dev), NULL);
}

const struct scenario file_scenarios[] = {
	{"open-forms", open_forms}, {"open-nameless", open_nameless}, {"open-failures", open_failures},
	{"open-deep", open_deep},   {"open-one", open_one},	      {"open-flood", open_flood},
	{"chmod", change_mode},	    {},
};
