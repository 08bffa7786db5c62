// SPDX-License-Identifier: MIT
// Sockets over loopback.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>

#include "scene.h"

namespace {

enum { CLIENT, PORT, LISTENER_INO, CLIENT_INO, CLIENT_PORT, ACCEPTED_INO, PASSED_INO, ENDS };

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

Address loopback(int family, uint16_t port) {
  Address a = {};
  a.any.sa_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    a.v4.sin_port = htons(port);
    a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    a.v6.sin6_port = htons(port);
    a.v6.sin6_addr = in6addr_loopback;
  }
  return a;
}

uint16_t port_of(int fd) {
  Address a = {};
  socklen_t length = sizeof(a);
  MUST(getsockname(fd, &a.any, &length));
  return ntohs(a.v4.sin_port);  // at the same place in both families
}

int bound(int family, int type, uint16_t port) {
  Address a = loopback(family, port);
  int fd = MUST(socket(family, type, 0));
  MUST(bind(fd, &a.any, family == AF_INET ? sizeof(a.v4) : sizeof(a.v6)));
  return fd;
}

void tcp(Facts& facts, int family) {
  char buffer[8192] = {};
  int listener = bound(family, SOCK_STREAM, 0);
  MUST(listen(listener, 5));
  facts.number[PORT] = port_of(listener);
  facts.number[LISTENER_INO] = inode_of(listener);
  pid_t client = MUST(fork());
  if (!client) {
    Address a = loopback(family, static_cast<uint16_t>(facts.number[PORT]));
    close(listener);
    int fd = MUST(socket(family, SOCK_STREAM, 0));
    MUST(connect(fd, &a.any, family == AF_INET ? sizeof(a.v4) : sizeof(a.v6)));
    facts.number[CLIENT_INO] = inode_of(fd);
    facts.number[CLIENT_PORT] = port_of(fd);
    // Nothing is under way while the other side is accepted: a socket that moves on meanwhile has no common numbers.
    MUST(recv(fd, buffer, 5000, MSG_WAITALL));
    MUST(send(fd, buffer, 3000, 0));
    close(fd);
    _exit(0);
  }
  facts.number[CLIENT] = static_cast<uint64_t>(client);
  int fd = MUST(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  facts.number[ACCEPTED_INO] = inode_of(fd);
  MUST(send(fd, buffer, 5000, 0));
  MUST(recv(fd, buffer, 3000, MSG_WAITALL));
  MUST(recv(fd, buffer, sizeof(buffer), 0));
  close(fd);
  MUST(waitpid(client, nullptr, 0));
}

uint64_t pair_of(const Capture& c, uint16_t kind, uint32_t tgid, uint64_t ino) {
  uint64_t pair = 0;
  c.find<spy_sock>(kind, tgid, [&](auto& r, auto&) {
    if (r.sock == ino && r.state != 2) pair = r.pair;
    return r.sock == ino && r.state != 2;
  });
  return pair;
}

void check_tcp(const Capture& c, const Facts& facts, Check& check) {
  auto client = static_cast<uint32_t>(facts.number[CLIENT]);
  auto at = [&](uint16_t kind, uint32_t tgid, int ino, auto takes) {
    return c.find<spy_sock>(kind, tgid, [&](auto& r, auto&) { return r.sock == facts.number[ino] && r.proto == IPPROTO_TCP && takes(r); });
  };
  uint64_t port = facts.number[PORT], client_port = facts.number[CLIENT_PORT];
  check.that(at(SPY_KIND_LISTEN, facts.pid, LISTENER_INO, [&](auto& r) { return r.lport == port && r.state == 10 && r.backlog == 5; }), "listen");
  check.that(at(SPY_KIND_CONNECT, client, CLIENT_INO,
                [&](auto& r) { return r.lport == client_port && r.rport == port && r.state == 1 && !r.err && r.netns; }),
             "connect");
  check.that(at(SPY_KIND_ACCEPT, facts.pid, ACCEPTED_INO, [&](auto& r) { return r.lport == port && r.rport == client_port && r.fd >= 0; }),
             "accept");
  check.that(at(SPY_KIND_CLOSE, client, CLIENT_INO, [](auto& r) { return r.tx == 3000 && r.rx == 5000; }), "close of the client, with bytes");
  check.that(at(SPY_KIND_CLOSE, facts.pid, ACCEPTED_INO, [](auto& r) { return r.tx == 5000 && r.rx == 3000; }), "close of the server, with bytes");
  check.that(at(SPY_KIND_CONNECT, client, CLIENT_INO,
                [](auto& r) {
                  static const uint8_t v6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
                  static const uint8_t v4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
                  return !memcmp(r.raddr, r.family == AF_INET6 ? v6 : v4, 16);
                }),
             "addresses");
  uint64_t asked = pair_of(c, SPY_KIND_CONNECT, client, facts.number[CLIENT_INO]);
  uint64_t answered = pair_of(c, SPY_KIND_ACCEPT, facts.pid, facts.number[ACCEPTED_INO]);
  check.that(asked && answered && asked == (answered | 1) && !(answered & 1), "what both ends have in common, and who asked");
}

void refused(Facts& facts) {
  int taken = bound(AF_INET, SOCK_STREAM, 0), fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
  facts.number[PORT] = port_of(taken);
  facts.number[CLIENT_INO] = inode_of(fd);
  Address a = loopback(AF_INET, static_cast<uint16_t>(facts.number[PORT]));
  if (!connect(fd, &a.any, sizeof(a.v4)) || errno != ECONNREFUSED) give_up("connect should be refused", __LINE__);
}

void check_refused(const Capture& c, const Facts& facts, Check& check) {
  check.that(c.find<spy_sock>(SPY_KIND_CONNECT, facts.pid,
                              [&](auto& r, auto&) {
                                return r.err == ECONNREFUSED && r.rport == facts.number[PORT] && r.sock == facts.number[CLIENT_INO];
                              }),
             "refused connect");
}

void datagrams(Facts& facts) {
  int server = bound(AF_INET, SOCK_DGRAM, 0);
  uint16_t port = port_of(server);
  Address a = loopback(AF_INET, port);
  facts.number[PORT] = port;
  int by_to = MUST(socket(AF_INET, SOCK_DGRAM, 0)), by_msg = MUST(socket(AF_INET, SOCK_DGRAM, 0));
  int by_mmsg = MUST(socket(AF_INET, SOCK_DGRAM, 0)), connected = MUST(socket(AF_INET, SOCK_DGRAM, 0));
  char byte = 'x';
  iovec iov = {&byte, 1};
  mmsghdr message = {};
  message.msg_hdr.msg_name = &a;
  message.msg_hdr.msg_namelen = sizeof(a.v4);
  message.msg_hdr.msg_iov = &iov;
  message.msg_hdr.msg_iovlen = 1;
  MUST(sendto(by_to, &byte, 1, 0, &a.any, sizeof(a.v4)));
  MUST(sendmsg(by_msg, &message.msg_hdr, 0));
  MUST(sendmmsg(by_mmsg, &message, 1, 0));
  MUST(connect(connected, &a.any, sizeof(a.v4)));
  int fds[] = {by_to, by_msg, by_mmsg, connected};
  for (int i = 0; i < 4; i++) facts.number[ENDS + i] = inode_of(fds[i]);
}

void check_datagrams(const Capture& c, const Facts& facts, Check& check) {
  const char* forms[] = {"sendto", "sendmsg", "sendmmsg", "connect"};
  for (int i = 0; i < 4; i++)
    check.that(c.find<spy_sock>(SPY_KIND_DATAGRAM, facts.pid,
                                [&](auto& r, auto&) {
                                  return r.sock == facts.number[ENDS + i] && r.rport == facts.number[PORT] && r.proto == IPPROTO_UDP && r.raddr[12] == 127;
                                }),
               forms[i]);
}

void dns(Facts&) {
  int server = bound(AF_INET, SOCK_DGRAM, 53);
  Address a = loopback(AF_INET, 53), from;
  const char* answers[] = {"answer to recvfrom", "answer to recvmsg", "answer to recvmmsg"};
  for (int i = 0; i < 3; i++) {
    int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));
    if (i) MUST(connect(fd, &a.any, sizeof(a.v4)));
    char buffer[64];
    socklen_t length = sizeof(from);
    iovec iov = {buffer, sizeof(buffer)};
    mmsghdr message = {};
    message.msg_hdr.msg_iov = &iov;
    message.msg_hdr.msg_iovlen = 1;
    MUST(sendto(fd, "question", 8, 0, i ? nullptr : &a.any, i ? 0 : sizeof(a.v4)));
    MUST(recvfrom(server, buffer, sizeof(buffer), 0, &from.any, &length));
    MUST(sendto(server, answers[i], strlen(answers[i]), 0, &from.any, length));
    length = sizeof(from);
    if (i == 0) MUST(recvfrom(fd, buffer, sizeof(buffer), 0, &from.any, &length));
    if (i == 1) MUST(recvmsg(fd, &message.msg_hdr, 0));
    if (i == 2) MUST(recvmmsg(fd, &message, 1, 0, nullptr));
  }
}

