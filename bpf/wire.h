/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The only definition of a record and of a batch.
 *
 * A record leaves the kernel as its fixed struct followed by its strings, in slot order and without
 * padding. Each string slot then holds SPY_STR(length, form). The native side interns the strings,
 * overwrites every slot with the string's id (0 = empty) and copies only the fixed struct into the batch:
 * a row is the same struct as the record. Fixed structs are multiples of 8 bytes and 8-byte aligned.
 *
 * Kind numbers are never reused. TypeScript offsets are generated from the BTF of this file
 * (src/core/wire/layout.gen.ts).
 */
#ifndef SPY_WIRE_H
#define SPY_WIRE_H

#define SPY_MAGIC 0x42595053 /* "SPYB", little endian */
#define SPY_WIRE_VERSION 2

#define SPY_STR_LEN_MASK 0x00ffffffu
#define SPY_STR_RAW 0u               /* bytes as read */
#define SPY_STR_PATH (1u << 24)      /* components, leaf first, each NUL-terminated; empty = "/" */
#define SPY_STR_ANON (2u << 24)      /* one component that is no path: "memfd:x", a pipe, a kernel name */
#define SPY_STR_FORM_MASK 0xff000000u

enum spy_kind {
	SPY_KIND_NONE = 0,
	SPY_KIND_FORK = 1,          /* spy_fork; header = the process that forked */
	SPY_KIND_EXEC = 2,          /* spy_image */
	SPY_KIND_EXIT = 3,          /* spy_exit */
	SPY_KIND_PROCESS = 4,       /* spy_image; a process that ran before capture began */
	SPY_KIND_OPEN = 5,          /* spy_file */
	SPY_KIND_CONNECT = 6,       /* spy_sock; established, failed (err) or in progress (state SYN_SENT) */
	SPY_KIND_ACCEPT = 7,        /* spy_sock */
	SPY_KIND_LISTEN = 8,        /* spy_sock */
	SPY_KIND_CLOSE = 9,         /* spy_sock; the connection is over, tx and rx are final */
	SPY_KIND_SOCKET = 10,       /* spy_sock; held by a process at a snapshot, or changed since the last one */
	SPY_KIND_DATAGRAM = 11,     /* spy_sock; first datagram of a (socket, remote) pair, or a connected datagram socket */
	SPY_KIND_UNIX_CONNECT = 12, /* spy_unix */
	SPY_KIND_UNIX_ACCEPT = 13,  /* spy_unix */
	SPY_KIND_UNIX_SOCKET = 14,  /* spy_unix; held by a process at a snapshot */
	SPY_KIND_PIPE = 15,         /* spy_pipe; created, or held by a process at a snapshot */
	SPY_KIND_TICK = 16,         /* spy_tick; usage of one process that changed since the last tick */
	SPY_KIND_LOSS = 17,         /* spy_loss; records that were not delivered */
	SPY_KIND_MARK = 18,         /* spy_mark; header process = the monitor itself */
	SPY_KIND_CHMOD = 19,        /* spy_file; fmode holds the new mode bits */
	SPY_KIND_READ = 20,         /* spy_use; first read of a file by a process */
	SPY_KIND_WRITE = 21,        /* spy_use; first write of a file by a process */
	SPY_KIND_RENAME = 22,       /* spy_path; from, to */
	SPY_KIND_UNLINK = 23,       /* spy_path; from */
	SPY_KIND_LINK = 24,         /* spy_path; from, to */
	SPY_KIND_SYMLINK = 25,      /* spy_path; from = what it points to, to = its name */
	SPY_KIND_MOUNT = 26,        /* spy_path; from = source, to = target */
	SPY_KIND_TRUNCATE = 27,     /* spy_path; from; arg = new size */
	SPY_KIND_CHOWN = 28,        /* spy_path; from; arg = uid << 32 | gid */
	SPY_KIND_CRED = 29,         /* spy_cred; ids or capabilities changed */
	SPY_KIND_INJECT = 30,       /* spy_call; another process was written to, or a descriptor taken from it */
	SPY_KIND_MEMORY = 31,       /* spy_call; anonymous executable file, or memory that is written and executed */
	SPY_KIND_SIGNAL = 32,       /* spy_call; args[0] = signal, target = receiver */
	SPY_KIND_KERNEL = 33,       /* spy_call; module loaded or bpf(2) used */
	SPY_KIND_NAMESPACE = 34,    /* spy_call; setns, unshare */
	SPY_KIND_URING = 35,        /* spy_call; first use of opcode nr, or one that names a file and whose result no record tells */
	SPY_KIND_DNS = 36,          /* spy_dns; answer as received */
	SPY_KIND_FD_PASS = 37,      /* spy_call; one descriptor sent (args[0] = 1) or received (2) over unix socket args[1];
				       nr = its place among args[2], args[3] = what it is, as in stdio; cut: more were not looked at */
	SPY_KIND_CGROUP = 38,       /* spy_call; process moved to cgroup args[0], of that path */
	SPY_KIND_THROTTLED = 39,    /* spy_loss; what the header's process did beyond its share of a crowded ring was left out */
	SPY_KIND_BYTES = 40,        /* spy_bytes; what a process moved to or from a file, where more than one call did */

