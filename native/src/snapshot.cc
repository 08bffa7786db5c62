// SPDX-License-Identifier: MIT
// State that is there already, and counters that change without an event: read through BPF iterators.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "session.h"

namespace spy {

namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Length of the record at the front: the fixed struct and what its slots say.
size_t record_length(std::span<const uint8_t> bytes) {
  if (bytes.size() < sizeof(spy_hdr)) return 0;
  auto h = read_as<spy_hdr>(bytes);
  size_t length = h.size;
  if (h.size < sizeof(spy_hdr) + h.nstr * 4u || h.size > bytes.size()) return 0;
  for (unsigned i = 0; i < h.nstr; i++)
    length += read_as<uint32_t>(bytes.subspan(sizeof(spy_hdr) + i * 4)) & SPY_STR_LEN_MASK;
  return length <= bytes.size() ? length : 0;
}

constexpr size_t kArgvBytes = 4095;
// How long the kernel keeps a connection that no process holds any more: FIN_WAIT2 lasts 60 s, retransmissions longer.
constexpr uint64_t kTcpLingerNs = 120'000'000'000;

}  // namespace

Error Session::run_iterator(const char* name, std::span<const uint8_t>& records) {
  records = {};
  auto link = iterators_.find(name);
  if (link == iterators_.end()) return {ENOENT, std::string(name) + " is not loaded", ""};
  Fd fd(bpf_iter_create(bpf_link__fd(link->second)));
  if (fd.get() < 0) return {errno, std::string("cannot run ") + name, ""};
  std::vector<uint8_t>& buffer = iterator_buffer_;
  constexpr size_t kChunk = 256 << 10;
  size_t used = 0;
  for (;;) {
    if (buffer.size() < used + kChunk) buffer.resize(used + 4 * kChunk);
    ssize_t n = ::read(fd.get(), buffer.data() + used, buffer.size() - used);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n < 0) return {errno, std::string("reading ") + name, ""};
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  records = {buffer.data(), used};
  return {};
}

Error Session::snapshot(std::vector<uint32_t>& tgids) {
  tgids.clear();
  enqueue_mark(SPY_MARK_SNAPSHOT_BEGIN);
  const char* tasks = iterators_.contains("snapshot_processes") ? "snapshot_processes" : "snapshot_processes_without_argv";
  for (const char* name : {tasks, "snapshot_files"}) {
    if (!iterators_.contains(name)) continue;
    std::span<const uint8_t> rest;
    if (Error e = run_iterator(name, rest)) return e;
    while (size_t length = record_length(rest)) {
      std::span<const uint8_t> record = rest.first(length);
      auto h = read_as<spy_hdr>(record);
      if (h.kind == SPY_KIND_PROCESS) {
        tgids.push_back(h.tgid);
        unseen_[h.tgid] = h.start;
        enqueue_process(record);
      } else {
        enqueue(record);
      }
      rest = rest.subspan(length);
    }
  }
  enqueue_mark(SPY_MARK_SNAPSHOT_END);
  return {};
}

// Kernels before 5.18 cannot read another task's arguments from BPF: take them from /proc.
void Session::enqueue_process(std::span<const uint8_t> record) {
  auto r = read_as<spy_image>(record);
  if (!(r.image & SPY_IMAGE_NO_ARGV)) return enqueue(record);
  char path[64];
  snprintf(path, sizeof(path), "/proc/%u/cmdline", r.h.tgid);
  Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  uint8_t argv[kArgvBytes + 1];
  ssize_t n = fd.get() < 0 ? -1 : ::read(fd.get(), argv, sizeof(argv));
  if (n <= 0) return enqueue(record);
  size_t length = static_cast<size_t>(n);
  r.argv_len = static_cast<uint32_t>(length);
  if (length > kArgvBytes) {
    length = kArgvBytes;
    r.h.trunc |= 1 << 2;
  }
  r.image &= ~static_cast<uint32_t>(SPY_IMAGE_NO_ARGV);
  size_t before = sizeof(r) + (r.exe & SPY_STR_LEN_MASK) + (r.cwd & SPY_STR_LEN_MASK);
  r.argv = SPY_STR_RAW | static_cast<uint32_t>(length);
  std::vector<uint8_t> with_argv(record.begin(), record.begin() + static_cast<ptrdiff_t>(before));
  std::memcpy(with_argv.data(), &r, sizeof(r));
  with_argv.insert(with_argv.end(), argv, argv + length);
  with_argv.insert(with_argv.end(), record.begin() + static_cast<ptrdiff_t>(before), record.end());
  enqueue(with_argv);
}

// Refreshes between two calls of malloc_trim.
constexpr uint32_t kTrimPeriod = 16;