void check_dns(const Capture& c, const Facts& facts, Check& check) {
  for (const char* form : {"recvfrom", "recvmsg", "recvmmsg"})
    check.that(c.find<spy_dns>(SPY_KIND_DNS, facts.pid, [&](auto&, auto& row) { return row.text[0] == std::string("answer to ") + form; }), form);
}

sockaddr_un unix_address(const char* path) {
  sockaddr_un a = {};
  a.sun_family = AF_UNIX;
  strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
  return a;
}

// One descriptor, beside one byte.
struct Passing {
  char byte = 'x';
  iovec iov = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  explicit Passing(int fd) {
    message.msg_iov = &iov;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    *header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  }
};

void unix_sockets(Facts& facts) {
  sockaddr_un a = unix_address("/tmp/unix.sock");
  int listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), pipe_ends[2];
  MUST(bind(listener, reinterpret_cast<sockaddr*>(&a), sizeof(a)));
  MUST(listen(listener, 1));
  MUST(pipe(pipe_ends));
  facts.number[PASSED_INO] = inode_of(pipe_ends[0]);
  pid_t client = MUST(fork());
  if (!client) {
    int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof(a)));
    facts.number[CLIENT_INO] = inode_of(fd);
    Passing passing(pipe_ends[0]);
    MUST(sendmsg(fd, &passing.message, 0));
    MUST(recv(fd, &passing.byte, 1, 0));
    _exit(0);
  }
  facts.number[CLIENT] = static_cast<uint64_t>(client);
  int fd = MUST(accept(listener, nullptr, nullptr));
  facts.number[ACCEPTED_INO] = inode_of(fd);
  Passing passing(-1);
  MUST(recvmsg(fd, &passing.message, 0));
  MUST(send(fd, "x", 1, 0));
  MUST(waitpid(client, nullptr, 0));
}

