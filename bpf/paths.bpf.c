/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Names of files and cgroups, walked leaf first. */
#include "lib/strings.h"

#define PATH_COMPONENTS 48
#define PATH_BYTES 4096

/* Where a walk is. Addresses are numbers: a pointer would lose its type between steps. */
struct walk {
	__u64 dentry, root, mnt;
	__u32 begin, len;
	__u32 complete;
};

/* Between the steps of walk_up. Value of a space: no two walks share one. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SPACE_SNAPSHOT + 1);
	__type(key, __u32);
	__type(value, struct walk);
} walks SEC(".maps");

/* Addresses stay numbers: as pointers with a type they would double the states the verifier follows. */
#define LINK(address, type, field)                                                                     \
	({                                                                                             \
		__u64 __at = (address);                                                                \
		direct ? WORD_OF(__at, type, field) : (__u64)BPF_CORE_READ((type *)__at, field);       \
	})

static __always_inline void copy_words(void *to, const void *from)
{
	struct timespec64 *words = WORDS(from);

	((__u64 *)to)[0] = words->tv_sec;
	((__u64 *)to)[1] = words->tv_nsec;
}

/*
 * Appends the name of a dentry, which the kernel keeps NUL-terminated. A rename meanwhile can leave a name without
 * its NUL at that length: the reader cuts at the first NUL it finds.
 */
static __always_inline void append_name(struct walk *w, struct scratch *s, const bool direct)
{
	void *to = &s->buf[BOUND(w->len, SCRATCH_MASK)], *name = (void *)LINK(w->dentry, struct dentry, d_name.name);
	long n;

	if (direct) {
		n = BOUND(CAST(struct dentry, (void *)w->dentry)->d_name.len, NAME_BYTES - 1) + 1;
		/* What the words hold beyond the name is overwritten by what follows, or not part of the record. */
		if (n <= 32) {
			copy_words(to, name);
			copy_words(to + 16, name + 16);
		} else if (bpf_probe_read_kernel(to, n, name)) {
			return;
		}
	} else {
		n = bpf_probe_read_kernel_str(to, NAME_BYTES, name);
		if (n <= 0)
			return;
	}
	w->len += n & (2 * NAME_BYTES - 1);
}

/* One component or one mount up; true = the end was reached. */
static __always_inline bool walk_step(struct walk *w, struct scratch *s, const bool direct)
{
	__u64 up;

	if (w->dentry == w->root) {
		up = LINK(w->mnt, struct mount, mnt_parent);
		if (up == w->mnt) {
			w->complete = 1;
			return true;
		}
		w->dentry = LINK(w->mnt, struct mount, mnt_mountpoint);
		w->mnt = up;
		w->root = LINK(up, struct mount, mnt.mnt_root);
		return false;
	}
	up = LINK(w->dentry, struct dentry, d_parent);
	if (up == w->dentry) {
		w->complete = 1;
		return true;
	}
	if (w->len - w->begin >= PATH_BYTES - NAME_BYTES || w->len >= SCRATCH_BYTES)
		return true;
	append_name(w, s, direct);
	w->dentry = up;
	return false;
}

/* A step of a walk for kernels that would verify the body of a loop as often as it runs; not zero = the end. */
__u32 walk_up(__u32 space)
{
	struct walk *w = bpf_map_lookup_elem(&walks, &space);
	struct scratch *s = scratch_of(space);

	return !w || !s || walk_step(w, s, false);
}

/*
 * The path the kernel resolved, through mounts up to the root of the mount namespace: what the file is, not what the
 * caller typed. A dentry that hangs under no mount (pipe, memfd, socket) gives its own name.
 */
__u32 append_path(__u64 dentry, __u64 vfsmnt, __u32 slot, __u32 space)
{
	struct scratch *s = scratch_of(space);
	struct walk w = { .dentry = dentry, .mnt = vfsmnt - bpf_core_field_offset(struct mount, mnt) }, *kept;
	int i;

	if (!s)
		return 0;
	if (CAN_LOOP)
		w.root = WORD_OF(vfsmnt, struct vfsmount, mnt_root);
	else
		w.root = (__u64)BPF_CORE_READ((struct vfsmount *)vfsmnt, mnt_root);
	w.begin = w.len = s->len;
	/*
	 * Since 6.4 (06accc8779c1) the body of such a loop is verified once, not for every step. bpf_loop could do that since
	 * 5.17, but the mere address of its callback is refused before 5.13: there each step is a call.
	 */
	if (CAN_LOOP) {
		bpf_for(i, 0, PATH_COMPONENTS)
			if (walk_step(&w, s, true))
				break;
	} else {
		kept = bpf_map_lookup_elem(&walks, &space);
		if (!kept)
			return 0;
		*kept = w;
		for (i = 0; i < PATH_COMPONENTS; i++)
			if (walk_up(space))
				break;
		w = *kept;
	}
	if (!w.complete)
		mark_cut(s, slot & 7);
	if (w.len == w.begin && w.dentry != w.root) {
		if (w.len >= SCRATCH_BYTES)
			return 0;
		append_name(&w, s, false);
		if (w.len <= w.begin + 1)
			return 0;
		s->len = w.len;
		return SPY_STR_ANON | (w.len - w.begin);
	}
	s->len = w.len;
	return SPY_STR_PATH | (w.len - w.begin);
}

