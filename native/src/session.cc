// SPDX-License-Identifier: MIT
#include "session.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "hooks.h"
#include "kernel_types.h"

namespace spy {

namespace {

// libbpf reports the failing program only as text, through one process-wide callback; it runs on the calling thread.
thread_local std::string* g_log = nullptr;

int collect_log(libbpf_print_level level, const char* format, va_list args) {
  if (level == LIBBPF_DEBUG || !g_log) return 0;
  char line[2048];
  vsnprintf(line, sizeof(line), format, args);
  if (g_log->size() < (256u << 10)) *g_log += line;
  return 0;
}

struct LogScope {
  std::string text;
  LogScope() {
    g_log = &text;
    libbpf_set_print(collect_log);
  }
  ~LogScope() { g_log = nullptr; }
};

// Our pid as the kernel counts it for BPF, 0 when it cannot be told: in a nested pid namespace getpid() gives the number
// of some other process of the machine. A raw tracepoint program runs in the context of its caller (test run: 5.10).
uint32_t machine_pid() {
  // Opcode, destination, source, offset, immediate.
  const bpf_insn program[] = {
      {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_pid_tgid},
      {BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32},
      {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
  };
  int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "machine_pid", "GPL", program, std::size(program), nullptr);
  if (fd < 0) return 0;
  bpf_test_run_opts run = {};
  run.sz = sizeof(run);
  bool ran = !bpf_prog_test_run_opts(fd, &run);
  close(fd);
  return ran ? run.retval : 0;
}

// "prog 'NAME': ..." names the program a load failed for.
std::string failing_program(const std::string& log) {
  size_t at = log.rfind("prog '");
  if (at == std::string::npos) return {};
  size_t end = log.find('\'', at + 6);
  return end == std::string::npos ? std::string{} : log.substr(at + 6, end - at - 6);
}

// The last line of a verifier or libbpf log that says something.
std::string reason(const std::string& log, int error) {
  size_t end = log.size();
  while (end > 0) {
    size_t begin = log.rfind('\n', end - 1);
    begin = begin == std::string::npos ? 0 : begin + 1;
    std::string line = log.substr(begin, end - begin);
    bool noise = line.find_first_not_of(" \n") == std::string::npos || line.find("-- ") != std::string::npos ||
                 line.find("processed ") == 0 || line.find("failed to load object") != std::string::npos;
    if (!noise) return line.substr(0, line.find('\n'));
    if (begin == 0) break;
    end = begin - 1;
  }
  return strerror(error);
}

std::string hint_for(int error) {
  utsname u;
  uname(&u);
  switch (error) {
    case EPERM:
    case EACCES:
      return "run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE; under lockdown or in a container BPF may be "
             "forbidden: the command doctor tells which";
    case ENOENT:
    case ESRCH:
      return std::string("kernel ") + u.release + " lacks BTF or a hook: it needs 5.10 or later with CONFIG_DEBUG_INFO_BTF=y";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n 1024)";
    case ENOMEM:
      return "raise the memory lock limit (ulimit -l unlimited)";
    default:
      return "the command doctor tells what is there and what is not";
  }
}

std::string hint_to_open(int error) {
  return error == EMFILE || error == ENFILE ? hint_for(error) : "build it: npm run setup";
}

// ENOTSUPP, the kernel's own, which has no text.
constexpr int kNotSupported = 524;

// One record of a kind for each this many bytes of the ring is a process's share: a 64th of it when records are 256 bytes.
constexpr uint32_t kShare = 16384;

// What remembers processes, sockets and files is made for so many processors; fewer have less to do between two refreshes, and the
// kernel takes a page at a time to fill a map.
constexpr uint32_t kProcessors = 8, kFewest = 2;
constexpr const char* kMemories[] = {"owners", "uses", "known_creds", "datagrams", "shares", "uring_seen", "uring_accepts"};

template <typename T>
void set_rodata(bpf_object* object, const char* name, T value) {
  bpf_map* map = bpf_object__find_map_by_name(object, ".rodata");
  btf* types = bpf_object__btf(object);
  size_t size = 0;
  void* data = map ? bpf_map__initial_value(map, &size) : nullptr;
  if (!data || !types) return;
  int section = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  const btf_type* type = btf__type_by_id(types, static_cast<uint32_t>(section));
  if (section < 0 || !type) return;
  const btf_var_secinfo* vars = btf_var_secinfos(type);
  for (int i = 0; i < btf_vlen(type); i++) {
    const btf_type* var = btf__type_by_id(types, vars[i].type);
    if (std::strcmp(btf__name_by_offset(types, var->name_off), name)) continue;
    if (vars[i].offset + sizeof(T) <= size) std::memcpy(static_cast<uint8_t*>(data) + vars[i].offset, &value, sizeof(T));
  }
}

}  // namespace

