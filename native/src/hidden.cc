// SPDX-License-Identifier: MIT
// What the iterators do not show, from /proc: the usage of processes that are known, and the sockets that nobody visible holds: they
// are on their way in a message, io_uring alone has them, the owner is hidden, or it is the kernel.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "session.h"

namespace spy {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
// The tables are read at most so often, and at most for this part of the time.
constexpr uint64_t kLookNs = 2 * kNsPerSecond;
constexpr uint64_t kPart = 100;
constexpr uint32_t kAskAgain = 16;
// A look after the first takes no longer, apart from what the last of the tables takes.
constexpr uint64_t kLookMostNs = 20'000'000;

struct Table {
  const char* name;
  uint16_t family;
  uint8_t proto;
};
constexpr Table kTables[] = {
    {"/tcp", AF_INET, IPPROTO_TCP},
    {"/tcp6", AF_INET6, IPPROTO_TCP},
    {"/udp", AF_INET, IPPROTO_UDP},
    {"/udp6", AF_INET6, IPPROTO_UDP},
};

using File = std::unique_ptr<FILE, decltype([](FILE* f) { fclose(f); })>;

// Words of the address as the host reads them; IPv4 becomes ::ffff:a.b.c.d.
void parse_address(const char* hex, uint8_t (&to)[16]) {
  size_t words = strlen(hex) / 8;
  if (words == 1) to[10] = to[11] = 0xff;
  for (size_t i = 0; i < words && i < 4; i++) {
    char digits[9] = {};
    memcpy(digits, hex + i * 8, 8);
    uint32_t word = static_cast<uint32_t>(strtoul(digits, nullptr, 16));
    memcpy(to + (words == 1 ? 12 : i * 4), &word, sizeof(word));
  }
}

// "sl: local:port remote:port st tx:rx tr:when retrnsmt uid timeout inode ...". False without an inode: it was closed by its
// owner, or not yet accepted.
bool parse_line(const char* line, spy_sock& r) {
  char local[33], remote[33];
  unsigned lport, rport, state;
  unsigned long long inode;
  if (sscanf(line, " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*s %*s %*s %*u %*u %llu", local, &lport, remote, &rport, &state,
             &inode) != 6 ||
      !inode)
    return false;
  parse_address(local, r.laddr);
  parse_address(remote, r.raddr);
  r.lport = static_cast<uint16_t>(lport);
  r.rport = static_cast<uint16_t>(rport);
  r.state = static_cast<uint8_t>(state);
  r.sock = inode;
  return true;
}

bool same_tuple(const spy_sock& a, const spy_sock& b) {
  return a.proto == b.proto && a.netns == b.netns && a.lport == b.lport && a.rport == b.rport &&
         !memcmp(a.laddr, b.laddr, sizeof(a.laddr)) && !memcmp(a.raddr, b.raddr, sizeof(a.raddr));
}

// The iterators leave the monitor's own sockets out.
std::set<uint64_t> own_sockets() {
  std::set<uint64_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    struct stat s;
    if (!stat(entry.path().c_str(), &s) && S_ISSOCK(s.st_mode)) found.insert(s.st_ino);
  }
  return found;
}

// The fields of /proc/pid/stat from 3 (state) on; false when the process is gone.
bool read_stat(uint32_t tgid, char& state, unsigned long long (&fields)[25]) {
  char path[32], text[2048];
  snprintf(path, sizeof(path), "/proc/%u/stat", tgid);
  File file(fopen(path, "re"));
  if (!file) return false;
  text[fread(text, 1, sizeof(text) - 1, file.get())] = 0;
  char* at = strrchr(text, ')');
  if (!at || strlen(at) < 4) return false;
  state = at[2];
  at += 3;
  for (size_t i = 4; i < std::size(fields); i++) fields[i] = strtoull(at, &at, 10);
  return true;
}

}  // namespace

// Of the processes a snapshot told of, those the refresh has not shown and which still run.
void Session::refresh_hidden() {
  static const uint64_t tick_ns = kNsPerSecond / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  static const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (auto it = unseen_.begin(); it != unseen_.end();) {
    auto [tgid, start] = *it;
    char state;
    unsigned long long f[25];
    if (usage_.contains(tgid) || !read_stat(tgid, state, f) || f[22] != start / tick_ns) {
      it = unseen_.erase(it);
      continue;
    }
    ++it;
    spy_tick r = {};
    r.h.kind = SPY_KIND_TICK;
    r.h.size = sizeof(r);
    r.h.flags = SPY_FLAG_POLLED;
    r.h.time = boot_time_ns();
    r.h.start = start;
    r.h.tgid = r.h.tid = tgid;
    r.cpu_ns = (f[14] + f[15]) * tick_ns;
    r.threads = static_cast<uint32_t>(f[20]);
    r.vsz_bytes = f[23];
    r.rss_bytes = f[24] * page;
    r.state = static_cast<uint8_t>(state);
    enqueue(bytes_of(r));
  }
}

// Found by one of the last refreshes.
bool Session::shown(uint64_t inode, uint32_t refreshes) const {
  auto it = sockets_.find(inode);
  return it != sockets_.end() && it->second.generation && it->second.generation + refreshes > generation_;
}