	/*
	 * From 64 on: no events, but what a monitor knew at a moment (docs/recording.md, "Checkpoints"). No hook emits them.
	 * Rows refer to each other by numbers that count from 1 in each kind; 0 = none. A time of 0 = never.
	 */
	SPY_KIND_STATE_FILE = 64,
	SPY_KIND_STATE_CHANNEL = 65,
	SPY_KIND_STATE_CONNECTION = 66,
	SPY_KIND_STATE_IMAGE = 67,
	SPY_KIND_STATE_PROCESS = 68,
	SPY_KIND_STATE_EDGE = 69,
	SPY_KIND_STATE_FINDING = 70,
	SPY_KIND_STATE_LINK = 71,   /* belongs to the finding before it */
	SPY_KIND_STATE_MARK = 72,
	SPY_KIND_STATE_NAME = 73,
	SPY_KIND_STATE_END = 74,    /* last row: what is no row of a table */
	SPY_KIND_MAX,
};

enum spy_flag {
	SPY_FLAG_BEFORE_START = 1, /* from a snapshot, not from an event */
	SPY_FLAG_NO_OWNER = 2,     /* header process unknown (all zero) */
	SPY_FLAG_UNVERIFIED = 4,   /* a string was read from user memory after the call */
	SPY_FLAG_POLLED = 8,       /* from /proc, not from the kernel's events */
};

/* What a snapshot or a source has finished. */
enum spy_mark_what {
	SPY_MARK_SNAPSHOT_BEGIN = 1,
	SPY_MARK_SNAPSHOT_END = 2, /* every process not seen since SNAPSHOT_BEGIN is gone */
	SPY_MARK_TICK = 3,         /* all TICK rows of one refresh were delivered */
	SPY_MARK_SOCKETS = 4,      /* all SOCKET rows of one refresh were delivered */
};

enum spy_image_flag {
	SPY_IMAGE_KTHREAD = 1,
	SPY_IMAGE_DELETED = 2,   /* executable has no name left (nlink 0) */
	SPY_IMAGE_MEMFD = 4,     /* executable lives in memory only */
	SPY_IMAGE_SETUID = 8,    /* runs as the owner of its executable, by the file's mode */
	SPY_IMAGE_COMPAT = 16,   /* 32-bit task */
	SPY_IMAGE_NO_ARGV = 32,  /* argv could not be read */
	SPY_IMAGE_SHARED = 64,   /* everybody may write the executable, or put another in its place */
	SPY_IMAGE_COVERED = 128, /* by its path another file may be meant: an overlay, or part of a file system mounted elsewhere */
};

