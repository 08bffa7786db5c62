// SPDX-License-Identifier: MIT
// Programs on functions of the kernel: a better hook where they load, never needed. Whether they can is found out before they
// are loaded, since each refusal costs loading everything once more.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <vector>

#include "session.h"

namespace spy {

namespace {

constexpr const char kSection[] = "fentry/";

// Nothing, or why this kernel takes no such program.
Trouble refusal() {
  // dd6e10fbd9fb
  if (!kernel_at_least(5, 15)) return {"before Linux 5.15 such a program cannot tell which system call it is in"};
#if defined(__aarch64__)
  // 2aa6ac03516d
  if (!kernel_at_least(6, 4)) return {"before Linux 6.4 functions cannot be hooked on arm64"};
#endif
  const bpf_insn program[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_prog_load_opts options = {};
  options.sz = sizeof(options);
  options.expected_attach_type = BPF_TRACE_FENTRY;
  // The first type is no function: where these programs are allowed the kernel says so, and we need not look one up.
  options.attach_btf_id = 1;
  int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", program, std::size(program), &options);
  int error = errno;
  if (fd >= 0) close(fd);
  if (fd >= 0 || error == EINVAL) return {};
  return {std::string("fentry programs: ") + strerror(error), error};
}

}  // namespace

bool by_function(const bpf_program* p) { return p && !std::strncmp(bpf_program__section_name(p), kSection, std::strlen(kSection)); }

void Session::probe_functions() {
  Trouble trouble = refusal();
  bpf_program* p;
  bpf_object__for_each_program(p, object_)
    if (by_function(p) && !trouble.why.empty()) broken_[bpf_program__name(p)] = trouble;
  // 720e6a435194: before, programs take no arguments that are structs.
  if (trouble.why.empty() && !kernel_at_least(6, 1)) broken_["resolve_chown"] = {"before Linux 6.1 its arguments cannot be hooked"};
}

// One of them was refused. Those whose functions are missing need not be tried; where none is, the others would be refused, too.
void Session::drop_functions(const std::string& culprit, const Trouble& trouble) {
  btf* types = btf__load_vmlinux_btf();
  bool missing = false;
  bpf_program* p;
  bpf_object__for_each_program(p, object_) {
    const char* function = bpf_program__section_name(p) + std::strlen(kSection);
    if (!by_function(p) || !types || btf__find_by_name_kind(types, function, BTF_KIND_FUNC) >= 0) continue;
    missing |= broken_.emplace(bpf_program__name(p), Trouble{std::string("this kernel has no ") + function}).second;
  }
  btf__free(types);
  if (missing) return;
  bpf_object__for_each_program(p, object_)
    if (by_function(p)) broken_.emplace(bpf_program__name(p), Trouble{culprit + ": " + trouble.why, trouble.number});
}

// Whoever closes the last descriptor of such a link waits for the kernel, one after the other: 1.2 s for all of them on 6.1. So
// that nobody who quits does, a process that no one waits for keeps them until ours are closed, and ends.
void Session::detach_functions() {
  std::vector<unsigned> kept;
  for (const Link& l : links_)
    if (by_function(program(l.program.c_str()))) kept.push_back(static_cast<unsigned>(bpf_link__fd(l.link)));
  if (kept.empty()) return;
  std::sort(kept.begin(), kept.end());
  int closed[2];
  if (pipe2(closed, O_CLOEXEC)) return;
  pid_t child = fork();
  if (!child) {
    if (fork()) _exit(0);
    ::close(closed[1]);
    char end;
    while (::read(closed[0], &end, 1) < 0 && errno == EINTR) continue;
    unsigned next = 0;
    for (unsigned fd : kept) {
      if (fd > next) close_range(next, fd - 1, 0);
      next = fd + 1;
    }
    close_range(next, ~0u, 0);
    _exit(0);
  }
  if (child > 0) waitpid(child, nullptr, 0);
  std::erase_if(links_, [&](const Link& l) {
    if (!by_function(program(l.program.c_str()))) return false;
    bpf_link__destroy(l.link);
    return true;
  });
  ::close(closed[0]);
  ::close(closed[1]);
}

}  // namespace spy