bool kernel_at_least(int major, int minor) {
  utsname u;
  int here[2] = {};
  return !uname(&u) && sscanf(u.release, "%d.%d", &here[0], &here[1]) == 2 && std::pair(here[0], here[1]) >= std::pair(major, minor);
}

bpf_program* Session::program(const char* name) const {
  return object_ ? bpf_object__find_program_by_name(object_, name) : nullptr;
}

bool Session::loaded(const char* name) const {
  bpf_program* p = program(name);
  return p && bpf_program__fd(p) >= 0;
}

Error Session::open(const Options& options) {
  close();
  options_ = options;
  LogScope log;
  object_ = bpf_object__open_file(options.object_path.c_str(), nullptr);
  if (!object_) {
    int error = errno;
    return {error, "cannot open the BPF object " + options.object_path + ": " + reason(log.text, error), hint_to_open(error)};
  }
  return {};
}

Error Session::load() {
  if (!kernel_at_least(5, 19)) broken_["on_uring_complete"] = {"before Linux 5.19 a completion does not say of what"};
  if (kernel_at_least(6, 3)) broken_["on_uring_before_6_3"] = {"since Linux 6.3 another hook has taken its place"};
  probe_functions();
  // A program this kernel refuses costs its feature, not the capture: leave it out and try again.
  bool all_types = false;
  for (int attempt = 0; attempt < 24; attempt++) {
    LogScope log;
    if (!object_ && !(object_ = bpf_object__open_file(options_.object_path.c_str(), nullptr))) {
      int error = errno;
      return {error, "cannot open the BPF object " + options_.object_path, hint_to_open(error)};
    }
    bool resolves = false;
    bpf_program* p;
    bpf_object__for_each_program(p, object_) {
      bool wanted = !broken_.contains(bpf_program__name(p));
      bpf_program__set_autoload(p, wanted);
      resolves |= wanted && by_function(p);
    }
    bpf_map__set_autocreate(bpf_object__find_map_by_name(object_, "resolved_names"), resolves);
    set_rodata<bool>(object_, "resolves", resolves);
    if (!broken_.contains("snapshot_processes")) bpf_program__set_autoload(program("snapshot_processes_without_argv"), false);
    // Since 7.0 (a46023d5616e) a task can be preempted inside a tracepoint.
    bool preemptible = kernel_at_least(7, 0);
    for (const char* name : {"on_syscall_again", "on_fork_again", "on_exec_again", "on_exit_again"})
      if (!preemptible) bpf_program__set_autoload(program(name), false);
    set_rodata<bool>(object_, "preemptible", preemptible);
    if (!preemptible) bpf_map__set_max_entries(bpf_object__find_map_by_name(object_, "marks"), 1);
    if (options_.activity_bytes)
      bpf_map__set_max_entries(bpf_object__find_map_by_name(object_, "activity"), options_.activity_bytes);
    uint32_t processors = std::clamp(static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)), kFewest, kProcessors);
    for (const char* name : kMemories) {
      bpf_map* map = bpf_object__find_map_by_name(object_, name);
      bpf_map__set_max_entries(map, bpf_map__max_entries(map) / kProcessors * processors);
    }
    uint32_t self = machine_pid();
    set_rodata<uint32_t>(object_, "self_tgid", self);
    uint64_t key = 0;
    if (getrandom(&key, sizeof(key), 0) != sizeof(key)) return {errno, "getrandom failed", ""};
    set_rodata<uint64_t>(object_, "scramble_key", key);
    set_rodata<uint32_t>(object_, "page_shift", static_cast<uint32_t>(std::countr_zero(static_cast<unsigned long>(sysconf(_SC_PAGESIZE)))));
    uint32_t ring_bytes = bpf_map__max_entries(bpf_object__find_map_by_name(object_, "activity"));
    set_rodata<uint64_t>(object_, "crowded_bytes", ring_bytes / 2);
    set_rodata<uint32_t>(object_, "share_records", std::max(ring_bytes / kShare, 1u));
    const Setting settings[] = {{"SPY_SELF_TGID", static_cast<int32_t>(self)},
                                {"SPY_PREEMPTIBLE", preemptible},
                                {"SPY_CROWDED_BYTES", static_cast<int32_t>(ring_bytes / 2)}};
    std::optional<OnlyTypesOf> only;
    if (!all_types) only.emplace(object_, settings);
    int error = -bpf_object__load(object_);
    only.reset();
    if (!error) break;
    std::string culprit = failing_program(log.text);
    std::string why = reason(log.text, error);
    // A signal (a profiler's, a resized terminal's) interrupted the verifier.
    bool again = error == EAGAIN || error == EINTR;
    // No fault of the program's, and the next one has no more.
    bool exhausted = error == EMFILE || error == ENFILE;
    if (!again && !exhausted && by_function(program(culprit.c_str())) && !broken_.contains(culprit)) {
      drop_functions(culprit, {why, error});
      again = true;
    }
    // What a program asks for may be in a module, where nobody looked. Before Linux 5.18 this one is refused whatever the types.
    if (!again && !exhausted && !all_types && error != EPERM && culprit != "snapshot_processes") again = all_types = true;
    bpf_object__close(object_);
    object_ = nullptr;
    if (again) continue;
    if (culprit.empty() || broken_.contains(culprit) || exhausted || error == EPERM)
      return {error, "cannot load the kernel programs: " + why, hint_for(error)};
    broken_[culprit] = {why, error};
  }
  if (!object_) return {EINVAL, "no kernel program could be loaded", hint_for(ENOENT)};
  if (!loaded("on_exec") || !loaded("on_fork") || !loaded("on_exit"))
    return {ESRCH, "this kernel refuses the process hooks: " + broken_.begin()->second.why, hint_for(ESRCH)};

  bpf_map* rings[] = {bpf_object__find_map_by_name(object_, "lifecycle"), bpf_object__find_map_by_name(object_, "activity")};
  Ring* readers[] = {&lifecycle_, &activity_};
  for (int i = 0; i < 2; i++) {
    int error = -readers[i]->open(bpf_map__fd(rings[i]), bpf_map__max_entries(rings[i]));
    if (error) return {error, "cannot map a ring buffer", hint_for(error)};
  }
  return {};
}