/* Bits of trunc, of the slots that are cut most. */
enum spy_image_cut {
	SPY_IMAGE_CUT_ARGV = 1 << 2,
	SPY_IMAGE_CUT_ENV = 1 << 6, /* or not all variables were looked at */
};

enum spy_open_flag {
	SPY_OPEN_CREATED = 1,
	SPY_OPEN_READ = 2,
	SPY_OPEN_WRITE = 4,
	SPY_OPEN_DELETED = 8, /* nlink 0 */
	SPY_OPEN_MEMFD = 16,
	SPY_OPEN_TRUNC = 32,
};

struct spy_hdr {
	__u16 kind;
	__u16 size;  /* bytes of the fixed struct, header included */
	__u8 nstr;   /* string slots, directly after the header */
	__u8 trunc;  /* bit i: the string of slot i was cut */
	__u16 flags; /* spy_flag */
	__u64 time;  /* ns since boot, CLOCK_BOOTTIME */
	__u64 start; /* start of the process since boot, ns; with tgid its identity */
	__u32 tgid;
	__u32 tid;
};

struct spy_fork {
	struct spy_hdr h;
	__u64 child_start;
	__u64 cgroup; /* id of the child's cgroup */
	__u32 child_tgid;
	__u32 child_ns_pid; /* pid inside its innermost pid namespace */
	__u32 pidns;
	__u32 pad;
};

struct spy_image {
	struct spy_hdr h;
	__u32 exe;    /* path */
	__u32 cwd;    /* path */
	__u32 argv;   /* raw, NUL-separated */
	__u32 script; /* raw; the file named to execve when an interpreter runs it */
	__u32 cgroup_path; /* path */
	__u32 comm;   /* raw */
	__u32 env;    /* raw, NUL-separated; only variables that load or run other code or say who asked for it */
	__u32 pad;
	__u64 exe_ino;
	__u32 exe_dev; /* kernel encoding: major << 20 | minor */
	__u32 exe_gen;
	__u64 stdio[3]; /* S_IFMT bits of the inode << 48 | low 48 bits of its number; 0 = closed */
	__u64 cgroup;
	__u64 caps;         /* effective */
	__u64 parent_start; /* real parent at this moment */
	__u32 parent_tgid;
	__u32 ns_pid;
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 egid;
	__u32 login_uid; /* 0xffffffff = none */
	__u32 session_id; /* audit session, 0xffffffff = none */
	__u32 mntns;
	__u32 pidns;
	__u32 netns;
	__u32 userns;
	__u32 tty;      /* 0 = none, else device number as in /proc/pid/stat */
	__u32 image;    /* spy_image_flag */
	__u32 argv_len; /* bytes before truncation */
	__u32 sid;      /* session leader, tgid */
	__u32 exe_uid;  /* owner of the executable */
	__u32 dir_uid;  /* owner of the directory it is in */
};

struct spy_exit {
	struct spy_hdr h;
	__u64 cpu_ns; /* user + system, all threads */
	__u64 read_bytes;
	__u64 write_bytes;
	__u64 max_rss_bytes;
	__u32 code; /* as wait(2) reports it: exit status << 8 | signal; 0xffffffff = not known */
	__u32 pad;
};

struct spy_file {
	struct spy_hdr h;
	__u32 path; /* path, or raw with SPY_FLAG_UNVERIFIED */
	__u32 dev;
	__u64 ino;
	__u32 gen;
	__u32 open;  /* spy_open_flag */
	__u32 mode;  /* i_mode */
	__s32 fd;
	__u32 oflags; /* f_flags: O_* */
	__u32 uid;    /* owner of the inode */
	__u64 size;   /* of a block device its number, as dev */
};

/* The file itself was announced by OPEN, or was open before the start. */
struct spy_use {
	struct spy_hdr h;
	__u32 path; /* path */
	__u32 dev;
	__u64 ino;
	__u32 gen;
	__u32 mode;  /* i_mode */
	__u64 bytes; /* of the first call */
	__s32 fd;
	__u32 pad;
};

