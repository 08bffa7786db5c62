// SPDX-License-Identifier: MIT
// Pipes, credentials, and calls that reach into other processes, the kernel or out of a process's bounds.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

namespace {

enum { TARGET, FIRST_INO, SECOND_INO, MMAP_AT, MPROTECT_AT };

void pipes(Facts& facts) {
  int a[2], b[2];
#ifdef SYS_pipe
  MUST(syscall(SYS_pipe, a));
#else
  MUST(syscall(SYS_pipe2, a, 0));
#endif
  MUST(syscall(SYS_pipe2, b, O_CLOEXEC));
  facts.number[FIRST_INO] = inode_of(a[0]);
  facts.number[SECOND_INO] = inode_of(b[1]);
}

void check_pipes(const Capture& c, const Facts& facts, Check& check) {
  auto made = [&](int ino) {
    return c.find<spy_pipe>(SPY_KIND_PIPE, facts.pid,
                            [&](auto& r, auto&) { return r.ino == facts.number[ino] && r.open == (SPY_OPEN_READ | SPY_OPEN_WRITE); });
  };
  check.that(made(FIRST_INO), "pipe");
  check.that(made(SECOND_INO), "pipe2");
}

void credentials(Facts& facts) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  MUST(syscall(SYS_capget, &header, data));
  data[0].effective &= ~(1u << CAP_SYS_PTRACE);
  MUST(syscall(SYS_capset, &header, data));
  MUST(syscall(SYS_setresgid, 1200, 1200, 1200));
  MUST(syscall(SYS_setuid, 1100));
  facts.number[TARGET] = SYS_setuid;
}

void check_credentials(const Capture& c, const Facts& facts, Check& check) {
  auto changed = [&](auto takes) { return c.find<spy_cred>(SPY_KIND_CRED, facts.pid, [&](auto& r, auto&) { return r.how == 1 && takes(r); }); };
  check.that(changed([](auto& r) { return r.nr == SYS_capset && !(r.caps >> CAP_SYS_PTRACE & 1) && r.caps; }), "capset");
  check.that(changed([](auto& r) { return r.gid == 1200 && r.egid == 1200 && !r.old_gid; }), "setresgid");
  check.that(changed([](auto& r) { return r.uid == 1100 && r.euid == 1100 && !r.old_uid && r.old_caps && !r.caps; }), "setuid");
}

char g_written[8] = "before";

void injection(Facts& facts) {
  pid_t target = MUST(fork());
  if (!target)
    for (;;) pause();
  facts.number[TARGET] = static_cast<uint64_t>(target);
  iovec local = {const_cast<char*>("after"), 6}, remote = {g_written, 6};
  MUST(process_vm_writev(target, &local, 1, &remote, 1, 0));
  int pidfd = static_cast<int>(MUST(syscall(SYS_pidfd_open, target, 0)));
  MUST(syscall(SYS_pidfd_getfd, pidfd, 0, 0));
  MUST(ptrace(PTRACE_ATTACH, target, nullptr, nullptr));
  MUST(waitpid(target, nullptr, __WALL));
  MUST(ptrace(PTRACE_POKEDATA, target, g_written, 0x41414141));
  MUST(kill(target, SIGKILL));
  MUST(waitpid(target, nullptr, __WALL));
}

void check_injection(const Capture& c, const Facts& facts, Check& check) {
  auto target = static_cast<uint32_t>(facts.number[TARGET]);
  auto injected = [&](uint32_t nr, auto takes) {
    return c.find<spy_call>(SPY_KIND_INJECT, facts.pid, [&](auto& r, auto&) { return r.nr == nr && takes(r); });
  };
  check.that(injected(SYS_process_vm_writev, [&](auto& r) { return r.target_tgid == target && r.ret == 6; }), "process_vm_writev");
  check.that(injected(SYS_pidfd_getfd, [](auto& r) { return r.ret >= 0; }), "pidfd_getfd");
  check.that(injected(SYS_ptrace, [&](auto& r) { return r.args[0] == PTRACE_ATTACH && r.target_tgid == target; }), "ptrace attach");
  check.that(injected(SYS_ptrace, [&](auto& r) { return r.args[0] == PTRACE_POKEDATA && r.target_tgid == target; }), "ptrace poke");
}

