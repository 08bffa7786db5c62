/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which program handles which system call: HANDLED(program, number), as whoever includes this defines it. The kernel
 * side takes the numbers from here, the native side fills the table.
 */
#include <asm/unistd.h>

#ifndef __NR_openat2
#define __NR_openat2 437
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

HANDLED(on_beat, __NR_getcpu)
#ifdef __NR_open
HANDLED(on_names, __NR_rename)
HANDLED(on_names, __NR_unlink)
HANDLED(on_names, __NR_rmdir)
HANDLED(on_names, __NR_link)
HANDLED(on_names, __NR_symlink)
HANDLED(on_names, __NR_chown)
HANDLED(on_names, __NR_lchown)
HANDLED(on_open, __NR_open)
HANDLED(on_open, __NR_creat)
HANDLED(on_chmod, __NR_chmod)
HANDLED(on_pipe, __NR_pipe)
#endif
HANDLED(on_open, __NR_openat)
HANDLED(on_open, __NR_openat2)
HANDLED(on_open, __NR_open_by_handle_at)
HANDLED(on_chmod, __NR_fchmod)
HANDLED(on_chmod, __NR_fchmodat)
HANDLED(on_chmod, __NR_fchmodat2)
HANDLED(on_pipe, __NR_pipe2)
HANDLED(on_pipe, __NR_socketpair)
HANDLED(on_connect, __NR_connect)
HANDLED(on_accept, __NR_accept)
HANDLED(on_accept, __NR_accept4)
HANDLED(on_listen, __NR_listen)
HANDLED(on_sendto, __NR_sendto)
HANDLED(on_message, __NR_sendmsg)
HANDLED(on_message, __NR_sendmmsg)
HANDLED(on_recvfrom, __NR_recvfrom)
HANDLED(on_message, __NR_recvmsg)
HANDLED(on_message, __NR_recvmmsg)
HANDLED(on_read, __NR_read)
HANDLED(on_read, __NR_pread64)
HANDLED(on_read, __NR_readv)
HANDLED(on_read, __NR_preadv)
HANDLED(on_read, __NR_preadv2)
HANDLED(on_write, __NR_write)
HANDLED(on_write, __NR_pwrite64)
HANDLED(on_write, __NR_writev)
HANDLED(on_write, __NR_pwritev)
HANDLED(on_write, __NR_pwritev2)
HANDLED(on_copy, __NR_sendfile)
HANDLED(on_copy, __NR_splice)
HANDLED(on_copy, __NR_copy_file_range)
HANDLED(on_names, __NR_renameat)
HANDLED(on_names, __NR_renameat2)
HANDLED(on_names, __NR_unlinkat)
HANDLED(on_names, __NR_linkat)
HANDLED(on_names, __NR_symlinkat)
HANDLED(on_names, __NR_mount)
HANDLED(on_names, __NR_truncate)
HANDLED(on_names, __NR_ftruncate)
HANDLED(on_names, __NR_fchown)
HANDLED(on_names, __NR_fchownat)
HANDLED(on_setid, __NR_setuid)
HANDLED(on_setid, __NR_setgid)
HANDLED(on_setid, __NR_setreuid)
HANDLED(on_setid, __NR_setregid)
HANDLED(on_setid, __NR_setresuid)
HANDLED(on_setid, __NR_setresgid)
HANDLED(on_setid, __NR_setfsuid)
HANDLED(on_setid, __NR_setfsgid)
HANDLED(on_setid, __NR_capset)
HANDLED(on_control, __NR_ptrace)
HANDLED(on_control, __NR_process_vm_writev)
HANDLED(on_control, __NR_pidfd_getfd)
HANDLED(on_memory, __NR_memfd_create)
HANDLED(on_memory, __NR_mmap)
HANDLED(on_memory, __NR_mprotect)
HANDLED(on_memory, __NR_pkey_mprotect)
HANDLED(on_control, __NR_init_module)
HANDLED(on_control, __NR_finit_module)
HANDLED(on_control, __NR_delete_module)
HANDLED(on_control, __NR_bpf)
HANDLED(on_control, __NR_setns)
HANDLED(on_control, __NR_unshare)

#undef HANDLED