void Session::fill_table(const char* map, std::span<const Syscall> entries) {
  int table = bpf_object__find_map_fd_by_name(object_, map);
  for (const Syscall& s : entries) {
    if (!loaded(s.program)) continue;
    uint32_t number = static_cast<uint32_t>(s.number);
    int fd = bpf_program__fd(program(s.program));
    if (bpf_map_update_elem(table, &number, &fd, BPF_ANY)) broken_[s.program] = {strerror(errno), errno};
  }
  // Nobody can take a call out of it from now on.
  bpf_map_freeze(table);
}

Error Session::attach() {
  if (!object_) return {EINVAL, "attach before load", ""};
  if (attached_) return {EINVAL, "attached already", ""};
  LogScope log;
  prepare_throttled();
  fill_table("syscalls", syscall_table());
  fill_table("compat_syscalls", compat_syscall_table());
  std::vector<bpf_program*> programs;
  bpf_program* p;
  bpf_object__for_each_program(p, object_)
    if (bpf_program__fd(p) >= 0 && !by_table(p)) programs.push_back(p);
  // What a call begins, other hooks end: none is told of whose end would be missed.
  std::ranges::stable_partition(programs, [](const bpf_program* q) { return std::strncmp(bpf_program__name(q), "on_syscall", 10); });
  for (bpf_program* p : programs) {
    std::string name = bpf_program__name(p);
    bool iterator = std::strstr(bpf_program__section_name(p), "iter") != nullptr;
    bpf_link* link = bpf_program__attach(p);
    if (!link) {
      broken_[name] = {std::string("attach: ") + (errno == kNotSupported ? "not supported here" : strerror(errno)), errno};
      continue;
    }
    keep_link(name, link);
    if (iterator) iterators_[name] = link;
  }
  for (const char* name : {"on_fork", "on_exec", "on_exit"})
    if (broken_.contains(name)) return {ENOENT, std::string("cannot attach ") + name + ": " + broken_[name].why, hint_for(ENOENT)};
  attached_ = true;
  return {};
}

size_t Session::read(std::span<uint8_t> into) {
  if (!attached_) return 0;
  builder_.begin(into);
  // 1 = lifecycle, 2 = activity, 3 = queue: oldest record first.
  for (;;) {
    std::span<const uint8_t> heads[] = {lifecycle_.peek(), activity_.peek(), queue_peek()};
    int oldest = -1;
    uint64_t oldest_time = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
      if (heads[i].size() < sizeof(spy_hdr)) continue;
      uint64_t time;
      std::memcpy(&time, heads[i].data() + offsetof(spy_hdr, time), sizeof(time));
      if (time < oldest_time) {
        oldest_time = time;
        oldest = i;
      }
    }
    if (oldest < 0 || !builder_.append(heads[oldest])) break;
    note_delivered(heads[oldest]);
    if (oldest == 0)
      lifecycle_.pop();
    else if (oldest == 1)
      activity_.pop();
    else
      queue_pop();
  }
  return builder_.end();
}

