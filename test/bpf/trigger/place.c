/* SPDX-License-Identifier: MIT */
/* Files seen from other roots and mount namespaces. */
#include <sched.h>
#include <sys/mount.h>

#include "trigger.h"

static void opened(const char *path)
{
	int fd = MUST(open(path, O_CREAT | O_RDWR, 0600));
	struct stat st;

	MUST(fstat(fd, &st));
	facts("fd", fd, "ino", (long long)st.st_ino, "dev", kernel_dev(st.st_dev), NULL);
}

static void own_mounts(void)
{
	MUST(unshare(CLONE_NEWNS));
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static void in_chroot(int argc, char **argv)
{
	(void)argc;
	MUST(chroot(argv[0]));
	MUST(chdir("/"));
	opened("/inside");
}

/* A file system only this process sees, on the folder given. */
static void private_mount(int argc, char **argv)
{
	(void)argc;
	own_mounts();
	MUST(mount("tmpfs", argv[0], "tmpfs", 0, NULL));
	MUST(chdir(argv[0]));
	opened("hidden");
}

/* The first folder is seen at the second. */
static void bind_mount(int argc, char **argv)
{
	(void)argc;
	own_mounts();
	MUST(mount(argv[0], argv[1], NULL, MS_BIND, NULL));
	MUST(chdir(argv[1]));
	opened("bound");
}

/* A root of its own, as a container has. */
static void own_root(int argc, char **argv)
{
	(void)argc;
	own_mounts();
	MUST(mount("tmpfs", argv[0], "tmpfs", 0, NULL));
	MUST(chdir(argv[0]));
	MUST(mkdir("old", 0700));
	MUST(mkdir("etc", 0700));
	MUST(syscall(SYS_pivot_root, ".", "old"));
	MUST(chdir("/etc"));
	opened("passwd");
}

const struct scenario place_scenarios[] = {
	{"chroot", in_chroot}, {"private-mount", private_mount}, {"bind-mount", bind_mount}, {"own-root", own_root}, {},
};
