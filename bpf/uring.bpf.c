/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * io_uring passes no system call of the names we follow: the opcode marks the process, and what a request did is told when it
 * completes, in the process that asked. A completion may be kept from us: then the name that was asked for is told.
 */
#include "lib/sock.h"
#include "lib/use.h"

/* include/uapi/linux/io_uring.h */
enum {
	IORING_OP_READV = 1,
	IORING_OP_WRITEV = 2,
	IORING_OP_READ_FIXED = 4,
	IORING_OP_WRITE_FIXED = 5,
	IORING_OP_ACCEPT = 13,
	IORING_OP_CONNECT = 16,
	IORING_OP_OPENAT = 18,
	IORING_OP_READ = 22,
	IORING_OP_WRITE = 23,
	IORING_OP_OPENAT2 = 28,
	IORING_OP_RENAMEAT = 35,
	IORING_OP_UNLINKAT = 36,
	IORING_OP_SYMLINKAT = 38,
	IORING_OP_LINKAT = 39,
};
#define IOSQE_CQE_SKIP_SUCCESS 0x40

struct uring_key {
	__u64 start;
	__u32 tgid;
	__u32 opcode;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct uring_key);
	__type(value, __u32);
} uring_seen SEC(".maps");

static __always_inline bool first_use(__u32 opcode)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct uring_key key = {};
	__u32 one = 1;

	key.start = BPF_CORE_READ(t, group_leader, start_boottime);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.opcode = opcode;
	if (bpf_map_lookup_elem(&uring_seen, &key))
		return false;
	bpf_map_update_elem(&uring_seen, &key, &one, BPF_ANY);
	return true;
}

/*
 * Requests that accept: one may be asked for many connections, and then each result names only its ring and what the process
 * calls the request.
 */
struct accept_key {
	__u64 ring;
	__u64 user_data;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct accept_key);
	__type(value, __u32);
} uring_accepts SEC(".maps");

static __always_inline struct accept_key accept_key_of(struct io_kiocb *request)
{
	return (struct accept_key){(__u64)BPF_CORE_READ(request, ctx), BPF_CORE_READ(request, cqe.user_data)};
}

/* Into a slot of the ring's own table: a result is no descriptor. */
static __always_inline bool into_slot(struct io_kiocb *request)
{
	return bpf_core_type_exists(struct io_accept) && BPF_CORE_READ((struct io_accept *)request, file_slot);
}

static __always_inline void expect_accepts(struct io_kiocb *request, __u32 opcode)
{
	struct accept_key key;
	__u32 one = 1;

	if (opcode != IORING_OP_ACCEPT || into_slot(request))
		return;
	key = accept_key_of(request);
	bpf_map_update_elem(&uring_accepts, &key, &one, BPF_ANY);
}

#define URING_PATH_BYTES 256

struct uring_record {
	struct spy_call call;
	char path[URING_PATH_BYTES];
};

