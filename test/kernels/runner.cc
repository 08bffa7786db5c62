// SPDX-License-Identifier: MIT
// The init of a small virtual machine: loads the capture as the monitor does, makes real system calls, checks what
// arrived, prints lines (report.h) and ends the machine. argv[1] "exit" makes it a program that only ends.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdlib>
#include <set>

#include "hooks_probe.h"
#include "report.h"
#include "scene.h"

namespace {

constexpr const char* kObject = "/spydertop.bpf.o";
constexpr unsigned kSceneSeconds = 60;

Facts* g_facts;

uint64_t now_ms() { return spy::boot_time_ns() / 1'000'000; }

void prepare_machine() {
  const struct {
    const char *type, *at;
  } mounts[] = {{"proc", "/proc"},       {"sysfs", "/sys"},           {"devtmpfs", "/dev"},
                {"tmpfs", "/tmp"},       {"tracefs", "/sys/kernel/tracing"}, {"securityfs", "/sys/kernel/security"},
                {"cgroup2", "/sys/fs/cgroup"}};
  for (const auto& m : mounts) {
    mkdir(m.at, 0755);
    mount("none", m.at, m.type, 0, "");
  }
  int console = open("/dev/console", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(console, fd);
  if (console > 2) close(console);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq lo = {};
  strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(fd, SIOCSIFFLAGS, &lo)) Line("problem", "loopback").string("why", strerror(errno));
  close(fd);
}

std::string read_text(const char* path) {
  char buffer[4096];
  int fd = open(path, O_RDONLY);
  ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer) - 1);
  if (fd >= 0) close(fd);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : std::string{};
}

// A process that holds a listener, a unix socket, a pipe and a written file before the capture begins.
struct Holder {
  pid_t pid;
  uint64_t listener, unix_socket, pipe, file;
};

Holder start_holder() {
  int ready[2];
  uint64_t inodes[4] = {};
  Holder holder = {};
  MUST(pipe(ready));
  holder.pid = MUST(fork());
  if (!holder.pid) {
    sockaddr_un at = {};
    at.sun_family = AF_UNIX;
    strcpy(at.sun_path, "/tmp/held.sock");
    int tcp = MUST(socket(AF_INET, SOCK_STREAM, 0)), local = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), ends[2];
    MUST(listen(tcp, 1));
    MUST(bind(local, reinterpret_cast<sockaddr*>(&at), sizeof(at)));
    MUST(listen(local, 1));
    MUST(pipe(ends));
    int file = MUST(open("/tmp/held", O_WRONLY | O_CREAT, 0644));
    uint64_t held[] = {inode_of(tcp), inode_of(local), inode_of(ends[0]), inode_of(file)};
    MUST(write(ready[1], held, sizeof(held)));
    for (;;) {
      for (int spin = 0; spin < 1'000'000; spin++) asm volatile("");
      usleep(1000);
    }
  }
  MUST(read(ready[0], inodes, sizeof(inodes)));
  close(ready[0]);
  close(ready[1]);
  holder.listener = inodes[0];
  holder.unix_socket = inodes[1];
  holder.pipe = inodes[2];
  holder.file = inodes[3];
  return holder;
}

void report_scene(const char* name, const char* feature, const std::string& missing, const char* skipped, const std::string& note = {}) {
  Line("scene", name).string("feature", feature).flag("ok", missing.empty()).string("missing", missing).string("skipped", skipped).string("note", note);
}

// Drains until the process's end was seen, with everything before it.
bool drain_until_exit(Capture& capture, uint32_t pid) {
  for (uint64_t deadline = now_ms() + 20'000; now_ms() < deadline; usleep(5000)) {
    if (!capture.drain()) return false;
    if (capture.find<spy_exit>(SPY_KIND_EXIT, pid, [](auto&, auto&) { return true; })) return true;
  }
  return false;
}