/*
 * Totals since the READ or WRITE record of the same process and file, at a refresh, and once more after the process ended.
 * A pair that had to make room for others (65,536 are kept) begins anew with another such record: what it moved after its
 * last row is not told.
 */
struct spy_bytes {
	struct spy_hdr h;
	__u64 ino;
	__u64 bytes; /* by system calls: what goes through a mapping is not in it */
	__u32 dev;
	__u32 gen;
	__u32 write; /* 0 = read */
	__u32 pad;
};

/*
 * Names as the kernel resolved them, then paths without a folder they start at; or as the caller typed them, read after the
 * call: SPY_FLAG_UNVERIFIED. What is no name of a file (what a symbolic link says, what is mounted) is raw in both.
 */
struct spy_path {
	struct spy_hdr h;
	__u32 from;     /* path, or raw */
	__u32 to;       /* path, or raw */
	__u32 from_dir; /* path that a relative raw `from` starts at */
	__u32 to_dir;
	__u64 arg;
	__u32 nr; /* system call */
	__s32 ret;
};

struct spy_cred {
	struct spy_hdr h;
	__u32 uid, euid, gid, egid;
	__u64 caps;
	__u32 old_uid, old_euid, old_gid, old_egid; /* 0xffffffff = not known */
	__u64 old_caps;
	__u32 nr; /* system call after which it was noticed */
	__u32 how; /* 1 = by a call that changes credentials, 2 = noticed later: no such call was seen */
};

struct spy_call {
	struct spy_hdr h;
	__u32 path; /* path or raw name, where there is one */
	__s32 ret;
	__u64 args[4];
	__u64 target_start;
	__u32 target_tgid;
	__u32 nr; /* system call, or opcode */
};

struct spy_dns {
	struct spy_hdr h;
	__u32 message; /* raw: the DNS message */
	__u32 size;    /* of the message before truncation */
	__u64 sock;
};

struct spy_sock {
	struct spy_hdr h;
	__u64 sock; /* inode of the socket: as shown by /proc/net and in stdio */
	__u64 tx;   /* payload bytes sent, each once, however often it was transmitted */
	__u64 rx;   /* payload bytes received in order */
	__u8 laddr[16]; /* network order; IPv4 always as ::ffff:a.b.c.d */
	__u8 raddr[16];
	__u16 lport; /* host order */
	__u16 rport;
	__u16 family; /* AF_INET, AF_INET6: of the socket, not of the address */
	__u8 proto;   /* IPPROTO_TCP, IPPROTO_UDP, ... */
	__u8 state;   /* TCP_*: 1 established, 2 SYN sent, 7 closed, 10 listening */
	__s32 err;    /* errno of a failed or pending connect, positive; 0 = none */
	__s32 fd;     /* -1 = unknown */
	__u32 netns;
	__u32 backlog; /* LISTEN: maximum queue */
	__u64 pair;    /* of TCP, 0 = not known: all but bit 0 is the same at both ends, whatever translates the addresses
			  between them; bit 0: this end asked */
};

struct spy_unix {
	struct spy_hdr h;
	__u32 path; /* raw; an abstract name begins with NUL */
	__s32 fd;
	__u64 sock;    /* inode of the socket, 0 = none yet */
	__u64 end;     /* this end: scrambled kernel address */
	__u64 peer;    /* the other end, 0 = none */
	__u32 peer_tgid; /* SO_PEERCRED: who listened or connected */
	__u8 state;    /* as TCP */
	__u8 type;     /* SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_SEQPACKET 5 */
	__u16 pad;
};

struct spy_pipe {
	struct spy_hdr h;
	__u64 ino;
	__u32 open; /* spy_open_flag: which end the process holds; both when it created the pipe */
	__s32 fd;
};

