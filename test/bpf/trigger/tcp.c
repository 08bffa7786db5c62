/* SPDX-License-Identifier: MIT */
/* Connections between two processes over loopback; options are words in any order. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "net.h"

static bool has(int argc, char **argv, const char *word)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

static int protocol(int argc, char **argv)
{
	return has(argc, argv, "multipath") ? IPPROTO_MPTCP : 0;
}

static void send_all(int fd, long n)
{
	char buffer[65536] = "";

	for (long sent = 0; sent < n;)
		sent += MUST(send(fd, buffer, n - sent < (long)sizeof(buffer) ? n - sent : (long)sizeof(buffer), MSG_NOSIGNAL));
}

static void receive_all(int fd, long n)
{
	char buffer[65536];

	for (long got = 0, r; got < n && (r = MUST(recv(fd, buffer, sizeof(buffer), 0))) > 0;)
		got += r;
}

static void until_eof(int fd)
{
	char buffer[65536];

	while (recv(fd, buffer, sizeof(buffer), 0) > 0)
		;
}

static void client(int argc, char **argv, const union address *server, long up, long down)
{
	int fd = MUST(socket(server->any.sa_family, SOCK_STREAM | (has(argc, argv, "nonblock") ? SOCK_NONBLOCK : 0),
			     protocol(argc, argv)));

	if (has(argc, argv, "fastopen")) {
		MUST(sendto(fd, "x", 1, MSG_FASTOPEN, &server->any, sizeof(*server)));
		up--;
	} else if (has(argc, argv, "uring")) {
		MUST(uring_connect(fd, server, sizeof(*server)));
	} else if (connect(fd, &server->any, sizeof(*server))) {
		struct pollfd writable = {.fd = fd, .events = POLLOUT};

		if (errno != EINPROGRESS)
			MUST(-1);
		MUST(poll(&writable, 1, -1));
		MUST(fcntl(fd, F_SETFL, 0));
	}
	facts("client", getpid(), "clientIno", inode_of(fd), "clientPort", (long long)local_port(fd), "clientFd", (long long)fd, NULL);
	send_all(fd, up);
	receive_all(fd, down);
	if (has(argc, argv, "reset"))
		MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)));
	if (has(argc, argv, "server-first"))
		until_eof(fd);
	/* Left to the end of the process otherwise. */
	if (!has(argc, argv, "exit-open"))
		close(fd);
	_exit(0);
}

/* argv: bytes up, bytes down, then words: v6 mapped nonblock fastopen uring server-first exit-open reset accept multipath */
static void tcp(int argc, char **argv)
{
	long up = atol(argv[0]), down = atol(argv[1]);
	bool v6 = has(argc, argv, "v6"), mapped = has(argc, argv, "mapped");
	union address at = loopback(v6 || mapped ? AF_INET6 : AF_INET, 0);
	int listener, fd, on = 1;
	pid_t child;

	if (has(argc, argv, "netns"))
		own_network();
	listener = MUST(socket(at.any.sa_family, SOCK_STREAM, protocol(argc, argv)));
	if (mapped)
		at.v6.sin6_addr = in6addr_any;
	if (has(argc, argv, "fastopen"))
		MUST(setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &on, sizeof(on)));
	MUST(bind(listener, &at.any, sizeof(at)));
	MUST(listen(listener, 7));
	facts("server", getpid(), "listenIno", inode_of(listener), "port", (long long)local_port(listener), "listenFd",
	      (long long)listener, "netns", network_namespace(), NULL);
	at = loopback(v6 ? AF_INET6 : AF_INET, local_port(listener));
	child = MUST(fork());
	if (!child) {
		close(listener);
		client(argc, argv, &at, up, down);
	}
	if (has(argc, argv, "uring"))
		fd = MUST(uring_accept(listener));
	else
		fd = has(argc, argv, "accept") ? MUST(accept(listener, NULL, NULL)) : MUST(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	facts("acceptedIno", inode_of(fd), "acceptedFd", (long long)fd, NULL);
	receive_all(fd, up);
	send_all(fd, down);
	if (!has(argc, argv, "server-first"))
		until_eof(fd);
	close(fd);
	reap(child);
}

/* The client is gone, with everything it sent still on its way, before the server reads or closes. */
static void client_dies(int argc, char **argv)
{
	union address at = loopback(AF_INET, 0);
	int listener = listening(&at), fd;
	pid_t child = MUST(fork());

	(void)argc, (void)argv;
	if (!child) {
		fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
		MUST(connect(fd, &at.any, sizeof(at)));
		facts("client", getpid(), "clientIno", inode_of(fd), "clientPort", (long long)local_port(fd), NULL);
		send_all(fd, 1000);
		_exit(0);
	}
	reap(child);
	fd = MUST(accept(listener, NULL, NULL));
	until_eof(fd);
	hold();
	close(fd);
}