void check_unix_sockets(const Capture& c, const Facts& facts, Check& check) {
  auto client = static_cast<uint32_t>(facts.number[CLIENT]);
  auto end = [&](uint16_t kind, uint32_t tgid, int ino) {
    return c.find<spy_unix>(kind, tgid, [&](auto& r, auto& row) {
      return r.sock == facts.number[ino] && row.text[0] == "/tmp/unix.sock" && r.end && r.peer && r.type == SOCK_STREAM;
    });
  };
  const Row* connected = end(SPY_KIND_UNIX_CONNECT, client, CLIENT_INO);
  const Row* accepted = end(SPY_KIND_UNIX_ACCEPT, facts.pid, ACCEPTED_INO);
  check.that(connected, "connect");
  check.that(accepted, "accept");
  if (connected) check.that(connected->as<spy_unix>().peer_tgid == facts.pid, "who listens");
  if (accepted) check.that(accepted->as<spy_unix>().peer_tgid == client, "who connected");
  if (connected && accepted) check.that(connected->as<spy_unix>().end == accepted->as<spy_unix>().peer, "both ends match");
}

void check_passed(const Capture& c, const Facts& facts, Check& check) {
  auto client = static_cast<uint32_t>(facts.number[CLIENT]);
  auto passed = [&](uint32_t tgid, int ino, uint64_t direction) {
    return c.find<spy_call>(SPY_KIND_FD_PASS, tgid, [&](auto& r, auto&) {
      return r.args[0] == direction && r.args[1] == facts.number[ino] && r.args[2] == 1 && (r.args[3] & 0xffffffffffff) == facts.number[PASSED_INO];
    });
  };
  check.that(passed(client, CLIENT_INO, 1), "sent descriptor");
  check.that(passed(facts.pid, ACCEPTED_INO, 2), "received descriptor");
}

constexpr Scene kScenes[] = {
    {"tcp over IPv4", "tcp", [](Facts& facts) { tcp(facts, AF_INET); }, check_tcp},
    {"tcp over IPv6", "tcp", [](Facts& facts) { tcp(facts, AF_INET6); }, check_tcp},
    {"refused connect", "tcp", refused, check_refused},
    {"datagrams", "datagrams", datagrams, check_datagrams},
    {"DNS answers", "names and passed descriptors", dns, check_dns},
    {"unix sockets", "sockets", unix_sockets, check_unix_sockets},
    {"passed descriptors", "names and passed descriptors",
     [](Facts& facts) {
       unlink("/tmp/unix.sock");
       unix_sockets(facts);
     },
     check_passed},
};

}  // namespace

std::span<const Scene> network_scenes() { return kScenes; }
