/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a task is: identity, descriptors, credentials, namespaces, cgroup. */
#ifndef SPY_TASK_H
#define SPY_TASK_H

#include "strings.h"

static __always_inline struct file *fd_file_as(struct task_struct *t, int fd, const bool direct)
{
	struct fdtable *table = direct ? t->files->fdt : BPF_CORE_READ(t, files, fdt);
	struct file **slots;
	struct file *file = NULL;

	if (fd < 0 || (__u32)fd >= GET(table, max_fds))
		return NULL;
	slots = GET(table, fd);
	if (direct)
		return (struct file *)(__u64)WORDS(slots + fd)->tv_sec;
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file;
}

static __always_inline struct file *fd_file(struct task_struct *t, int fd)
{
	return fd_file_as(t, fd, false);
}

/* The same for the running task, and the header of its record: the paths every event takes. */
static __always_inline struct file *current_fd_file(int fd)
{
	if (CAN_CAST)
		return fd_file_as(cast_current(), fd, true);
	return fd_file_as((void *)bpf_get_current_task(), fd, false);
}

static __always_inline void fill_current_hdr(struct spy_hdr *h, __u16 kind, __u16 size, __u8 nstr)
{
	if (CAN_CAST)
		fill_hdr_as(h, cast_current(), kind, size, nstr, true);
	else
		fill_hdr_as(h, (void *)bpf_get_current_task(), kind, size, nstr, false);
}

/*
 * The inode that a file's content is known by: in an overlay that of the layer it is in, which is the same through every mount
 * and for who writes below it.
 */
static __always_inline struct inode *content_inode(struct file *file, const bool direct)
{
	struct inode *inode = GET(file, f_inode);
	__u64 magic = direct ? inode->i_sb->s_magic : BPF_CORE_READ(inode, i_sb, s_magic), layer;

	if (magic != OVERLAYFS_MAGIC || (GET(inode, i_mode) & S_IFMT) != S_IFREG)
		return inode;
	layer = layer_inode(direct ? WORD_OF(file, struct file, private_data) : (__u64)BPF_CORE_READ(file, private_data));
	if (!layer)
		return inode;
	return direct ? CAST(struct inode, (void *)layer) : (struct inode *)layer;
}

static __always_inline __u64 stdio_id(struct task_struct *t, int fd)
{
	struct file *file = fd_file(t, fd);
	struct inode *inode;

	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	return (__u64)(BPF_CORE_READ(inode, i_mode) & S_IFMT) << 48 |
	       (BPF_CORE_READ(inode, i_ino) & 0xffffffffffffULL);
}

static __always_inline __u32 ns_pid(struct task_struct *t, __u32 *ns)
{
	struct pid *pid = BPF_CORE_READ(t, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid upid = {};

	bpf_probe_read_kernel(&upid.nr, sizeof(upid.nr),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, nr));
	bpf_probe_read_kernel(&upid.ns, sizeof(upid.ns),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
	*ns = BPF_CORE_READ(upid.ns, ns.inum);
	return upid.nr;
}

static __always_inline long kernfs_name_bytes(struct kernfs_node *kn)
{
	char name[80];
	long n = bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(kn, name));

	return n > 0 ? n - 1 : 0;
}

#define CONTAINER_ID_BYTES 64

/*
 * The cgroup that names the task's container: that of the unified hierarchy, except on hosts with version 1
 * controllers, where older engines place containers (a leaf with a 64-digit id) only there, or where the unified
 * hierarchy stays at its root.
 */
static __always_inline struct kernfs_node *task_cgroup(struct task_struct *t)
{
	struct css_set *set = BPF_CORE_READ(t, cgroups);
	struct kernfs_node *kn = BPF_CORE_READ(set, dfl_cgrp, kn), *legacy;
	struct cgroup_subsys_state *css = NULL;
	long bytes;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		return kn;
	bpf_probe_read_kernel(&css, sizeof(css),
			      (void *)set + bpf_core_field_offset(struct css_set, subsys) +
				      bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id) * sizeof(css));
	if (!css)
		return kn;
	legacy = BPF_CORE_READ(css, cgroup, kn);
	if (legacy == kn)
		return kn;
	bytes = kernfs_name_bytes(legacy);
	if (bytes >= CONTAINER_ID_BYTES || (bytes && !kernfs_name_bytes(kn)))
		return legacy;
	return kn;
}

static __always_inline __u32 tty_number(struct task_struct *t)
{
	struct tty_struct *tty = BPF_CORE_READ(t, signal, tty);
	__u32 major, minor;

	if (!tty)
		return 0;
	major = BPF_CORE_READ(tty, driver, major);
	minor = BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index);
	/* new_encode_dev: as /proc/pid/stat prints it */
	return (minor & 0xff) | major << 8 | (minor & ~0xff) << 12;
}