// The refresh looks for what a record opened, so that an end nobody told of is found; what a record closed is settled.
void Session::note_delivered(std::span<const uint8_t> record) {
  spy_sock r;
  if (record.size() != sizeof(r)) return;
  uint16_t kind;
  std::memcpy(&kind, record.data(), sizeof(kind));
  bool opens = kind == SPY_KIND_CONNECT || kind == SPY_KIND_ACCEPT;
  if (!opens && kind != SPY_KIND_CLOSE) return;
  std::memcpy(&r, record.data(), sizeof(r));
  if (opens) {
    if (!r.err) sockets_.try_emplace(r.sock, SocketUsage{r});
    return;
  }
  sockets_.erase(r.sock);
  unowned_.erase(r.sock);
}

void Session::enqueue(std::span<const uint8_t> record) {
  uint32_t length = static_cast<uint32_t>(record.size());
  size_t at = queue_.size();
  queue_.resize(at + 8 + (length + 7) / 8 * 8);
  std::memcpy(queue_.data() + at, &length, sizeof(length));
  std::memcpy(queue_.data() + at + 8, record.data(), length);
}

std::span<const uint8_t> Session::queue_peek() const {
  if (queue_at_ >= queue_.size()) return {};
  uint32_t length;
  std::memcpy(&length, queue_.data() + queue_at_, sizeof(length));
  return {queue_.data() + queue_at_ + 8, length};
}

void Session::queue_pop() {
  queue_at_ += 8 + (queue_peek().size() + 7) / 8 * 8;
  if (queue_at_ < queue_.size()) return;
  queue_.clear();
  queue_at_ = 0;
}

void Session::enqueue_mark(uint32_t what) {
  spy_mark r = {};
  r.h.kind = SPY_KIND_MARK;
  r.h.size = sizeof(r);
  r.h.time = boot_time_ns();
  r.h.tgid = r.h.tid = static_cast<uint32_t>(getpid());
  r.what = what;
  enqueue({reinterpret_cast<const uint8_t*>(&r), sizeof(r)});
}

Stats Session::stats() const {
  Stats s;
  s.malformed = builder_.malformed();
  for (uint32_t kind = 0; kind < SPY_KIND_MAX; kind++) {
    s.kinds[kind].delivered = builder_.delivered(kind);
    s.kinds[kind].throttled = throttled_kinds_[kind];
  }
  s.ring_used = lifecycle_.used() + activity_.used();
  s.ring_bytes = lifecycle_.size() + activity_.size();
  if (!object_) return s;
  read_counters(s.kinds);
  bpf_program* p;
  bpf_object__for_each_program(p, object_) {
    // Where one of two is skipped the other ran: a skipped second one may be a loss. A name that was not resolved is told as typed.
    bpf_program* again = program((std::string(bpf_program__name(p)) + "_again").c_str());
    if ((again && bpf_program__fd(again) >= 0) || !std::strcmp(bpf_program__name(p), "on_tcp_state_again") || by_function(p)) continue;
    bpf_prog_info info = {};
    uint32_t length = sizeof(info);
    if (bpf_program__fd(p) >= 0 && !bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &length)) s.missed_runs += info.recursion_misses;
  }
  return s;
}

void Session::close() {
  attached_ = false;
  lifecycle_.close();
  activity_.close();
  detach_functions();
  for (const Link& l : links_) bpf_link__destroy(l.link);
  links_.clear();
  lost_.clear();
  ring_lost_.clear();
  missed_beat_ = false;
  iterators_.clear();
  bpf_object__close(object_);
  object_ = nullptr;
  broken_.clear();
  builder_ = {};
  queue_.clear();
  queue_at_ = 0;
  usage_.clear();
  told_bytes_.clear();
  next_uses_ns_ = 0;
  sockets_.clear();
  unseen_.clear();
  unowned_.clear();
  doubted_.clear();
  unlooked_.clear();
  last_looked_ = looks_ = 0;
  next_look_ns_ = 0;
  close_lost_ns_ = 0;
  std::fill(std::begin(reported_loss_), std::end(reported_loss_), 0);
  throttled_.clear();
  std::fill(std::begin(throttled_kinds_), std::end(throttled_kinds_), 0);
}

}  // namespace spy
