// SPDX-License-Identifier: MIT
// fork, exec, exit, control groups, signals.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "scene.h"

namespace {

enum { CHILD, SCRIPT, MEMORY, CGROUP };

pid_t start(void (*body)()) {
  pid_t pid = MUST(fork());
  if (pid) return pid;
  body();
  _exit(99);
}

uint64_t reaped(pid_t pid) {
  MUST(waitpid(pid, nullptr, 0));
  return static_cast<uint64_t>(pid);
}

void write_file(const char* path, const char* text, mode_t mode) {
  int fd = MUST(open(path, O_WRONLY | O_CREAT, mode));
  MUST(write(fd, text, strlen(text)));
  close(fd);
}

void exec_plain() {
  const char* argv[] = {"/init", "exit", "7", "two words", nullptr};
  MUST(chdir("/tmp"));
  MUST(execv("/init", const_cast<char**>(argv)));
}

void exec_script() {
  const char* argv[] = {"named", "given", nullptr};
  MUST(execv("/tmp/script", const_cast<char**>(argv)));
}

void exec_memory() {
  const char* argv[] = {"fileless", "exit", "0", nullptr};
  const char* env[] = {nullptr};
  int from = MUST(open("/init", O_RDONLY)), to = static_cast<int>(MUST(syscall(SYS_memfd_create, "payload", MFD_CLOEXEC)));
  char buffer[65536];
  for (ssize_t n; (n = MUST(read(from, buffer, sizeof(buffer)))) > 0;) MUST(write(to, buffer, static_cast<size_t>(n)));
  MUST(fexecve(to, const_cast<char**>(argv), const_cast<char**>(env)));
}

void lifecycle(Facts& facts) {
  write_file("/tmp/script", "#!/init exit\n", 0755);
  facts.number[CHILD] = reaped(start(exec_plain));
  facts.number[SCRIPT] = reaped(start(exec_script));
  facts.number[MEMORY] = reaped(start(exec_memory));
}

void check_lifecycle(const Capture& c, const Facts& facts, Check& check) {
  auto child = static_cast<uint32_t>(facts.number[CHILD]);
  const Row* fork = c.find<spy_fork>(SPY_KIND_FORK, facts.pid, [&](auto& r, auto&) { return r.child_tgid == child; });
  check.that(fork, "fork");
  const Row* exec = c.find<spy_image>(SPY_KIND_EXEC, child, [](auto&, auto&) { return true; });
  check.that(exec, "exec");
  if (exec) {
    using namespace std::literals;
    const auto& r = exec->as<spy_image>();
    check.that(exec->text[0] == "/init", "exec path");
    check.that(exec->text[1] == "/tmp", "exec cwd");
    check.that(exec->text[2] == "/init\0exit\0007\0two words\0"s, "exec argv");
    check.that(exec->text[3].empty(), "exec without script");
    check.that(exec->text[5] == "init", "exec comm");
    check.that(r.parent_tgid == facts.pid, "exec parent");
    check.that(r.caps >> 20 & 1, "exec capabilities");  // CAP_SYS_PTRACE
    check.that(r.mntns && r.pidns && r.netns && r.userns, "exec namespaces");
    check.that(r.exe_ino && r.ns_pid == child, "exec identity");
    if (fork) check.that(fork->as<spy_fork>().child_start == r.h.start, "fork and exec agree on the start");
  }
  // Not its time: the kernel has counted none of a process that ended before a tick.
  check.that(c.find<spy_exit>(SPY_KIND_EXIT, child, [](auto& r, auto&) { return r.code == 7 << 8; }), "exit code");
  check.that(c.find<spy_image>(SPY_KIND_EXEC, static_cast<uint32_t>(facts.number[SCRIPT]),
                               [](auto&, auto& row) { return row.text[0] == "/init" && row.text[3] == "/tmp/script"; }),
             "script");
  check.that(c.find<spy_image>(SPY_KIND_EXEC, static_cast<uint32_t>(facts.number[MEMORY]),
                               [](auto& r, auto& row) {
                                 return r.image & SPY_IMAGE_MEMFD && r.image & SPY_IMAGE_DELETED && row.text[0] == "memfd:payload";
                               }),
             "exec from memory");
}

// Names above one another: as many as a path record holds, then more.
void deep(Facts&) {
  char path[64];
  MUST(mkdir("/tmp/deep", 0755));
  MUST(chdir("/tmp/deep"));
  for (int i = 0; i < 40; i++) {
    snprintf(path, sizeof(path), "level-%02d", i);
    MUST(mkdir(path, 0755));
    MUST(chdir(path));
  }
  close(MUST(open("leaf", O_WRONLY | O_CREAT, 0644)));
  for (int i = 0; i < 60; i++) {
    snprintf(path, sizeof(path), "level-%02d", 40 + i);
    MUST(mkdir(path, 0755));
    MUST(chdir(path));
  }
  close(MUST(open("abyss", O_WRONLY | O_CREAT, 0644)));
}

void check_deep(const Capture& c, const Facts& facts, Check& check) {
  auto ends = [](const std::string& text, const char* end) { return text.size() > strlen(end) && text.ends_with(end); };
  check.that(c.find<spy_file>(SPY_KIND_OPEN, facts.pid,
                              [&](auto& r, auto& row) {
                                return ends(row.text[0], "/level-39/leaf") && row.text[0].starts_with("/tmp/deep/level-00/") && !r.h.trunc;
                              }),
             "42 components");
  check.that(c.find<spy_file>(SPY_KIND_OPEN, facts.pid, [&](auto& r, auto& row) { return ends(row.text[0], "/abyss") && r.h.trunc == 1; }),
             "a path that is cut says so");
}

void cgroups(Facts& facts) {
  char pid[16];
  snprintf(pid, sizeof(pid), "%d", getpid());
  MUST(mkdir("/sys/fs/cgroup/outer", 0755));
  MUST(mkdir("/sys/fs/cgroup/outer/inner", 0755));
  write_file("/sys/fs/cgroup/outer/inner/cgroup.procs", pid, 0644);
  struct stat st;
  MUST(stat("/sys/fs/cgroup/outer/inner", &st));
  facts.number[CGROUP] = st.st_ino;
  facts.number[CHILD] = reaped(start(exec_plain));
  write_file("/sys/fs/cgroup/cgroup.procs", pid, 0644);
}

void check_cgroups(const Capture& c, const Facts& facts, Check& check) {
  auto child = static_cast<uint32_t>(facts.number[CHILD]);
  uint64_t id = facts.number[CGROUP];
  check.that(c.find<spy_fork>(SPY_KIND_FORK, facts.pid, [&](auto& r, auto&) { return r.child_tgid == child && r.cgroup == id; }), "id at fork");
  check.that(c.find<spy_image>(SPY_KIND_EXEC, child, [&](auto& r, auto& row) { return r.cgroup == id && row.text[4] == "/outer/inner"; }),
             "path at exec");
  check.that(c.find<spy_call>(SPY_KIND_CGROUP, facts.pid, [&](auto& r, auto& row) { return r.args[0] == id && row.text[0] == "/outer/inner"; }),
             "move");
}

constexpr int kWorkers = 10, kUrgent = 4, kLevels = 40, kFiles = 600, kChildren = 6;

// More runnable tasks than processors, so that they are preempted wherever the kernel allows it: two on each of two processors wait
// for their time and then come first, one before the other, also in the middle of a program that runs for somebody else.
void make_urgent(int worker) {
  cpu_set_t processor;
  CPU_ZERO(&processor);
  CPU_SET(worker % 2, &processor);
  MUST(sched_setaffinity(0, sizeof(processor), &processor));
  sched_param first = {};
  first.sched_priority = 1 + worker / 2;
  MUST(sched_setscheduler(0, SCHED_FIFO, &first));
}

void contention(Facts& facts) {
  MUST(mkdir("/tmp/busy", 0755));
  MUST(chdir("/tmp/busy"));
  for (int level = 0; level < kLevels; level++) {
    MUST(mkdir("below", 0755));
    MUST(chdir("below"));
  }
  for (int worker = 0; worker < kWorkers; worker++) {
    pid_t pid = MUST(fork());
    if (pid) {
      facts.number[worker] = static_cast<uint64_t>(pid);
      continue;
    }
    char path[64];
    if (worker < kUrgent) make_urgent(worker);
    for (int i = 0; i < kFiles; i++) {
      if (worker < kUrgent) usleep(static_cast<unsigned>(100 + 37 * worker));
      snprintf(path, sizeof(path), "%d-%d", worker, i);
      close(MUST(open(path, O_WRONLY | O_CREAT, 0644)));
      if (i % (kFiles / kChildren) == 0) reaped(start(exec_plain));
    }
    _exit(0);
  }
  for (int worker = 0; worker < kWorkers; worker++) MUST(waitpid(static_cast<pid_t>(facts.number[worker]), nullptr, 0));
}

// Records may be missing only as far as the kernel says it skipped a program and its second, and none may be a mix of two.
void check_contention(const Capture& c, const Facts& facts, Check& check) {
  std::set<std::string> opened;
  std::set<uint32_t> forked, executed, ended;
  int rows = 0;
  std::string mixed, folder = "/tmp/busy/";
  for (int level = 0; level < kLevels; level++) folder += "below/";
  for (const Row& row : c.rows) {
    int worker = 0, number = 0;
    bool by_worker = false;
    for (int w = 0; w < kWorkers; w++) by_worker |= row.h().tgid == facts.number[w];
    switch (row.h().kind) {
      case SPY_KIND_OPEN:
        if (!by_worker) continue;
        opened.insert(row.text[0]);
        if (!row.text[0].starts_with(folder) || sscanf(row.text[0].c_str() + folder.size(), "%d-%d", &worker, &number) != 2 ||
            row.h().tgid != facts.number[worker])
          mixed = "an open of " + row.text[0];
        break;
      case SPY_KIND_FORK:
        if (!by_worker) continue;
        forked.insert(row.as<spy_fork>().child_tgid);
        break;
      case SPY_KIND_EXEC:
        executed.insert(row.h().tgid);
        if (row.text[0] != "/init" || row.text[1] != "/tmp" || row.text[5] != "init")
          mixed = "an exec of " + row.text[0] + " in " + row.text[1] + " as " + row.text[5];
        break;
      case SPY_KIND_EXIT:
        // Kernel threads end, too.
        if (!by_worker && row.h().tgid != facts.pid && !forked.contains(row.h().tgid) && !executed.contains(row.h().tgid)) continue;
        ended.insert(row.h().tgid);
        break;
      default:
        continue;
    }
    rows++;
  }
  constexpr size_t kTotal = kWorkers * kChildren;
  // The workers and the scene end, too.
  size_t lost[] = {kWorkers * kFiles - opened.size(), kTotal - forked.size(), kTotal - executed.size(), kTotal + kWorkers + 1 - ended.size()};
  size_t unique = opened.size() + forked.size() + executed.size() + ended.size(), all_lost = lost[0] + lost[1] + lost[2] + lost[3];
  uint64_t skipped = c.session.stats().missed_runs;
  char what[160];
  snprintf(what, sizeof(what), "lost %zu opens, %zu forks, %zu execs, %zu ends; %zu came twice; the kernel skipped %llu runs twice", lost[0], lost[1], lost[2],
           lost[3], rows - unique, static_cast<unsigned long long>(skipped));
  check.that(mixed.empty(), ("a record is a mix of two: " + mixed).c_str());
  check.that(all_lost <= skipped && (skipped || rows == static_cast<int>(unique)), what);
  if (skipped) check.note(what);
}

void wait_forever() {
  for (;;) pause();
}

void signals(Facts& facts) {
  pid_t pid = start(wait_forever);
  MUST(kill(pid, SIGTERM));
  facts.number[CHILD] = reaped(pid);
}

void check_signals(const Capture& c, const Facts& facts, Check& check) {
  auto child = static_cast<uint32_t>(facts.number[CHILD]);
  check.that(c.find<spy_call>(SPY_KIND_SIGNAL, facts.pid,
                              [&](auto& r, auto&) { return r.args[0] == SIGTERM && r.target_tgid == child && r.target_start; }),
             "signal");
  check.that(c.find<spy_exit>(SPY_KIND_EXIT, child, [](auto& r, auto&) { return r.code == SIGTERM; }), "end by signal");
}

constexpr Scene kScenes[] = {
    {"fork, exec, exit", "processes", lifecycle, check_lifecycle},
    {"long paths", "files", deep, check_deep},
    {"control groups", "processes", cgroups, check_cgroups},
    {"signals", "signals", signals, check_signals},
    {"more work than processors", "processes", contention, check_contention},
};

}  // namespace

std::span<const Scene> process_scenes() { return kScenes; }