// Each through one of the processes in it, where there is one. Who moves into another is asked anew after some looks.
std::map<uint32_t, NetNamespace> Session::net_namespaces() {
  std::map<uint32_t, NetNamespace> places;
  uint32_t own = net_namespace_of(static_cast<uint32_t>(getpid()));
  places[own] = {own, "/proc/self/net"};
  for (auto& [tgid, usage] : usage_) {
    if (!usage.netns || tgid % kAskAgain == looks_ % kAskAgain) usage.netns = net_namespace_of(tgid);
    if (usage.netns && !places.contains(usage.netns))
      places[usage.netns] = {usage.netns, "/proc/" + std::to_string(tgid) + "/net"};
  }
  add_mounted(places);
  return places;
}

void Session::list_tables(const std::string& folder, uint32_t netns) {
  char* line = nullptr;
  size_t room = 0;
  for (const Table& table : kTables) {
    File file(fopen((folder + table.name).c_str(), "re"));
    while (file && getline(&line, &room, file.get()) > 0) {
      spy_sock r = {};
      if (!parse_line(line, r) || shown(r.sock, 2)) continue;
      r.h.kind = SPY_KIND_SOCKET;
      r.h.size = sizeof(r);
      r.h.flags = SPY_FLAG_NO_OWNER | (next_look_ns_ ? SPY_FLAG_POLLED : SPY_FLAG_BEFORE_START);
      r.family = table.family;
      r.proto = table.proto;
      r.netns = netns;
      r.fd = -1;
      listed_.push_back(r);
    }
  }
  free(line);
}

// Before the iterator runs: what is listed here and open is shown there, unless nobody visible holds it. Where there are more
// namespaces than one look has time for, the next goes on behind the last.
bool Session::list_sockets() {
  uint64_t began_ns = boot_time_ns();
  if (began_ns < next_look_ns_) return false;
  listed_.clear();
  unlooked_.clear();
  looks_++;
  std::map<uint32_t, NetNamespace> places = net_namespaces();
  auto at = places.upper_bound(last_looked_);
  for (size_t left = places.size(); left > 0; left--, at++) {
    if (at == places.end()) at = places.begin();
    if (next_look_ns_ && boot_time_ns() - began_ns > kLookMostNs) {
      unlooked_.insert(at->first);
      continue;
    }
    last_looked_ = at->first;
    visit(at->second, [&](const std::string& folder) { list_tables(folder, at->first); });
  }
  uint64_t now_ns = boot_time_ns();
  next_look_ns_ = now_ns + std::max(kLookNs, (now_ns - began_ns) * kPart);
  return true;
}

// After the iterator ran: of what was listed, the rest.
void Session::enqueue_unowned() {
  std::erase_if(listed_, [this](const spy_sock& r) { return shown(r.sock, 1); });
  std::unordered_map<uint64_t, Unowned> before;
  before.swap(unowned_);
  std::unordered_map<uint64_t, uint32_t> doubted;
  doubted.swap(doubted_);
  for (auto [inode, netns] : doubted)
    if (unlooked_.contains(netns)) doubted_.emplace(inode, netns);
  std::set<uint64_t> own = listed_.empty() ? std::set<uint64_t>{} : own_sockets();
  for (spy_sock& r : listed_) {
    // A part of a multipath socket has an inode of its own.
    auto part = [&r](const auto& entry) { return entry.first != r.sock && same_tuple(entry.second.last, r); };
    if (own.contains(r.sock) || std::any_of(sockets_.begin(), sockets_.end(), part)) continue;
    auto told = before.find(r.sock);
    // A socket that is just being accepted or passed has no descriptor either: it takes two looks to tell.
    if (r.h.flags & SPY_FLAG_POLLED && told == before.end() && !doubted.contains(r.sock)) {
      doubted_.emplace(r.sock, r.netns);
      continue;
    }
    auto held = sockets_.find(r.sock);
    uint32_t owner = told != before.end() ? told->second.owner : held != sockets_.end() ? held->second.last.h.tgid : 0;
    // With the process that last held it a socket seems to end.
    bool left = owner && !usage_.contains(owner);
    bool changed = left || told == before.end() || told->second.last.state != r.state || !same_tuple(told->second.last, r);
    r.h.time = boot_time_ns();
    if (changed) enqueue(bytes_of(r));
    unowned_.emplace(r.sock, Unowned{r, left ? 0 : owner});
    sockets_.erase(r.sock);
  }
  for (auto& [inode, gone] : before) {
    if (unowned_.contains(inode) || shown(inode, 1)) continue;
    spy_sock& r = gone.last;
    if (unlooked_.contains(r.netns)) {
      unowned_.emplace(inode, gone);
      continue;
    }
    r.h.kind = SPY_KIND_CLOSE;
    r.h.flags = SPY_FLAG_NO_OWNER | SPY_FLAG_POLLED;
    r.h.time = boot_time_ns();
    r.state = 7;
    enqueue(bytes_of(r));
  }
}

}  // namespace spy
