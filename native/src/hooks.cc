// SPDX-License-Identifier: MIT
#include "hooks.h"

#include <sys/syscall.h>

namespace spy {

namespace {

constexpr const char* kProcesses[] = {"on_fork", "on_exec", "on_exit"};
constexpr const char* kFiles[] = {"on_open"};
constexpr const char* kPermissions[] = {"on_chmod", "resolve_chmod"};
constexpr const char* kPermissionsBase[] = {"on_chmod"};
constexpr const char* kTcp[] = {"on_tcp_state", "on_tcp_state_again"};
constexpr const char* kAccept[] = {"on_accept", "on_connect", "on_listen"};
constexpr const char* kDatagrams[] = {"on_sendto", "on_message"};
constexpr const char* kPipes[] = {"on_pipe"};
constexpr const char* kDns[] = {"on_recvfrom", "on_message"};
constexpr const char* kUse[] = {"on_read", "on_write", "on_copy"};
constexpr const char* kNames[] = {"on_names", "resolve_rename", "resolve_unlink", "resolve_rmdir", "resolve_link", "resolve_symlink"};
constexpr const char* kNamesBase[] = {"on_names"};
constexpr const char* kMounts[] = {"on_names", "resolve_mount"};
constexpr const char* kMountsBase[] = {"on_names"};
constexpr const char* kAttributes[] = {"on_names", "resolve_truncate", "resolve_chown"};
constexpr const char* kAttributesBase[] = {"on_names"};
constexpr const char* kCredentials[] = {"on_setid"};
constexpr const char* kInjection[] = {"on_control"};
constexpr const char* kMemory[] = {"on_memory"};
constexpr const char* kKernel[] = {"on_control"};
constexpr const char* kNamespaces[] = {"on_control"};
constexpr const char* kControlGroups[] = {"on_cgroup"};
constexpr const char* kSignals[] = {"on_signal"};
constexpr const char* kUring[] = {"on_uring"};
constexpr const char* kUringResults[] = {"on_uring_complete"};
constexpr const char* kDispatch[] = {"on_syscall"};
constexpr const char* kSnapshot[] = {"snapshot_processes"};
constexpr const char* kUringBase[] = {"on_uring_before_6_3"};
constexpr const char* kSnapshotBase[] = {"snapshot_processes_without_argv"};
constexpr Hook kBeforeSubmitReq = {"raw_tp io_uring_submit_sqe", kUringBase, "which processes bypass system calls"};
constexpr Hook kArgvFromProc = {"iter/task, arguments from /proc", kSnapshotBase, "processes from before the start"};
constexpr Hook kNamesTyped = {"sys_exit of rename, unlink, link, symlink and their at forms", kNamesBase, "renamed, deleted and linked files"};
constexpr Hook kPermissionsTyped = {"sys_exit of chmod, fchmod, fchmodat, fchmodat2", kPermissionsBase, "files made executable"};
constexpr Hook kMountsTyped = {"sys_exit of mount", kMountsBase, "mounts"};
constexpr Hook kAttributesTyped = {"sys_exit of truncate, chown and their forms", kAttributesBase, "truncated files and changed owners"};
constexpr const char* kTyped = "the true name, where a path is swapped while the call is made";
constexpr const char* kSnapshotFiles[] = {"snapshot_files"};
constexpr const char* kUsage[] = {"refresh_tasks", "refresh_sockets"};

constexpr FeatureSpec kFeatures[] = {
    {"processes", "tp_btf sched_process_fork, _exec, _exit", kProcesses, "processes that live shorter than a poll of /proc"},
    {"system calls", "tp_btf sys_exit", kDispatch, "files, accepted connections, datagrams, pipes"},
    {"files", "sys_exit of open, openat, openat2, creat, open_by_handle_at", kFiles, "opened and written files"},
    {"permissions", "sys_exit of chmod and its forms, fentry security_path_chmod", kPermissions, kTyped, &kPermissionsTyped},
    {"tcp", "tp_btf inet_sock_set_state", kTcp, "connections that live shorter than a refresh"},
    {"sockets", "sys_exit of accept, accept4, connect, listen", kAccept, "accepted connections and unix sockets"},
    {"datagrams", "sys_exit of sendto, sendmsg, sendmmsg", kDatagrams, "destinations of UDP"},
    {"names and passed descriptors", "sys_exit of recvfrom, recvmsg, recvmmsg", kDns, "DNS names and descriptors received over unix sockets"},
    {"pipes", "sys_exit of pipe, pipe2, socketpair", kPipes, "who created a pipe or a pair of sockets"},
    {"reads and writes", "sys_exit of the read and write family, sendfile, splice, copy_file_range", kUse, "whether an open file was read or written"},
    {"names", "sys_exit of rename, unlink, link, symlink and their at forms, fentry security_path_*", kNames, kTyped, &kNamesTyped},
    {"mounts", "sys_exit of mount, fentry security_sb_mount", kMounts, kTyped, &kMountsTyped},
    {"attributes", "sys_exit of truncate, chown and their forms, fentry security_path_*", kAttributes, kTyped, &kAttributesTyped},
    {"credentials", "sys_exit of set*id, capset", kCredentials, "changes of user and capabilities"},
    {"injection", "sys_exit of ptrace, process_vm_writev, pidfd_getfd", kInjection, "processes that write into others"},
    {"memory", "sys_exit of memfd_create, mmap, mprotect", kMemory, "executable memory without a file"},
    {"kernel", "sys_exit of init_module, finit_module, delete_module, bpf", kKernel, "modules and BPF programs"},
    {"namespaces", "sys_exit of setns, unshare", kNamespaces, "changes of namespace"},
    {"control groups", "tp_btf cgroup_attach_task", kControlGroups, "moves between control groups, until the process executes or forks"},
    {"signals", "tp_btf signal_generate", kSignals, "who ended a process"},
    {"io_uring", "raw_tp io_uring_submit_req", kUring, "names in requests whose result no record tells", &kBeforeSubmitReq},
    {"io_uring results", "raw_tp io_uring_complete", kUringResults, "files, connections and data that processes reach through io_uring"},
    {"snapshot", "iter.s/task", kSnapshot, "arguments as the kernel has them", &kArgvFromProc},
    {"open files", "iter/task_file", kSnapshotFiles, "sockets, pipes and files opened before the start"},
    {"usage", "iter/task, iter/task_file", kUsage, "CPU, memory, traffic counters"},
};

constexpr Syscall kSyscalls[] = {
#define HANDLED(program, number) {#program, number},
#include "syscalls.h"
};

#if defined(__x86_64__)
// arch/x86/entry/syscalls/syscall_32.tbl; sockets also go through socketcall (102), found at the next refresh.
constexpr Syscall kCompatSyscalls[] = {
    {"on_open", 5},        {"on_open", 8},        {"on_open", 295},      {"on_open", 342},     {"on_open", 437},
    {"on_chmod", 15},      {"on_chmod", 94},     {"on_chmod", 306},  {"on_chmod", 452}, {"on_pipe", 42},
    {"on_pipe", 331},      {"on_connect", 362},   {"on_listen", 363}, {"on_pipe", 360},    {"on_accept", 364},    {"on_sendto", 369},   {"on_message", 370},
    {"on_message", 345},   {"on_recvfrom", 371}, {"on_message", 372}, {"on_message", 337}, {"on_message", 417}, {"on_read", 3},        {"on_read", 145},      {"on_read", 180},     {"on_read", 333},
    {"on_write", 4},       {"on_write", 146},     {"on_write", 181},     {"on_write", 334},    {"on_copy", 187},
    {"on_copy", 239},  {"on_copy", 313},    {"on_copy", 377},    {"on_names", 38},    {"on_names", 302},
    {"on_names", 353},  {"on_names", 10},     {"on_names", 40},     {"on_names", 301}, {"on_names", 9},
    {"on_names", 303},    {"on_names", 83},    {"on_names", 304}, {"on_names", 21},     {"on_names", 92},
    {"on_names", 93},  {"on_names", 212},     {"on_names", 207},    {"on_names", 298}, {"on_setid", 213},
    {"on_setid", 214},     {"on_setid", 203},     {"on_setid", 204},     {"on_setid", 208},    {"on_setid", 210},
    {"on_setid", 185},     {"on_control", 26},     {"on_control", 348}, {"on_control", 438}, {"on_memory", 356},
    {"on_memory", 192},      {"on_memory", 125},  {"on_control", 128},    {"on_control", 350},   {"on_control", 129},
    {"on_control", 357},    {"on_control", 346}, {"on_control", 310},
};
#endif

}  // namespace

const int kBeatCall = __NR_getcpu;

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
