// SPDX-License-Identifier: MIT
// Programs on functions of the kernel: a better hook where they load, never needed. Whether they can is found out before they
// are loaded, since each refusal costs loading everything once more.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

#include "session.h"

namespace spy {

namespace {

constexpr const char kSection[] = "fentry/";

// Nothing, or why this kernel takes no such program.
std::string refusal() {
  // dd6e10fbd9fb
  if (!kernel_at_least(5, 15)) return "before Linux 5.15 such a program cannot tell which system call it is in";
#if defined(__aarch64__)
  // 2aa6ac03516d
  if (!kernel_at_least(6, 4)) return "before Linux 6.4 functions cannot be hooked on arm64";
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
  return fd >= 0 || error == EINVAL ? "" : std::string("fentry programs: ") + strerror(error);
}

}  // namespace

bool by_function(const bpf_program* p) { return p && !std::strncmp(bpf_program__section_name(p), kSection, std::strlen(kSection)); }

void Session::probe_functions() {
  std::string why = refusal();
  bpf_program* p;
  bpf_object__for_each_program(p, object_)
    if (by_function(p) && !why.empty()) broken_[bpf_program__name(p)] = why;
  // 720e6a435194: before, programs take no arguments that are structs.
  if (why.empty() && !kernel_at_least(6, 1)) broken_["resolve_chown"] = "before Linux 6.1 its arguments cannot be hooked";
}

// One of them was refused: those whose functions are missing, too, need not be tried.
void Session::drop_missing_functions() {
  btf* types = btf__load_vmlinux_btf();
  if (!types) return;
  bpf_program* p;
  bpf_object__for_each_program(p, object_) {
    if (!by_function(p)) continue;
    const char* function = bpf_program__section_name(p) + std::strlen(kSection);
    if (btf__find_by_name_kind(types, function, BTF_KIND_FUNC) < 0)
      broken_[bpf_program__name(p)] = std::string("this kernel has no ") + function;
  }
  btf__free(types);
}

}  // namespace spy