struct spy_tick {
	struct spy_hdr h;
	__u64 cpu_ns; /* user + system of all threads, living and dead */
	__u64 rss_bytes;
	__u64 vsz_bytes;
	__u64 read_bytes; /* storage I/O */
	__u64 write_bytes;
	__u32 threads;
	__u32 state; /* letter as in /proc/pid/stat */
};

struct spy_loss {
	struct spy_hdr h;
	__u64 lost; /* records of that kind since the last such row (of the same process, when THROTTLED) */
	__u32 kind;
	__u32 pad;
};

struct spy_mark {
	struct spy_hdr h;
	__u32 what; /* spy_mark_what */
	__u32 pad;
};

/*
 * Rows of a checkpoint. Flags, kinds, severities and other codes are the numbers of the tables of src/core/graph; doubles are
 * stored as their bits.
 */

/* header time = last seen; a second row with the same number is one more name of it */
struct spy_state_file {
	struct spy_hdr h;
	__u32 path;
	__u32 number;
	__u64 first;
	__u64 ino;
	__u32 dev;
	__u32 gen;
	__u32 flags;
	__u32 named; /* 1 = found by this path */
};

/* header time = first seen */
struct spy_state_channel {
	struct spy_hdr h;
	__u64 ino;
	__u32 number;
	__u32 indexed; /* 1 = the inode still means this one */
};

/* header time = opened; pairs are the two sides */
struct spy_state_connection {
	struct spy_hdr h;
	__u32 path;
	__u32 name; /* what the server's address was looked up as */
	__u64 closed;
	__u64 ino[2];
	__u64 end[2]; /* kernel addresses of a unix socket */
	__u64 tx[2];
	__u64 rx[2];
	__u64 tx_rate[2]; /* doubles */
	__u64 rx_rate[2];
	__u64 sampled[2];
	__u32 refresh[2]; /* number of the refresh of the sample */
	__u32 end_flags[2];
	__u32 indexed[2]; /* 1 = found by inode, 2 = by kernel address */
	__u32 cred_tgid[2];
	__u32 port[2];
	__u8 addr[2][16];
	__u64 pair;
	__u8 seen_addr[2][16]; /* where addresses are translated: the server's own and its client's, as the server sees them */
	__u32 seen_port[2];    /* 0 = they are not */
	__u32 netns;
	__u32 flags;
	__s32 err;
	__u16 family;
	__u8 proto;
	__u8 state;
	__u8 client; /* side that asked */
	__u8 pad[3];
	__u32 number;
};

/* header process = who executed it, zero when forgotten; header time = when */
struct spy_state_image {
	struct spy_hdr h;
	__u32 exe;
	__u32 cwd;
	__u32 argv;
	__u32 script;
	__u32 env;
	__u32 number;
	__u32 previous;
	__u32 file;
	__u32 image; /* spy_image_flag */
	__u32 known;
	__u32 stdio;
	__u32 pad;
};

/* header process = the process; header time = exit */
struct spy_state_process {
	struct spy_hdr h;
	__u32 cgroup_path;
	__u32 comm;
	__u64 parent_start;
	__u64 cgroup;
	__u64 cpu_ns;
	__u64 cpu_percent; /* double */
	__u64 rss_bytes;
	__u64 read_bytes;
	__u64 write_bytes;
	__u64 sampled;
	__u32 refresh; /* number of the refresh of the sample */
	__u32 number;
	__u32 image;
	__u32 flags;
	__u32 parent_tgid;
	__u32 real_parent_tgid;
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 egid;
	__u32 login_uid;
	__u32 session_id;
	__u32 sid;
	__u32 tty;
	__u32 ns_pid;
	__u32 pidns;
	__u32 netns;
	__u32 mntns;
	__u32 exit_code;
	__u32 threads;
	__u32 severity;
	__u32 snapshot; /* number of the last snapshot it was seen in */
};