static __always_inline int emit_uring(__u32 opcode, struct filename *name)
{
	struct uring_record *r = activity_reserve_share(SPY_KIND_URING, sizeof(*r));
	long n;

	if (!r)
		return 0;
	__builtin_memset(&r->call, 0, sizeof(r->call));
	fill_current_hdr(&r->call.h, SPY_KIND_URING, sizeof(r->call), 1);
	r->call.nr = opcode;
	n = name ? bpf_probe_read_kernel_str(r->path, URING_PATH_BYTES, BPF_CORE_READ(name, name)) : 0;
	if (n > 1) {
		r->call.path = SPY_STR_RAW | (__u32)(n - 1);
		r->call.h.flags = SPY_FLAG_UNVERIFIED;
		r->call.h.trunc = n == URING_PATH_BYTES;
	}
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

static __always_inline int uring(__u32 opcode)
{
	return is_self() || !first_use(opcode) ? 0 : emit_uring(opcode, NULL);
}

static __always_inline bool keeps_quiet(struct io_kiocb *request)
{
	__u64 flags = bpf_core_field_size(request->flags) == 8 ? BPF_CORE_READ(request, flags) :
								  BPF_CORE_READ((struct io_kiocb___old *)request, flags);

	return flags & IOSQE_CQE_SKIP_SUCCESS;
}

#define REQUEST_NAME(request, type, field)                                                             \
	(bpf_core_type_exists(struct delayed_filename) ?                                               \
		 BPF_CORE_READ((struct type##___delayed *)(request), field.__incomplete_filename) :    \
		 BPF_CORE_READ((struct type *)(request), field))

/* Names of files a completion will not tell of. */
static __always_inline struct filename *name_of(struct io_kiocb *request, __u32 opcode)
{
	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		if (!keeps_quiet(request) && !BPF_CORE_READ((struct io_open *)request, file_slot))
			return NULL;
		return REQUEST_NAME(request, io_open, filename);
	case IORING_OP_RENAMEAT:
		return REQUEST_NAME(request, io_rename, oldpath);
	case IORING_OP_UNLINKAT:
		return REQUEST_NAME(request, io_unlink, filename);
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT:
		return REQUEST_NAME(request, io_link, newpath);
	}
	return NULL;
}

/* Raw tracepoints, because what is not there costs them an attach that fails, and not the load of everything else. */

/* Since 6.3 */
SEC("raw_tp/io_uring_submit_req")
int BPF_PROG(on_uring, struct io_kiocb *request)
{
	__u32 opcode = BPF_CORE_READ(request, opcode);
	struct filename *name;

	if (is_self())
		return 0;
	expect_accepts(request, opcode);
	name = bpf_core_type_exists(struct io_open) ? name_of(request, opcode) : NULL;
	return name || first_use(opcode) ? emit_uring(opcode, name) : 0;
}

/* Before 6.3: request since 6.0; context, request, opcode since 5.13; context, opcode. The trace record tells which. */
SEC("raw_tp/io_uring_submit_sqe")
int BPF_PROG(on_uring_before_6_3, void *first, __u64 second, __u64 third)
{
	if (bpf_core_field_exists(struct trace_event_raw_io_uring_submit_sqe, __data_loc_op_str)) {
		__u32 opcode = BPF_CORE_READ((struct io_kiocb *)first, opcode);

		if (!is_self())
			expect_accepts(first, opcode);
		return uring(opcode);
	}
	return uring(bpf_core_field_exists(struct trace_event_raw_io_uring_submit_sqe, req) ? third : second);
}

static __always_inline int uring_use(struct file *file, int bytes, bool write)
{
	if (CAN_CAST)
		return use_as(file, -1, bytes, write, true, true);
	return use_as(file, -1, bytes, write, true, false);
}

static __always_inline int uring_open(int fd)
{
	struct scratch *s = scratch_begin(SPACE_URING, sizeof(struct spy_file));
	struct file *file = current_fd_file(fd);

	if (!s || !file)
		return 0;
	compose_open(s, file, fd);
	scratch_submit(s, &activity, SPY_KIND_OPEN);
	return 0;
}

/* Of TCP only what was accepted: the rest is told by its states. */
static __noinline int uring_sock(struct file *file, int fd, bool accept)
{
	struct sock *sk = file_sock(file);

	if (!sk)
		return 0;
	if (accept && is_inet(sk))
		return accepted(file, sk, fd);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	return emit_unix(scratch_begin(SPACE_URING, sizeof(struct spy_unix)), sk, file_ino(file),
			 accept ? SPY_KIND_UNIX_ACCEPT : SPY_KIND_UNIX_CONNECT, fd);
}

static __always_inline bool writes(__u32 opcode)
{
	return opcode == IORING_OP_WRITE || opcode == IORING_OP_WRITEV || opcode == IORING_OP_WRITE_FIXED;
}

/*
 * A result without a request, one of several. The third argument is what the process calls the request, and the fourth the
 * result; or (since 6.16) it is where both are. Whichever names a request that accepts. The fourth is read as memory, because a
 * program that uses more arguments than there are is not attached.
 */
static __always_inline int uring_repeated(void *ring, __u64 third, __u64 *fourth)
{
	struct io_uring_cqe *entry = (void *)third;
	struct accept_key key = {(__u64)ring, third};
	struct file *file;
	int result = -1;

	if (bpf_map_lookup_elem(&uring_accepts, &key)) {
		bpf_probe_read_kernel(&result, sizeof(result), fourth);
	} else {
		key.user_data = BPF_CORE_READ(entry, user_data);
		if (bpf_map_lookup_elem(&uring_accepts, &key))
			result = BPF_CORE_READ(entry, res);
	}
	file = result < 0 ? NULL : current_fd_file(result);
	return file ? uring_sock(file, result, true) : 0;
}

/* Before 5.19 the request is not told. */
SEC("raw_tp/io_uring_complete")
int BPF_PROG(on_uring_complete, void *ring, struct io_kiocb *request, __u64 third)
{
	struct file *file;
	__u32 opcode;
	int result;

	if (!bpf_core_field_exists(struct trace_event_raw_io_uring_complete, req) || is_self())
		return 0;
	if (!request)
		return uring_repeated(ring, third, ctx + 3);
	result = BPF_CORE_READ(request, cqe.res);
	opcode = BPF_CORE_READ(request, opcode);
	if (opcode == IORING_OP_ACCEPT) {
		struct accept_key key = accept_key_of(request);

		bpf_map_delete_elem(&uring_accepts, &key);
	}
	if (result < 0)
		return 0;
	file = BPF_CORE_READ(request, file);
	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		/* Into a slot of the ring's own table: the number is no descriptor. */
		return BPF_CORE_READ((struct io_open *)request, file_slot) ? 0 : uring_open(result);
	case IORING_OP_ACCEPT:
		file = into_slot(request) ? NULL : current_fd_file(result);
		return file ? uring_sock(file, result, true) : 0;
	case IORING_OP_CONNECT:
		return uring_sock(file, -1, false);
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
		return result ? uring_use(file, result, writes(opcode)) : 0;
	}
	return 0;
}