Error Session::refresh() {
  // glibc gives back the end of its heap by itself, not what lies free in between.
  if (++generation_ % kTrimPeriod == 0) malloc_trim(0);
  uint64_t began_ns = boot_time_ns();
  take_pulse();
  // The first listing goes by the processes of the snapshot.
  if (usage_.empty())
    for (auto [tgid, start] : unseen_) usage_[tgid].told.h.start = start;
  bool listed = iterators_.contains("refresh_sockets") && list_sockets();
  bool all_sockets = false;
  std::span<const uint8_t> records;
  if (iterators_.contains("refresh_tasks")) {
    if (Error e = run_iterator("refresh_tasks", records)) return e;
    all_sockets = refresh_tasks(records);
    refresh_hidden();
    enqueue_mark(SPY_MARK_TICK);
  }
  if (iterators_.contains("refresh_sockets")) {
    if (!all_sockets) {
      if (Error e = run_iterator("refresh_sockets", records)) return e;
      for (; records.size() >= sizeof(spy_sock); records = records.subspan(sizeof(spy_sock))) refresh_socket(read_as<spy_sock>(records));
    }
    end_sockets();
    if (listed) enqueue_unowned();
    enqueue_mark(SPY_MARK_SOCKETS);
  }
  refresh_uses(began_ns);
  enqueue_losses();
  enqueue_throttled();
  return {};
}

// Threads and sockets; whether those were all sockets.
bool Session::refresh_tasks(std::span<const uint8_t> records) {
  bool all_sockets = true;
  running_.clear();
  while (records.size() >= sizeof(spy_hdr)) {
    size_t length = record_length(records);
    if (length == sizeof(spy_sock)) refresh_socket(read_as<spy_sock>(records));
    if (length == sizeof(spy_tick)) {
      auto r = read_as<spy_tick>(records);
      all_sockets &= !r.h.trunc;
      add_thread(r);
    }
    records = records.subspan(length);
  }
  for (Usage* usage : running_) {
    const spy_tick& r = usage->sum;
    spy_tick& told = usage->told;
    bool changed = told.h.start != r.h.start || told.cpu_ns != r.cpu_ns || told.rss_bytes != r.rss_bytes ||
                   told.read_bytes != r.read_bytes || told.write_bytes != r.write_bytes || told.threads != r.threads || told.state != r.state;
    if (told.h.start != r.h.start) usage->netns = 0;
    told = r;
    if (changed) enqueue(bytes_of(r));
  }
  if (usage_.size() != running_.size()) std::erase_if(usage_, [this](const auto& entry) { return entry.second.generation != generation_; });
  return all_sockets;
}

void Session::add_thread(const spy_tick& r) {
  Usage& usage = usage_[r.h.tgid];
  spy_tick& sum = usage.sum;
  if (usage.generation != generation_) {
    usage.generation = generation_;
    sum = r;
    sum.h.tid = r.h.tgid;
    sum.h.trunc = 0;
    running_.push_back(&usage);
    return;
  }
  if (r.h.tid == r.h.tgid) {
    sum.state = r.state;
    sum.rss_bytes = r.rss_bytes;
    sum.vsz_bytes = r.vsz_bytes;
  }
  sum.cpu_ns += r.cpu_ns;
  sum.read_bytes += r.read_bytes;
  sum.write_bytes += r.write_bytes;
  sum.threads++;
}

void Session::refresh_socket(spy_sock r) {
  SocketUsage& usage = sockets_[r.sock];
  if (usage.generation == generation_) return;  // several descriptors, one socket
  bool changed = !usage.generation || usage.last.tx != r.tx || usage.last.rx != r.rx || usage.last.state != r.state ||
                 usage.last.rport != r.rport;
  usage = {r, generation_, 0};
  r.h.flags = 0;
  if (changed) enqueue(bytes_of(r));
}

// Those that were not found.
void Session::end_sockets() {
  for (auto it = sockets_.begin(); it != sockets_.end();) {
    if (it->second.generation == generation_ || !ended_unseen(it->second)) {
      ++it;
      continue;
    }
    spy_sock r = it->second.last;
    r.h.kind = SPY_KIND_CLOSE;
    r.h.flags = SPY_FLAG_POLLED;
    r.h.time = boot_time_ns();
    r.state = 7;
    enqueue(bytes_of(r));
    it = sockets_.erase(it);
  }
}

// Datagram sockets end without an event. TCP ends with one, which may still wait in a ring, or come minutes after the last
// descriptor was closed.
bool Session::ended_unseen(SocketUsage& usage) const {
  if (usage.last.proto != IPPROTO_TCP) return true;
  uint64_t now = boot_time_ns();
  if (!usage.missed_ns) {
    usage.missed_ns = now;
    return false;
  }
  return now - usage.missed_ns > kTcpLingerNs || close_lost_ns_ > usage.last.h.time;
}

}  // namespace spy
