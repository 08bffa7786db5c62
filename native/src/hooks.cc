// SPDX-License-Identifier: MIT
#include "hooks.h"

#include <sys/syscall.h>

namespace spy {

namespace {

constexpr const char* kProcesses[] = {"on_fork", "on_exec", "on_exit"};
constexpr const char* kFiles[] = {"on_open"};
constexpr const char* kPermissions[] = {"on_fchmod", "on_chmod", "on_fchmodat"};
constexpr const char* kTcp[] = {"on_tcp_state"};
constexpr const char* kAccept[] = {"on_accept", "on_connect"};
constexpr const char* kDatagrams[] = {"on_sendto", "on_sendmsg"};
constexpr const char* kPipes[] = {"on_pipe"};
constexpr const char* kDispatch[] = {"on_syscall"};
constexpr const char* kSnapshot[] = {"snapshot_processes"};
constexpr const char* kSnapshotFiles[] = {"snapshot_files"};
constexpr const char* kUsage[] = {"refresh_tasks", "refresh_sockets"};

constexpr FeatureSpec kFeatures[] = {
    {"processes", "tp_btf sched_process_fork, _exec, _exit", kProcesses, "processes that live shorter than a poll of /proc"},
    {"system calls", "tp_btf sys_exit", kDispatch, "files, accepted connections, datagrams, pipes"},
    {"files", "sys_exit of open, openat, openat2, creat, open_by_handle_at", kFiles, "opened and written files"},
    {"permissions", "sys_exit of chmod, fchmod, fchmodat, fchmodat2", kPermissions, "files made executable"},
    {"tcp", "tp_btf inet_sock_set_state", kTcp, "connections that live shorter than a refresh"},
    {"sockets", "sys_exit of accept, accept4, connect", kAccept, "accepted connections and unix sockets"},
    {"datagrams", "sys_exit of sendto, sendmsg, sendmmsg", kDatagrams, "destinations of UDP"},
    {"pipes", "sys_exit of pipe, pipe2", kPipes, "who created a pipe"},
    {"snapshot", "iter.s/task", kSnapshot, "arguments of processes from before the start come from /proc"},
    {"open files", "iter/task_file", kSnapshotFiles, "sockets, pipes and files opened before the start"},
    {"usage", "iter/task, iter/task_file", kUsage, "CPU, memory, traffic counters"},
};

#ifndef __NR_openat2
#define __NR_openat2 437
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

constexpr Syscall kSyscalls[] = {
#ifdef __NR_open
    {"on_open", __NR_open},
    {"on_open", __NR_creat},
    {"on_chmod", __NR_chmod},
    {"on_pipe", __NR_pipe},
#endif
    {"on_open", __NR_openat},
    {"on_open", __NR_openat2},
    {"on_open", __NR_open_by_handle_at},
    {"on_fchmod", __NR_fchmod},
    {"on_fchmodat", __NR_fchmodat},
    {"on_fchmodat", __NR_fchmodat2},
    {"on_pipe", __NR_pipe2},
    {"on_connect", __NR_connect},
    {"on_accept", __NR_accept},
    {"on_accept", __NR_accept4},
    {"on_sendto", __NR_sendto},
    {"on_sendmsg", __NR_sendmsg},
    {"on_sendmsg", __NR_sendmmsg},
};

#if defined(__x86_64__)
// arch/x86/entry/syscalls/syscall_32.tbl; sockets also go through socketcall (102), found at the next refresh.
constexpr Syscall kCompatSyscalls[] = {
    {"on_open", 5},      {"on_open", 8},       {"on_open", 295},    {"on_open", 342},     {"on_open", 437},
    {"on_chmod", 15},    {"on_fchmod", 94},    {"on_fchmodat", 306}, {"on_fchmodat", 452}, {"on_pipe", 42},
    {"on_pipe", 331},    {"on_connect", 362},  {"on_accept", 364},  {"on_sendto", 369},   {"on_sendmsg", 370},
    {"on_sendmsg", 345},
};
#endif

}  // namespace

std::span<const FeatureSpec> features() { return kFeatures; }
std::span<const Syscall> syscall_table() { return kSyscalls; }


std::span<const Syscall> compat_syscall_table() {
#if defined(__x86_64__)
  return kCompatSyscalls;
#else
  return {};
#endif
}

}  // namespace spy