/* The inode of an open file; 0 where that is no file, which its mapping would belong to. */
static __always_inline __u64 inode_of(__u64 file, const bool direct)
{
	__u64 inode = LINK(file, struct file, f_inode), mapping = LINK(file, struct file, f_mapping);

	return inode && LINK(mapping, struct address_space, host) == inode ? inode : 0;
}

/*
 * The inode that holds what is in an open file of an overlay, in its upper layer or a lower one; 0 where it is not found. The
 * file's private data is the open file below, since 6.13 (87a8a76c34a2) one step further.
 */
static __always_inline __u64 layer_inode_as(__u64 below, const bool direct)
{
	__u64 inode = inode_of(below, direct);

	return inode ? inode : inode_of(direct ? WORDS(below)->tv_sec : BPF_CORE_READ((struct timespec64 *)below, tv_sec), direct);
}

__u64 layer_inode(__u64 below)
{
	return CAN_CAST ? layer_inode_as(below, true) : layer_inode_as(below, false);
}

/*
 * The mount that another is on; 0 = the first of the namespace, 1 = what that other shows has another name in its file system: it
 * is part of one, mounted over something else. A part mounted over itself, to be read-only, has not.
 */
__u64 mount_above(__u64 address)
{
	struct mount *m = (void *)address, *up = BPF_CORE_READ(m, mnt_parent);
	struct dentry *root = BPF_CORE_READ(m, mnt.mnt_root);

	if (up == m)
		return 0;
	if (root != BPF_CORE_READ(root, d_sb, s_root) && root != BPF_CORE_READ(m, mnt_mountpoint))
		return 1;
	return (__u64)up;
}

/* Whether what a mount shows has another name in its file system, there or further up. Eight deep: verifiers of 5.10 refuse the loop. */
__u32 leads_elsewhere(__u64 vfsmnt)
{
	__u64 m = vfsmnt - bpf_core_field_offset(struct mount, mnt);

	if ((m = mount_above(m)) <= 1 || (m = mount_above(m)) <= 1 || (m = mount_above(m)) <= 1 ||
	    (m = mount_above(m)) <= 1 || (m = mount_above(m)) <= 1 || (m = mount_above(m)) <= 1 ||
	    (m = mount_above(m)) <= 1 || (m = mount_above(m)) <= 1)
		return m;
	return true;
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	if (bpf_core_field_exists(struct kernfs_node___rcu, __parent))
		return BPF_CORE_READ((struct kernfs_node___rcu *)kn, __parent);
	return BPF_CORE_READ(kn, parent);
}

#define CGROUP_DEPTH 16
/* So that with exe, cwd, argv and script as long as they may be the name that follows still fits the scratch space. */
#define CGROUP_BYTES 2048

__u32 append_cgroup(__u64 kernfs_node, __u32 slot, __u32 space)
{
	struct kernfs_node *kn = (struct kernfs_node *)kernfs_node;
	struct scratch *s = scratch_of(space);
	__u64 begin, len;

	if (!s)
		return 0;
	begin = len = s->len;

	for (int i = 0; i < CGROUP_DEPTH; i++) {
		struct kernfs_node *parent = kernfs_parent(kn);
		long n;

		if (!parent)
			goto done;
		if (len >= SCRATCH_BYTES || len - begin >= CGROUP_BYTES)
			break;
		n = bpf_probe_read_kernel_str(&s->buf[BOUND(len, SCRATCH_MASK)], NAME_BYTES, BPF_CORE_READ(kn, name));
		if (n > 0)
			len += n & (2 * NAME_BYTES - 1);
		kn = parent;
	}
	mark_cut(s, slot & 7);
done:
	s->len = len;
	return SPY_STR_PATH | (__u32)(len - begin);
}
