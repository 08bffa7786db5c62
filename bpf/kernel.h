/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Only the kernel types and fields we read; CO-RE relocates every access. */
#ifndef SPY_KERNEL_H
#define SPY_KERNEL_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef _Bool bool;
typedef int pid_t;
typedef unsigned short umode_t;
enum { false = 0, true = 1 };
#define NULL ((void *)0)

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_RB_NO_WAKEUP = 1 };
enum { BPF_RB_AVAIL_DATA = 0 };

/* include/linux/fs.h, include/uapi/linux/stat.h, include/net/tcp_states.h */
#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define FMODE_CREATED 0x100000
#define S_IFMT 0170000
#define S_ISUID 0004000
#define S_ISVTX 0001000
#define S_IWOTH 0000002
#define S_IFSOCK 0140000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFIFO 0010000
#define O_TRUNC 01000
#define AT_FDCWD (-100)
#define PF_KTHREAD 0x00200000
#define TS_COMPAT 0x0002
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define SOCK_DONE 1 /* enum sock_flags: the peer's FIN was received */
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_CLOSE 7
#define TCP_CLOSE_WAIT 8
#define TCP_LISTEN 10
#define EINPROGRESS 115
#define ENOENT 2
#define TMPFS_MAGIC 0x01021994
#define OVERLAYFS_MAGIC 0x794c7630
#define PIDTYPE_SID 3
#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define DNS_PORT 53

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#else
struct user_pt_regs {
	__u64 regs[31], sp, pc, pstate;
};
struct pt_regs {
	__u64 regs[31], sp, pc, pstate, orig_x0;
	__s32 syscallno;
};
#endif