void memory(Facts& facts) {
  MUST(syscall(SYS_memfd_create, "hidden", 0));
  void* both = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* later = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (both == MAP_FAILED || later == MAP_FAILED) give_up("mmap", __LINE__);
  MUST(mprotect(later, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
  facts.number[MPROTECT_AT] = reinterpret_cast<uint64_t>(later);
}

void check_memory(const Capture& c, const Facts& facts, Check& check) {
  auto seen = [&](uint32_t nr, auto takes) {
    return c.find<spy_call>(SPY_KIND_MEMORY, facts.pid, [&](auto& r, auto& row) { return r.nr == nr && takes(r, row); });
  };
  check.that(seen(SYS_memfd_create, [](auto&, auto& row) { return row.text[0] == "hidden"; }), "memfd_create");
  check.that(seen(SYS_mmap, [](auto& r, auto&) { return r.args[2] == (PROT_READ | PROT_WRITE | PROT_EXEC); }), "mmap");
  check.that(seen(SYS_mprotect, [&](auto& r, auto&) { return r.args[0] == facts.number[MPROTECT_AT]; }), "mprotect");
}

void kernel(Facts&) {
  bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
                     {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  union bpf_attr attr = {};
  attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attr.insns = reinterpret_cast<uint64_t>(code);
  attr.insn_cnt = 2;
  attr.license = reinterpret_cast<uint64_t>("GPL");
  MUST(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
  syscall(SYS_delete_module, "no_such_module", O_NONBLOCK);
}

void check_kernel(const Capture& c, const Facts& facts, Check& check) {
  auto called = [&](uint32_t nr, auto takes) {
    return c.find<spy_call>(SPY_KIND_KERNEL, facts.pid, [&](auto& r, auto&) { return r.nr == nr && takes(r); });
  };
  check.that(called(SYS_bpf, [](auto& r) { return r.args[0] == BPF_PROG_LOAD && r.ret >= 0; }), "bpf");
  check.that(called(SYS_delete_module, [](auto& r) { return r.ret < 0; }), "failed delete_module");
}

void namespaces(Facts&) {
  int own = MUST(open("/proc/self/ns/net", O_RDONLY));
  MUST(unshare(CLONE_NEWNET));
  MUST(setns(own, CLONE_NEWNET));
}

void check_namespaces(const Capture& c, const Facts& facts, Check& check) {
  auto called = [&](uint32_t nr, int at) {
    return c.find<spy_call>(SPY_KIND_NAMESPACE, facts.pid, [&](auto& r, auto&) { return r.nr == nr && r.args[at] == CLONE_NEWNET; });
  };
  check.that(called(SYS_unshare, 0), "unshare");
  check.that(called(SYS_setns, 1), "setns");
}

// One NOP through a ring made by hand.
void uring(Facts&) {
  io_uring_params params = {};
  long made = syscall(SYS_io_uring_setup, 4, &params);
  if (made < 0) return skip("io_uring");
  int fd = static_cast<int>(made);
  size_t ring_bytes = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
  auto at = [&](size_t bytes, off_t offset) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
    if (p == MAP_FAILED) give_up("mmap of the ring", __LINE__);
    return static_cast<uint8_t*>(p);
  };
  uint8_t* ring = at(ring_bytes, IORING_OFF_SQ_RING);
  auto* entries = reinterpret_cast<io_uring_sqe*>(at(params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES));
  entries[0].opcode = IORING_OP_NOP;
  reinterpret_cast<uint32_t*>(ring + params.sq_off.array)[0] = 0;
  __atomic_store_n(reinterpret_cast<uint32_t*>(ring + params.sq_off.tail), 1, __ATOMIC_RELEASE);
  MUST(syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0));
}

void check_uring(const Capture& c, const Facts& facts, Check& check) {
  if (*facts.skipped) return;
  check.that(c.find<spy_call>(SPY_KIND_URING, facts.pid, [](auto& r, auto&) { return r.nr == IORING_OP_NOP; }), "opcode");
}

constexpr Scene kScenes[] = {
    {"pipes", "pipes", pipes, check_pipes},
    {"credentials", "credentials", credentials, check_credentials},
    {"injection", "injection", injection, check_injection},
    {"executable memory", "memory", memory, check_memory},
    {"kernel", "kernel", kernel, check_kernel},
    {"namespaces", "namespaces", namespaces, check_namespaces},
    {"io_uring", "io_uring", uring, check_uring},
};

}  // namespace

std::span<const Scene> reach_scenes() { return kScenes; }
