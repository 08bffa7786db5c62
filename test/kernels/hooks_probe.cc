// SPDX-License-Identifier: MIT
// Which hooks beyond the portable ones this kernel offers: each is loaded as an empty program, attached, and a child
// does something that must reach it.
#include "hooks_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "report.h"

namespace {

struct Hook {
  bpf_prog_type type;
  bpf_attach_type attach;
  const char* function;
};

constexpr Hook kHooks[] = {
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "file_open"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bprm_check_security"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bprm_committed_creds"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "task_fix_setuid"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "capset"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "path_rename"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "path_unlink"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "inode_rename"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "inode_unlink"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "path_chmod"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "sb_mount"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "mmap_file"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "file_mprotect"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "ptrace_access_check"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "task_kill"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "socket_connect"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "socket_sendmsg"},
    {BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "security_file_open"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "do_filp_open"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "do_sys_openat2"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "security_bprm_check"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "commit_creds"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "vfs_read"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "vfs_write"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "vfs_rename"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "vfs_unlink"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "filp_close"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "inet_csk_accept"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "tcp_close"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "udp_sendmsg"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "__x64_sys_openat"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "__arm64_sys_openat"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "sock_send_length"},
    {BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "sock_recv_length"},
};

std::string section_of(const Hook& hook) {
  if (hook.type == BPF_PROG_TYPE_LSM) return std::string("lsm/") + hook.function;
  if (hook.attach == BPF_TRACE_RAW_TP) return std::string("tp_btf/") + hook.function;
  return std::string(hook.attach == BPF_TRACE_FENTRY ? "fentry/" : "fexit/") + hook.function;
}

void in_wait(pid_t pid) { waitpid(pid, nullptr, __WALL); }

void trigger() {
  close(open("/tmp/probe", O_RDWR | O_CREAT, 0644));
  int fd = open("/tmp/probe", O_RDWR);
  if (write(fd, "x", 1) < 0 || pread(fd, &fd, 0, 0) < 0) return;
  chmod("/tmp/probe", 0600);
  rename("/tmp/probe", "/tmp/probe-2");
  unlink("/tmp/probe-2");
  mkdir("/tmp/probe-mount", 0755);
  mount("none", "/tmp/probe-mount", "tmpfs", 0, "");
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
  int pair[2];
  if (!socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
    char byte = 'x';
    send(pair[0], &byte, 1, 0);
    recv(pair[1], &byte, 1, 0);
  }
  sockaddr nowhere = {};
  connect(socket(AF_INET, SOCK_DGRAM, 0), &nowhere, sizeof(nowhere));
  bpf_map_create(BPF_MAP_TYPE_ARRAY, nullptr, 4, 4, 1, nullptr);
  pid_t child = fork();
  if (!child)
    for (;;) pause();
  ptrace(PTRACE_SEIZE, child, nullptr, nullptr);
  kill(child, SIGKILL);
  in_wait(child);
  child = fork();
  if (!child) {
    execl("/init", "/init", "exit", "0", nullptr);
    _exit(1);
  }
  in_wait(child);
  if (setuid(1)) _exit(1);
}

}  // namespace

void probe_hooks() {
  struct Attached {
    const Hook* hook;
    int program, link;
  };
  std::vector<Attached> attached;
  int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
  for (const Hook& hook : kHooks) {
    int id = libbpf_find_vmlinux_btf_id(hook.function, hook.attach);
    if (id <= 0) {
      Line("hook", section_of(hook)).flag("loads", false).flag("runs", false).string("why", "no such function");
      continue;
    }
    bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
                       {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    char log[4096] = "";
    bpf_prog_load_opts options = {};
    options.sz = sizeof(options);
    options.expected_attach_type = hook.attach;
    options.attach_btf_id = static_cast<uint32_t>(id);
    options.log_level = 1;
    options.log_buf = log;
    options.log_size = sizeof(log);
    int program = bpf_prog_load(hook.type, "probe", "GPL", code, 2, &options);
    int error = errno;
    int link = program < 0 ? -1 : bpf_raw_tracepoint_open(nullptr, program);
    if (link < 0) {
      std::string why = program < 0 ? (*log ? std::string(log, strcspn(log, "\n")) : strerror(error)) : std::string("attach: ") + strerror(errno);
      Line("hook", section_of(hook)).flag("loads", program >= 0).flag("runs", false).string("why", why);
      if (program >= 0) close(program);
      continue;
    }
    attached.push_back({&hook, program, link});
  }
  pid_t child = fork();
  if (!child) {
    trigger();
    _exit(0);
  }
  in_wait(child);
  for (const Attached& a : attached) {
    bpf_prog_info info = {};
    uint32_t length = sizeof(info);
    bpf_obj_get_info_by_fd(a.program, &info, &length);
    Line("hook", section_of(*a.hook)).flag("loads", true).flag("runs", info.run_cnt > 0).string("why", "");
    close(a.link);
    close(a.program);
  }
  if (stats >= 0) close(stats);
}
