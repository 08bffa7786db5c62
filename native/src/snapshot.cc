// SPDX-License-Identifier: MIT
// State that is there already, and counters that change without an event: read through BPF iterators.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
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

Error Session::run_iterator(const char* name, std::vector<uint8_t>& out) {
  out.clear();
  auto link = iterators_.find(name);
  if (link == iterators_.end()) return {ENOENT, std::string(name) + " is not loaded", ""};
  Fd fd(bpf_iter_create(bpf_link__fd(link->second)));
  if (fd.get() < 0) return {errno, std::string("cannot run ") + name, ""};
  constexpr size_t kChunk = 256 << 10;
  size_t used = 0;
  for (;;) {
    if (out.size() < used + kChunk) out.resize(used + 4 * kChunk);
    ssize_t n = ::read(fd.get(), out.data() + used, out.size() - used);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n < 0) return {errno, std::string("reading ") + name, ""};
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  out.resize(used);
  return {};
}

Error Session::snapshot(std::vector<uint32_t>& tgids) {
  tgids.clear();
  enqueue_mark(SPY_MARK_SNAPSHOT_BEGIN);
  const char* tasks = iterators_.contains("snapshot_processes") ? "snapshot_processes" : "snapshot_processes_without_argv";
  for (const char* name : {tasks, "snapshot_files"}) {
    if (!iterators_.contains(name)) continue;
    if (Error e = run_iterator(name, iterator_buffer_)) return e;
    std::span<const uint8_t> rest = iterator_buffer_;
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

Error Session::refresh() {
  generation_++;
  uint64_t began_ns = boot_time_ns();
  take_pulse();
  if (iterators_.contains("refresh_tasks")) {
    if (Error e = run_iterator("refresh_tasks", iterator_buffer_)) return e;
    refresh_tasks(iterator_buffer_);
    refresh_hidden();
    enqueue_mark(SPY_MARK_TICK);
  }
  if (iterators_.contains("refresh_sockets")) {
    bool listed = list_sockets();
    if (Error e = run_iterator("refresh_sockets", iterator_buffer_)) return e;
    refresh_sockets(iterator_buffer_);
    if (listed) enqueue_unowned();
    enqueue_mark(SPY_MARK_SOCKETS);
  }
  refresh_uses(began_ns);
  enqueue_losses();
  enqueue_throttled();
  return {};
}

void Session::refresh_tasks(std::span<const uint8_t> records) {
  sum_index_.clear();
  sums_.clear();
  for (; records.size() >= sizeof(spy_tick); records = records.subspan(sizeof(spy_tick))) {
    auto r = read_as<spy_tick>(records);
    auto [it, fresh] = sum_index_.try_emplace(r.h.tgid, sums_.size());
    if (fresh) {
      sums_.push_back(r);
      continue;
    }
    spy_tick& sum = sums_[it->second];
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
  for (spy_tick& r : sums_) {
    r.h.tid = r.h.tgid;
    Usage& last = usage_[r.h.tgid];
    bool changed = last.start != r.h.start || last.cpu_ns != r.cpu_ns || last.rss != r.rss_bytes || last.read != r.read_bytes ||
                   last.write != r.write_bytes || last.threads != r.threads || last.state != r.state;
    uint32_t netns = last.start == r.h.start ? last.netns : 0;
    last = {r.h.start, r.cpu_ns, r.rss_bytes, r.read_bytes, r.write_bytes, r.threads, r.state, generation_, netns};
    if (changed) enqueue(bytes_of(r));
  }
  std::erase_if(usage_, [this](const auto& entry) { return entry.second.generation != generation_; });
}

void Session::refresh_sockets(std::span<const uint8_t> records) {
  for (; records.size() >= sizeof(spy_sock); records = records.subspan(sizeof(spy_sock))) {
    auto r = read_as<spy_sock>(records);
    SocketUsage& usage = sockets_[r.sock];
    if (usage.generation == generation_) continue;  // several descriptors, one socket
    bool changed = !usage.generation || usage.last.tx != r.tx || usage.last.rx != r.rx || usage.last.state != r.state ||
                   usage.last.rport != r.rport;
    usage = {r, generation_, 0};
    r.h.flags = 0;
    if (changed) enqueue(bytes_of(r));
  }
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
