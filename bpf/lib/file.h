/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef SPY_FILE_H
#define SPY_FILE_H

#include "task.h"

/* Everything of a file record but header and path. */
static __always_inline void fill_file_as(struct spy_file *r, struct file *file, int fd, const bool direct)
{
	struct inode *inode = GET(file, f_inode), *content = content_inode(file, direct);
	__u32 mode = GET(file, f_mode);

	r->dev = direct ? content->i_sb->s_dev : BPF_CORE_READ(content, i_sb, s_dev);
	r->ino = GET(content, i_ino);
	r->gen = GET(content, i_generation);
	r->mode = GET(inode, i_mode);
	r->uid = GET(inode, i_uid.val);
	r->size = (r->mode & S_IFMT) == S_IFBLK ? GET(inode, i_rdev) : GET(inode, i_size);
	r->oflags = GET(file, f_flags);
	r->fd = fd;
	r->open = (mode & FMODE_READ ? SPY_OPEN_READ : 0) | (mode & FMODE_WRITE ? SPY_OPEN_WRITE : 0) |
		  (mode & FMODE_CREATED ? SPY_OPEN_CREATED : 0) |
		  (GET(inode, i_nlink) ? 0 : SPY_OPEN_DELETED);
}

static __always_inline void fill_file(struct spy_file *r, struct file *file, int fd)
{
	if (CAN_CAST)
		fill_file_as(r, CAST(struct file, file), fd, true);
	else
		fill_file_as(r, file, fd, false);
}

static __always_inline void compose_open(struct scratch *s, struct file *file, int fd)
{
	struct spy_file *r = (struct spy_file *)s->buf;

	fill_current_hdr(&r->h, SPY_KIND_OPEN, sizeof(*r), 1);
	fill_file(r, file, fd);
	r->path = put_file_path(s, file, 0);
	if ((r->path & SPY_STR_FORM_MASK) == SPY_STR_ANON)
		r->open |= SPY_OPEN_MEMFD;
}

#endif