/* header process = whose it is; header time = last */
struct spy_state_edge {
	struct spy_hdr h;
	__u64 first;
	__u32 object;
	__u32 times;
	__u32 detail;
	__u16 flags;
	__u8 kind;
	__u8 family;
};

/* header process = whom it is about; header time = when */
struct spy_state_finding {
	struct spy_hdr h;
	__u32 rule;
	__u32 title;
	__u32 reason;
	__u32 techniques; /* NUL-separated */
	__u32 key;        /* alike ones share it */
	__u32 severity;
	__u32 certainty; /* 0 observed, 1 inferred, 2 before start */
	__u32 pad;
};

struct spy_state_link {
	struct spy_hdr h;
	__u32 role; /* 0 = of its chain, 1 = evidence */
	__u32 kind; /* SPY_KIND_STATE_* of what it is */
	__u32 number;
	__u32 pad;
};

/* header process = who did it; header time = last */
struct spy_state_mark {
	struct spy_hdr h;
	__u32 text;
	__u32 times;
	__u64 first;
	__u64 bits;
	__u32 failed;
	__u16 kind;
	__u16 how;
};

/* header process = who was told, zero = the host's last asker */
struct spy_state_name {
	struct spy_hdr h;
	__u32 name;
	__u32 pad;
	__u8 addr[16];
};

/* header process = the monitor itself */
struct spy_state_end {
	struct spy_hdr h;
	__u64 events;
	__u64 snapshot_begun;
	__u64 ticked;
	__u64 sockets_ticked;
	__u32 snapshot;
	__u32 tick;
	__u32 sockets_tick;
	__u32 pad;
	__u64 forgotten_processes; /* those that did not fit included */
	__u64 forgotten_connections;
	__u64 forgotten_files;
	__u64 forgotten_edges;
};

/* A batch: this header, rows, strings. Each string: __u32 length, bytes, zero padding to 4. */
struct spy_batch {
	__u32 magic;
	__u16 version;
	__u16 flags; /* SPY_BATCH_KEY: string ids restart, nothing before this batch is referred to */
	__u32 row_bytes;
	__u32 str_bytes;
	__u32 rows;
	__u32 strs;
	__u32 first_str; /* id of the first string; the others follow by one */
	__u32 pad;
	__u64 time; /* ns since boot when the batch was closed */
	__u64 wall; /* ns since 1970 at the same moment */
};

enum spy_batch_flag {
	SPY_BATCH_KEY = 1,
};

#define SPY_ASSERT(type) _Static_assert(sizeof(struct type) % 8 == 0, #type " is a multiple of 8 bytes")
SPY_ASSERT(spy_hdr);
SPY_ASSERT(spy_fork);
SPY_ASSERT(spy_image);
SPY_ASSERT(spy_exit);
SPY_ASSERT(spy_file);
SPY_ASSERT(spy_use);
SPY_ASSERT(spy_bytes);
SPY_ASSERT(spy_path);
SPY_ASSERT(spy_cred);
SPY_ASSERT(spy_call);
SPY_ASSERT(spy_dns);
SPY_ASSERT(spy_sock);
SPY_ASSERT(spy_unix);
SPY_ASSERT(spy_pipe);
SPY_ASSERT(spy_tick);
SPY_ASSERT(spy_loss);
SPY_ASSERT(spy_mark);
SPY_ASSERT(spy_batch);
SPY_ASSERT(spy_state_file);
SPY_ASSERT(spy_state_channel);
SPY_ASSERT(spy_state_connection);
SPY_ASSERT(spy_state_image);
SPY_ASSERT(spy_state_process);
SPY_ASSERT(spy_state_edge);
SPY_ASSERT(spy_state_finding);
SPY_ASSERT(spy_state_link);
SPY_ASSERT(spy_state_mark);
SPY_ASSERT(spy_state_name);
SPY_ASSERT(spy_state_end);
_Static_assert(sizeof(struct spy_hdr) == 32, "header");

#endif
