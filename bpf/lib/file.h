/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef SPY_FILE_H
#define SPY_FILE_H

#include "task.h"

/* Everything of a file record but header and path. */
static __always_inline void fill_file(struct spy_file *r, struct file *file, int fd)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 mode = BPF_CORE_READ(file, f_mode);

	r->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	r->ino = BPF_CORE_READ(inode, i_ino);
	r->gen = BPF_CORE_READ(inode, i_generation);
	r->mode = BPF_CORE_READ(inode, i_mode);
	r->uid = BPF_CORE_READ(inode, i_uid.val);
	r->size = BPF_CORE_READ(inode, i_size);
	r->oflags = BPF_CORE_READ(file, f_flags);
	r->fd = fd;
	r->open = (mode & FMODE_READ ? SPY_OPEN_READ : 0) | (mode & FMODE_WRITE ? SPY_OPEN_WRITE : 0) |
		  (mode & FMODE_CREATED ? SPY_OPEN_CREATED : 0) | (r->oflags & O_TRUNC ? SPY_OPEN_TRUNC : 0) |
		  (BPF_CORE_READ(inode, i_nlink) ? 0 : SPY_OPEN_DELETED);
}

#endif
