// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "batch.h"
#include "hooks.h"
#include "namespaces.h"
#include "ring.h"

struct bpf_object;
struct bpf_link;
struct bpf_program;

namespace spy {

struct Error {
  int number = 0;       // positive errno, 0 = none
  std::string message;  // what failed
  std::string hint;     // what to do
  explicit operator bool() const { return number != 0; }
};

struct Options {
  std::string object_path;
  uint32_t activity_bytes = 0;  // 0 = as compiled
};

// Why a program does not work.
struct Trouble {
  std::string why;
  int number = 0;  // errno; 0 = the kernel was not asked, its version says so
};

struct FeatureState {
  std::string name, hook, lost;
  Trouble trouble;
  bool ok = false;
  bool on_base = false;   // it runs on the lesser hook: `trouble` is that of the better one, `lost` what that costs
  bool detached = false;  // it worked, until someone took it away
};

struct KindStats {
  uint64_t produced = 0, dropped = 0, delivered = 0;
  uint64_t throttled = 0;  // as of the last refresh
};

struct Stats {
  KindStats kinds[SPY_KIND_MAX];
  uint64_t malformed = 0;
  uint64_t missed_runs = 0;  // skipped by the kernel: the program already ran on that CPU, and no second one made up for it
  size_t ring_used = 0, ring_bytes = 0;
};

// Handlers of single system calls are reached through the dispatcher's table, never attached themselves.
bool by_table(const bpf_program* p);
// Attached to a function of the kernel.
bool by_function(const bpf_program* p);
bool kernel_at_least(int major, int minor);

// One capture: open, load, attach, then snapshot and refresh to queue state, read to drain. Everything is
// released by close or the destructor. Not thread-safe.
class Session {
 public:
  ~Session() { close(); }

  Error open(const Options& options);
  Error load();
  Error attach();
  // Queues every process, socket, pipe and written file that is there now. tgids receives the processes seen.
  Error snapshot(std::vector<uint32_t>& tgids);
  // Queues usage of processes and counters of sockets that changed since the last call, and losses.
  Error refresh();
  // Fills one batch, merged by time from rings and queue. Bytes used; 0 = nothing waiting.
  size_t read(std::span<uint8_t> into);
  std::vector<FeatureState> features() const;
  Stats stats() const;
  void close();

 private:
  struct Usage {
    spy_tick sum = {}, told = {};
    uint32_t generation = 0;
    uint32_t netns = 0;  // 0 = not asked yet
  };
  struct SocketUsage {
    spy_sock last = {};
    uint32_t generation = 0;  // of the last refresh that found it; 0 = so far only a record told of it
    uint64_t missed_ns = 0;  // when it was first not found
  };

  struct Unowned {
    spy_sock last = {};
    uint32_t owner = 0;  // who held it last, until that was told to be gone
  };

  // bpf/lib/use.h: struct use_key
  struct UseKey {
    uint64_t ino;
    uint32_t dev, tgid, write, gen;
    bool operator==(const UseKey&) const = default;
  };
  struct ToldBytes {
    uint64_t start, bytes;
    uint32_t generation;
  };
  struct UseHash {
    size_t operator()(const UseKey& key) const {
      return (key.ino * 2 + key.write) * 0x9e3779b97f4a7c15ull ^ key.tgid * 0xff51afd7ed558ccdull;
    }
  };
  struct Link {
    std::string program;
    bpf_link* link;
    uint32_t id;
  };
  // bpf/lib/submit.h: struct share_key
  struct ThrottledKey {
    uint64_t start;
    uint32_t tgid, kind;
    auto operator<=>(const ThrottledKey&) const = default;
  };

  bpf_program* program(const char* name) const;
  bool loaded(const char* name) const;
  Trouble trouble(const char* name) const;
  void probe_functions();
  void drop_functions(const std::string& culprit, const Trouble& trouble);
  void detach_functions();
  void fill_table(const char* map, std::span<const Syscall> entries);
  // The records are valid until the next run.
  Error run_iterator(const char* name, std::span<const uint8_t>& records);
  void enqueue(std::span<const uint8_t> record);
  void enqueue_process(std::span<const uint8_t> record);
  void enqueue_mark(uint32_t what);
  bool refresh_tasks(std::span<const uint8_t> records);
  void add_thread(const spy_tick& r);
  void refresh_socket(spy_sock r);
  void end_sockets();
  bool ended_unseen(SocketUsage& usage) const;
  void refresh_hidden();
  bool list_sockets();
  std::map<uint32_t, NetNamespace> net_namespaces();
  void list_tables(const std::string& folder, uint32_t netns);
  bool shown(uint64_t inode, uint32_t refreshes) const;
  void enqueue_unowned();
  void keep_link(const std::string& program, bpf_link* link);
  void take_pulse();
  void check_beat();
  void lose(const std::string& program, const std::string& why);
  void refresh_uses(uint64_t refresh_ns);
  void enqueue_bytes(const UseKey& key, uint64_t start, uint64_t first, uint64_t bytes);
  void read_counters(KindStats (&kinds)[SPY_KIND_MAX]) const;
  void enqueue_losses();
  void prepare_throttled();
  void enqueue_throttled();
  std::span<const uint8_t> queue_peek() const;
  void queue_pop();
  void note_delivered(std::span<const uint8_t> record);

  bpf_object* object_ = nullptr;
  Options options_;
  std::map<std::string, Trouble> broken_;      // by program
  std::set<std::string> lost_;                 // those of broken_ that worked
  std::string ring_lost_;                      // why records are missing that no counter knows of
  std::vector<Link> links_;
  std::map<std::string, bpf_link*> iterators_;
  Ring lifecycle_, activity_;
  BatchBuilder builder_;
  std::vector<uint8_t> queue_;  // u32 length, u32 pad, record, padded to 8
  size_t queue_at_ = 0;
  std::vector<uint8_t> iterator_buffer_;
  std::unordered_map<uint32_t, Usage> usage_;
  std::vector<Usage*> running_;  // those of usage_ that one refresh found
  std::unordered_map<uint64_t, SocketUsage> sockets_;
  std::unordered_map<uint32_t, uint64_t> unseen_;    // tgid -> start: told by a snapshot, not by a refresh
  std::vector<spy_sock> listed_;                     // of /proc, while one refresh looks for owners
  std::unordered_map<uint64_t, Unowned> unowned_;    // by inode: told without an owner
  std::unordered_map<uint64_t, uint32_t> doubted_;   // by inode: seen without an owner once; its network namespace
  std::set<uint32_t> unlooked_;                      // network namespaces that the last look had no time for
  uint32_t last_looked_ = 0;
  uint32_t looks_ = 0;
  uint64_t next_look_ns_ = 0;
  std::unordered_map<UseKey, ToldBytes, UseHash> told_bytes_;
  uint64_t next_uses_ns_ = 0;
  uint32_t generation_ = 0;
  uint64_t close_lost_ns_ = 0;  // when CLOSE records were last found missing
  uint64_t reported_loss_[SPY_KIND_MAX] = {};
  std::map<ThrottledKey, uint64_t> throttled_;  // what was told of each entry
  uint64_t throttled_kinds_[SPY_KIND_MAX] = {};
  bool missed_beat_ = false;
  bool attached_ = false;
};

}  // namespace spy
