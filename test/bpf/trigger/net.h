/* SPDX-License-Identifier: MIT */
/* What the socket scenarios share. */
#ifndef TRIGGER_NET_H
#define TRIGGER_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "trigger.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* The loopback address of a family; port 0 lets the kernel choose. */
union address loopback(int family, int port);
/* A listening socket; the address receives its port, which is printed with its inode. */
int listening(union address *at);
int local_port(int fd);
long long inode_of(int fd);
long long network_namespace(void);
/* A network namespace of our own: empty, or with its loopback up. */
void empty_network(void);
void own_network(void);
/* By io_uring: no system call carries the address or gives the descriptor. -1 with errno. */
int uring_connect(int fd, const void *to, socklen_t length);
int uring_accept(int fd);

#endif
