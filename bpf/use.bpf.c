/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The first read and the first write of each regular file by each process: which open carried data. */
#include "lib/file.h"
#include "lib/syscall.h"

struct use_key {
	__u64 ino;
	__u32 dev;
	__u32 tgid;
	__u32 write;
	__u32 gen;
};

/* Value: start of the process, so that a reused pid is another process. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct use_key);
	__type(value, __u64);
} uses SEC(".maps");

static __always_inline int use_as(struct file *address, int fd, __u64 bytes, bool write, const bool direct)
{
	struct file *file = direct ? CAST(struct file, address) : address;
	struct inode *inode = GET(file, f_inode);
	struct use_key key = {};
	struct scratch *s;
	struct spy_use *r;
	__u64 start, *seen;
	__u32 mode = GET(inode, i_mode);

	if ((mode & S_IFMT) != S_IFREG)
		return 0;
	key.ino = GET(inode, i_ino);
	key.dev = direct ? inode->i_sb->s_dev : BPF_CORE_READ(inode, i_sb, s_dev);
	key.gen = GET(inode, i_generation);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.write = write;
	if (direct) {
		start = cast_current()->group_leader->start_boottime;
	} else {
		struct task_struct *t = (void *)bpf_get_current_task();

		start = BPF_CORE_READ(t, group_leader, start_boottime);
	}
	seen = bpf_map_lookup_elem(&uses, &key);
	if (seen && *seen == start)
		return 0;
	bpf_map_update_elem(&uses, &key, &start, BPF_ANY);

	s = scratch_get(sizeof(*r));
	if (!s)
		return 0;
	r = (struct spy_use *)s->buf;
	fill_current_hdr(&r->h, write ? SPY_KIND_WRITE : SPY_KIND_READ, sizeof(*r), 1);
	r->dev = key.dev;
	r->ino = key.ino;
	r->gen = key.gen;
	r->mode = mode;
	r->bytes = bytes;
	r->fd = fd;
	r->pad = 0;
	r->path = put_file_path(s, address, 0);
	scratch_submit(s, &activity, write ? SPY_KIND_WRITE : SPY_KIND_READ);
	return 0;
}

static __always_inline int use(int fd, __u64 bytes, bool write)
{
	struct file *file;

	if (is_self())
		return 0;
	file = current_fd_file(fd);
	if (!file)
		return 0;
	if (CAN_CAST)
		return use_as(file, fd, bytes, write, true);
	return use_as(file, fd, bytes, write, false);
}

/* read, pread64, readv, preadv, preadv2 */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_read, struct pt_regs *regs, long ret)
{
	return ret > 0 ? use(ARG0(regs), ret, false) : 0;
}

/* write, pwrite64, writev, pwritev, pwritev2 */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_write, struct pt_regs *regs, long ret)
{
	return ret > 0 ? use(ARG0(regs), ret, true) : 0;
}

/* sendfile(out, in): one of them may be a socket */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_sendfile, struct pt_regs *regs, long ret)
{
	if (ret <= 0)
		return 0;
	use(ARG0(regs), ret, true);
	return use(ARG1(regs), ret, false);
}

/* copy_file_range(in, , out), splice(in, , out) */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_splice, struct pt_regs *regs, long ret)
{
	if (ret <= 0)
		return 0;
	use(ARG0(regs), ret, false);
	return use(ARG2(regs), ret, true);
}