/* The peer resets the connection; the descriptor stays. */
static void reset_held(int argc, char **argv)
{
	union address at = loopback(AF_INET, 0);
	int listener = listening(&at), client = MUST(socket(AF_INET, SOCK_STREAM, 0)), server;

	(void)argc, (void)argv;
	MUST(connect(client, &at.any, sizeof(at)));
	server = MUST(accept(listener, NULL, NULL));
	facts("heldIno", inode_of(server), NULL);
	MUST(setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)));
	close(client);
	hold();
	close(server);
}

/* argv[0]: "nonblock" or "block": nobody listens on a port that is taken. */
static void refused(int argc, char **argv)
{
	bool nonblock = has(argc, argv, "nonblock");
	union address at = loopback(has(argc, argv, "v6") ? AF_INET6 : AF_INET, 0);
	int taken = MUST(socket(at.any.sa_family, SOCK_STREAM, 0)), fd, result;
	struct pollfd writable;

	MUST(bind(taken, &at.any, sizeof(at)));
	at = loopback(at.any.sa_family, local_port(taken));
	fd = MUST(socket(at.any.sa_family, SOCK_STREAM | (nonblock ? SOCK_NONBLOCK : 0), 0));
	facts("ino", inode_of(fd), "port", (long long)local_port(taken), NULL);
	result = connect(fd, &at.any, sizeof(at));
	facts("result", result, "errno", (long long)errno, NULL);
	writable = (struct pollfd){.fd = fd, .events = POLLOUT};
	MUST(poll(&writable, 1, -1));
}

/* In an empty network namespace no address can be reached. */
static void unreachable(int argc, char **argv)
{
	union address at = loopback(AF_INET, 4242);
	int fd, result;

	(void)argc, (void)argv;
	empty_network();
	fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
	facts("ino", inode_of(fd), NULL);
	at.v4.sin_addr.s_addr = inet_addr("192.0.2.7");
	result = connect(fd, &at.any, sizeof(at));
	facts("result", result, "errno", (long long)errno, NULL);
}

/* Connects to itself: both sides send SYN. */
static void self_connect(int argc, char **argv)
{
	union address at = loopback(AF_INET, 0);
	int fd = MUST(socket(AF_INET, SOCK_STREAM, 0));

	(void)argc, (void)argv;
	MUST(bind(fd, &at.any, sizeof(at)));
	at = loopback(AF_INET, local_port(fd));
	MUST(connect(fd, &at.any, sizeof(at)));
	facts("ino", inode_of(fd), "port", (long long)local_port(fd), NULL);
}

/* listen without bind: the kernel chooses the port inside listen. */
static void listen_unbound(int argc, char **argv)
{
	int fd = MUST(socket(AF_INET6, SOCK_STREAM, 0));

	(void)argc, (void)argv;
	MUST(listen(fd, 3));
	facts("ino", inode_of(fd), "port", (long long)local_port(fd), NULL);
}

/* argv: port. Accepts at every address, of IPv6 and IPv4, until stdin ends; "v4": of IPv4 only. */
static void serve(int argc, char **argv)
{
	bool v4 = has(argc, argv, "v4");
	union address at = {.v4 = {AF_INET, htons(atoi(argv[0])), {}, {}}};
	int listener = MUST(socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM, 0)), on = 1;
	struct pollfd wait[] = {{.fd = 0, .events = POLLIN}, {.fd = listener, .events = POLLIN}};

	if (!v4)
		at.v6 = (struct sockaddr_in6){AF_INET6, htons(atoi(argv[0])), 0, in6addr_any, 0};
	MUST(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	MUST(bind(listener, &at.any, sizeof(at)));
	MUST(listen(listener, 7));
	facts("ready", 1, NULL);
	while (MUST(poll(wait, 2, -1)) && !wait[0].revents)
		if (wait[1].revents)
			send_all(MUST(accept(listener, NULL, NULL)), 1);
}

/* argv: address, port */
static void call(int argc, char **argv)
{
	union address at = {};
	int fd;

	(void)argc;
	if (strchr(argv[0], ':')) {
		at.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(atoi(argv[1]))};
		inet_pton(AF_INET6, argv[0], &at.v6.sin6_addr);
	} else {
		at.v4 = (struct sockaddr_in){AF_INET, htons(atoi(argv[1])), {inet_addr(argv[0])}, {}};
	}
	fd = MUST(socket(at.any.sa_family, SOCK_STREAM, 0));
	MUST(connect(fd, &at.any, sizeof(at)));
	receive_all(fd, 1);
	facts("port", (long long)local_port(fd), NULL);
	hold();
}

const struct scenario tcp_scenarios[] = {
	{"tcp", tcp},		  {"client-dies", client_dies},	  {"refused", refused},	   {"unreachable", unreachable},
	{"reset-held", reset_held},	  {"serve", serve},		  {"call", call},
	{"self-connect", self_connect}, {"listen-unbound", listen_unbound}, {},
};