void play(Capture& capture, const Scene& scene) {
  memset(g_facts, 0, sizeof(*g_facts));
  pid_t pid = MUST(fork());
  if (!pid) {
    alarm(kSceneSeconds);
    g_facts->pid = static_cast<uint32_t>(getpid());
    scene.act(*g_facts);
    _exit(0);
  }
  int status = 0;
  MUST(waitpid(pid, &status, 0));
  std::string missing, note;
  if (status) {
    missing = *g_facts->failure ? g_facts->failure : "the scene ended with status " + std::to_string(status);
  } else if (!drain_until_exit(capture, static_cast<uint32_t>(pid))) {
    missing = "its end never arrived";
  } else {
    // Softirq may still be closing what the process left.
    for (int attempt = 0; attempt < 40; attempt++) {
      Check check;
      scene.check(capture, *g_facts, check);
      missing = check.missing();
      note = check.note();
      if (missing.empty()) break;
      usleep(20'000);
      if (!capture.drain()) missing = "a batch that cannot be read";
    }
  }
  report_scene(scene.name, scene.feature, missing, g_facts->skipped, note);
  capture.rows.clear();
}

void check_snapshot(Capture& capture, const Holder& holder) {
  std::vector<uint32_t> tgids;
  auto pid = static_cast<uint32_t>(holder.pid);
  Check tasks, files;
  if (spy::Error e = capture.session.snapshot(tgids)) tasks.that(false, e.message.c_str());
  if (!capture.drain()) tasks.that(false, "a batch that cannot be read");
  const Row* init = capture.find<spy_image>(SPY_KIND_PROCESS, 1, [](auto&, auto&) { return true; });
  const Row* held = capture.find<spy_image>(SPY_KIND_PROCESS, pid, [](auto&, auto&) { return true; });
  tasks.that(init && init->text[0] == "/init" && init->text[2].starts_with("/init"), "init with its arguments");
  tasks.that(held && held->as<spy_image>().parent_tgid == static_cast<uint32_t>(getpid()) && held->as<spy_image>().h.flags & SPY_FLAG_BEFORE_START, "child");
  tasks.that(capture.find<spy_image>(SPY_KIND_PROCESS, 2, [](auto& r, auto& row) { return r.image & SPY_IMAGE_KTHREAD && row.text[5] == "kthreadd"; }),
             "kernel thread");
  report_scene("processes before the start", "processes", tasks.missing(), "");
  files.that(capture.find<spy_sock>(SPY_KIND_SOCKET, pid, [&](auto& r, auto&) { return r.sock == holder.listener && r.state == 10 && r.lport; }), "listener");
  files.that(capture.find<spy_unix>(SPY_KIND_UNIX_SOCKET, pid,
                                    [&](auto& r, auto& row) { return r.sock == holder.unix_socket && row.text[0] == "/tmp/held.sock"; }),
             "unix socket");
  files.that(capture.find<spy_pipe>(SPY_KIND_PIPE, pid, [&](auto& r, auto&) { return r.ino == holder.pipe && r.open == SPY_OPEN_READ; }), "pipe");
  files.that(capture.find<spy_file>(SPY_KIND_OPEN, pid, [&](auto& r, auto& row) { return r.ino == holder.file && row.text[0] == "/tmp/held"; }),
             "written file");
  report_scene("open before the start", "open files", files.missing(), "");
  capture.rows.clear();
}

void check_usage(Capture& capture, const Holder& holder) {
  auto pid = static_cast<uint32_t>(holder.pid);
  Check check;
  if (spy::Error e = capture.session.refresh()) check.that(false, e.message.c_str());
  usleep(300'000);
  if (spy::Error e = capture.session.refresh()) check.that(false, e.message.c_str());
  if (!capture.drain()) check.that(false, "a batch that cannot be read");
  uint64_t first = 0, last = 0;
  capture.find<spy_tick>(SPY_KIND_TICK, pid, [&](auto& r, auto&) {
    if (!first) first = r.cpu_ns;
    last = r.cpu_ns;
    check.that(r.threads == 1 && r.rss_bytes > 4096 && r.vsz_bytes >= r.rss_bytes && r.state, "memory, threads, state");
    return false;
  });
  check.that(first && last > first, "CPU time that grows");
  check.that(capture.find<spy_sock>(SPY_KIND_SOCKET, pid, [&](auto& r, auto&) { return r.sock == holder.listener; }), "socket");
  report_scene("usage", "usage", check.missing(), "");
  capture.rows.clear();
}

void report_features(const spy::Session& session) {
  for (const spy::FeatureState& f : session.features())
    Line("feature", f.name).string("hook", f.hook).flag("ok", f.ok).flag("onBase", f.on_base).string("why", f.trouble.why).string("lost", f.lost);
}

// Everything loaded in this machine is the capture's. The kernel keeps 15 bytes of a name, the program's own BTF all.
void report_programs() {
  for (uint32_t id = 0; !bpf_prog_get_next_id(id, &id);) {
    int fd = bpf_prog_get_fd_by_id(id);
    if (fd < 0) continue;
    bpf_func_info first = {};
    bpf_prog_info info = {};
    uint32_t length = sizeof(info);
    info.nr_func_info = 1;
    info.func_info_rec_size = sizeof(first);
    info.func_info = reinterpret_cast<uint64_t>(&first);
    if (!bpf_obj_get_info_by_fd(fd, &info, &length)) {
      btf* types = btf__load_from_kernel_by_id(info.btf_id);
      const btf_type* type = types ? btf__type_by_id(types, first.type_id) : nullptr;
      std::string name = type ? btf__name_by_offset(types, type->name_off) : info.name;
      Line("program", name).number("verified", info.verified_insns).number("missed", info.recursion_misses);
      btf__free(types);
    }
    close(fd);
  }
}

thread_local std::string g_log;

int keep_log(libbpf_print_level level, const char* format, va_list args) {
  if (level == LIBBPF_DEBUG) return 0;
  std::vector<char> line(1 << 20);
  vsnprintf(line.data(), line.size(), format, args);
  g_log += line.data();
  return 0;
}

// What the verifier says about each program that was refused: the end of its log, one a line.
void explain_refusals() {
  std::set<std::string> broken;
  bpf_object* all = bpf_object__open_file(kObject, nullptr);
  if (!all) return;
  bpf_program* p;
  bpf_object__for_each_program(p, all) broken.insert(bpf_program__name(p));
  bpf_object__close(all);
  for (const std::string& name : broken) {
    bpf_object* one = bpf_object__open_file(kObject, nullptr);
    bpf_object__for_each_program(p, one) bpf_program__set_autoload(p, name == bpf_program__name(p));
    // 5.10 does not know its type.
    bpf_map__set_autocreate(bpf_object__find_map_by_name(one, "resolved_names"), spy::kernel_at_least(5, 15));
    g_log.clear();
    libbpf_set_print(keep_log);
    int error = bpf_object__load(one);
    bpf_object__close(one);
    if (!error) continue;
    size_t keep = g_log.size() > 6000 ? g_log.size() - 6000 : 0;
    printf("---- %s: %s\n%s\n----\n", name.c_str(), strerror(-error), g_log.c_str() + keep);
    fflush(stdout);
  }
}

// Hooks on functions are let go by a process of their own, which takes its time.
void check_nothing_left() {
  uint32_t id = 0;
  for (uint64_t deadline = now_ms() + 60'000; !bpf_prog_get_next_id(0, &id) && now_ms() < deadline;) usleep(20'000);
  if (!bpf_prog_get_next_id(0, &id)) Line("problem", "after the end").string("why", "a program is still in the kernel");
}

void check_losses(const Capture& capture) {
  spy::Stats stats = capture.session.stats();
  uint64_t produced = 0, dropped = 0;
  for (const spy::KindStats& kind : stats.kinds) {
    produced += kind.produced;
    dropped += kind.dropped;
  }
  Line("counts").number("produced", produced).number("dropped", dropped).number("malformed", stats.malformed).number("missedRuns", stats.missed_runs);
}

void run_capture(bool explain) {
  Holder holder = start_holder();
  Capture capture;
  uint64_t begin = now_ms();
  spy::Options options;
  options.object_path = kObject;
  spy::Error error = capture.session.open(options);
  if (!error) error = capture.session.load();
  uint64_t loaded = now_ms();
  if (!error) error = capture.session.attach();
  uint64_t attached = now_ms();
  Line("session").flag("ok", !error).string("why", error.message + (error.hint.empty() ? "" : ": " + error.hint)).number("loadMs", loaded - begin).number("attachMs", attached - loaded);
  if (!error) {
    report_features(capture.session);
    report_programs();
    check_snapshot(capture, holder);
    check_usage(capture, holder);
    for (auto scenes : {process_scenes(), file_scenes(), overlay_scenes(), race_scenes(), network_scenes(), reach_scenes()})
      for (const Scene& scene : scenes) play(capture, scene);
    check_losses(capture);
    report_programs();
    begin = now_ms();
    capture.session.close();
    Line("detached").number("ms", now_ms() - begin);
    check_nothing_left();
  }
  kill(holder.pid, SIGKILL);
  waitpid(holder.pid, nullptr, 0);
  if (explain) explain_refusals();
}

}  // namespace

void give_up(const char* what, int line) {
  snprintf(g_facts->failure, sizeof(g_facts->failure), "line %d: %s: %s", line, what, strerror(errno));
  _exit(1);
}

void skip(const char* what) {
  if (*g_facts->skipped) strncat(g_facts->skipped, ", ", sizeof(g_facts->skipped) - strlen(g_facts->skipped) - 1);
  strncat(g_facts->skipped, what, sizeof(g_facts->skipped) - strlen(g_facts->skipped) - 1);
}

uint64_t inode_of(int fd) {
  struct stat st;
  MUST(fstat(fd, &st));
  return st.st_ino;
}

int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "exit")) return argc > 2 ? atoi(argv[2]) : 0;
  if (getpid() != 1) return 1;
  prepare_machine();
  g_facts = static_cast<Facts*>(mmap(nullptr, sizeof(Facts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  utsname u;
  uname(&u);
  Line("kernel", u.release).string("build", u.version).string("machine", u.machine).string("lsm", read_text("/sys/kernel/security/lsm"));
  // The monitor does not report itself: it is a process of its own, so that init can be found.
  pid_t monitor = fork();
  if (!monitor) {
    run_capture(strstr(read_text("/proc/cmdline").c_str(), "explain") != nullptr);
    probe_hooks();
    _exit(0);
  }
  int status = 0;
  waitpid(monitor, &status, 0);
  Line("end").number("status", static_cast<uint64_t>(status));
  sync();
  reboot(RB_AUTOBOOT);
  return 0;
}