static __always_inline __u64 effective_caps(const struct cred *cred)
{
	__u64 caps = 0;

	bpf_probe_read_kernel(&caps, sizeof(caps), (void *)cred + bpf_core_field_offset(struct cred, cap_effective));
	return caps;
}

/* Everything of an image but its header, argv, script and environment. */
static __always_inline void fill_image(struct scratch *s, struct task_struct *t)
{
	struct spy_image *r = (struct spy_image *)s->buf;
	const struct cred *cred = BPF_CORE_READ(t, cred);
	struct mm_struct *mm = BPF_CORE_READ(t, mm);
	struct file *exe = mm ? BPF_CORE_READ(mm, exe_file) : NULL;
	struct task_struct *parent = BPF_CORE_READ(t, real_parent);
	struct kernfs_node *kn = task_cgroup(t);
	struct nsproxy *ns = BPF_CORE_READ(t, nsproxy);
	struct pid *sid = BPF_CORE_READ(t, signal, pids[PIDTYPE_SID]);

	r->exe = r->cwd = r->argv = r->script = r->cgroup_path = r->comm = r->env = r->pad = 0;
	r->exe_ino = 0;
	r->exe_dev = r->exe_gen = 0;
	r->exe_uid = r->dir_uid = 0;
	r->image = mm ? 0 : SPY_IMAGE_KTHREAD;
	r->argv_len = 0;
	r->stdio[0] = stdio_id(t, 0);
	r->stdio[1] = stdio_id(t, 1);
	r->stdio[2] = stdio_id(t, 2);
	r->cgroup = BPF_CORE_READ(kn, id);
	r->caps = effective_caps(cred);
	r->parent_start = BPF_CORE_READ(parent, group_leader, start_boottime);
	r->parent_tgid = BPF_CORE_READ(parent, tgid);
	r->ns_pid = ns_pid(t, &r->pidns);
	r->uid = BPF_CORE_READ(cred, uid.val);
	r->euid = BPF_CORE_READ(cred, euid.val);
	r->gid = BPF_CORE_READ(cred, gid.val);
	r->egid = BPF_CORE_READ(cred, egid.val);
	r->userns = BPF_CORE_READ(cred, user_ns, ns.inum);
	r->login_uid = bpf_core_field_exists(t->loginuid) ? BPF_CORE_READ(t, loginuid.val) : ~0u;
	r->session_id = bpf_core_field_exists(t->sessionid) ? BPF_CORE_READ(t, sessionid) : ~0u;
	r->mntns = BPF_CORE_READ(ns, mnt_ns, ns.inum);
	r->netns = BPF_CORE_READ(ns, net_ns, ns.inum);
	r->tty = tty_number(t);
	r->sid = BPF_CORE_READ(sid, numbers[0].nr);

	if (exe) {
		struct inode *inode = BPF_CORE_READ(exe, f_inode);
		struct inode *dir = BPF_CORE_READ(exe, f_path.dentry, d_parent, d_inode);
		struct inode *content = content_inode(exe, false);

		r->exe_ino = BPF_CORE_READ(content, i_ino);
		r->exe_dev = BPF_CORE_READ(content, i_sb, s_dev);
		r->exe_gen = BPF_CORE_READ(content, i_generation);
		r->exe_uid = BPF_CORE_READ(inode, i_uid.val);
		r->dir_uid = BPF_CORE_READ(dir, i_uid.val);
		if ((BPF_CORE_READ(inode, i_mode) & S_IWOTH) ||
		    (BPF_CORE_READ(dir, i_mode) & (S_IWOTH | S_ISVTX)) == S_IWOTH)
			r->image |= SPY_IMAGE_SHARED;
		if (!BPF_CORE_READ(inode, i_nlink))
			r->image |= SPY_IMAGE_DELETED;
		if (BPF_CORE_READ(inode, i_sb, s_magic) == OVERLAYFS_MAGIC ||
		    leads_elsewhere((__u64)BPF_CORE_READ(exe, f_path.mnt)))
			r->image |= SPY_IMAGE_COVERED;
		r->exe = put_file_path(s, exe, 0);
		if ((r->exe & SPY_STR_FORM_MASK) == SPY_STR_ANON)
			r->image |= SPY_IMAGE_MEMFD;
		r->cwd = put_path(s, BPF_CORE_READ(t, fs, pwd.dentry), BPF_CORE_READ(t, fs, pwd.mnt), 1);
	}
}

/* Strings must be appended in slot order; argv and script come between cwd and these two, the environment after them. */
static __always_inline void finish_image(struct scratch *s, struct task_struct *t)
{
	struct spy_image *r = (struct spy_image *)s->buf;

	r->cgroup_path = append_cgroup((__u64)task_cgroup(t), 4, s->space);
	r->comm = put_kernel_str(s, t->comm, 5);
}

#endif