typedef struct {
	unsigned int val;
} kuid_t;
typedef struct {
	unsigned int val;
} kgid_t;
struct ns_common {
	unsigned int inum;
};
struct user_namespace {
	struct ns_common ns;
};
struct cred {
	kuid_t uid, euid;
	kgid_t gid, egid;
	/* struct { u32 cap[2] } before 6.3, { u64 val } since: read as 8 bytes */
	struct {
	} cap_effective;
	struct user_namespace *user_ns;
};
struct qstr {
	__u32 len;
	const unsigned char *name;
};
struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};
struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
};
struct address_space {
	struct inode *host;
};
struct inode {
	umode_t i_mode;
	kuid_t i_uid;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	unsigned int i_rdev;
	__u32 i_generation;
	__s64 i_size;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
	struct inode *f_inode;
	struct address_space *f_mapping;
	unsigned int f_flags;
	unsigned int f_mode;
	void *private_data;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	struct path pwd;
};
struct percpu_counter {
	__s64 count;
};
struct mm_struct {
	unsigned long arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
	unsigned long total_vm;
	struct percpu_counter rss_stat[4];
};
/* before 6.2 (f1a7941243c1) */
struct mm_rss_stat___old {
	struct {
		__s64 counter;
	} count[4];
};
struct mm_struct___old {
	struct mm_rss_stat___old rss_stat;
};
struct mnt_namespace {
	struct ns_common ns;
};
struct net {
	struct ns_common ns;
};
struct pid_namespace {
	struct ns_common ns;
};
struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
};
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};
struct kernfs_node {
	struct kernfs_node *parent;
	const char *name;
	__u64 id;
};
/* since 6.15 (633488947ef6) */
struct kernfs_node___rcu {
	struct kernfs_node *__parent;
};
struct cgroup {
	struct kernfs_node *kn;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id { pids_cgrp_id = 11, memory_cgrp_id = 4 };
struct task_io_accounting {
	__u64 read_bytes, write_bytes;
};
struct tty_driver {
	int major, minor_start;
};
struct tty_struct {
	int index;
	struct tty_driver *driver;
};
typedef struct {
	int counter;
} atomic_t;
struct list_head {
	struct list_head *next;
};
struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct list_head thread_head;
	struct pid *pids[4];
	struct tty_struct *tty;
	unsigned long maxrss;
	struct task_io_accounting ioac;
	unsigned long long sum_sched_runtime;
};
struct sched_entity {
	__u64 sum_exec_runtime;
};
struct thread_info {
	unsigned long flags;
	__u32 status;
};
struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	unsigned int flags;
	struct sched_entity se;
	struct mm_struct *mm;
	int exit_state;
	int exit_code;
	pid_t pid, tgid;
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	struct list_head thread_node;
	__u64 start_boottime;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct task_io_accounting ioac;
	kuid_t loginuid;
	unsigned int sessionid;
};
/* before 5.14 (2f064a59a11f) */
struct task_struct___old {
	long state;
};
struct linux_binprm {
	struct file *file;
	struct cred *cred;
	const char *filename;
	const char *interp;
};
struct in6_addr {
	__u8 bytes[16];
};
typedef struct {
	struct net *net;
} possible_net_t;
struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned long skc_flags;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
	int sk_err;
	__u32 sk_max_ack_backlog;
	struct socket *sk_socket;
	struct pid *sk_peer_pid;
};
/* before 5.6 sk_protocol was a bit field; the floor is 5.10 */
struct inet_sock {
	__be16 inet_sport;
};
struct tcp_sock {
	__u64 bytes_received, bytes_sent, bytes_retrans, bytes_acked;
	__u32 rcv_nxt, snd_nxt, snd_una;
};
struct socket {
	short type;
	struct file *file;
	struct sock *sk;
};
struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};
struct unix_address {
	int len;
	struct sockaddr_un name[1];
};
struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct sock *peer;
};
struct io_cqe {
	__u64 user_data;
	__s32 res;
};
struct io_uring_cqe {
	__u64 user_data;
	__s32 res;
};
struct io_ring_ctx {
};
struct io_kiocb {
	struct file *file;
	struct io_ring_ctx *ctx;
	__u8 opcode;
	__u64 flags;
	struct io_cqe cqe;
};
/* before 6.9 (4caa74fdce7d) */
struct io_kiocb___old {
	unsigned int flags;
};
struct filename {
	const char *name;
};
/* Each in place of the request's first bytes. */
struct io_open {
	int dfd;
	__u32 file_slot;
	struct filename *filename;
};
struct io_accept {
	__u32 file_slot;
};
struct io_rename {
	struct filename *oldpath;
};
struct io_unlink {
	struct filename *filename;
};
struct io_link {
	struct filename *newpath;
};
/* Since 7.0 the names in requests are wrapped. */
struct delayed_filename {
	struct filename *__incomplete_filename;
};
struct io_open___delayed {
	struct delayed_filename filename;
};
struct io_rename___delayed {
	struct delayed_filename oldpath;
};
struct io_unlink___delayed {
	struct delayed_filename filename;
};
struct io_link___delayed {
	struct delayed_filename newpath;
};
struct trace_event_raw_io_uring_complete {
	void *req;
};
struct trace_event_raw_io_uring_submit_sqe {
	void *req;
	__u32 __data_loc_op_str;
};
struct kernel_siginfo {
	int si_code;
};
struct seq_file {
	unsigned long count;
};
struct bpf_iter_num {
	__u64 __opaque[1];
};
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

/* include/uapi: fixed layouts of user memory */
struct user_sockaddr {
	__u16 family;
	__be16 port;
	__u32 addr4;
	__u8 addr6[16];
	__u32 scope;
};
struct user_msghdr {
	void *name;
	int name_len;
	void *iov;
	__u64 iov_len;
	void *control;
	__u64 control_len;
};
struct user_cmsghdr {
	__u64 len;
	int level, type;
};
/* of 32-bit callers */
struct user_compat_msghdr {
	__u32 name;
	int name_len;
	__u32 iov, iov_len;
	__u32 control, control_len;
};
struct user_compat_cmsghdr {
	__u32 len;
	int level, type;
};

#endif
