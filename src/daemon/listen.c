// SPDX-License-Identifier: Apache-2.0
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 32, MAX_HOST = 256 };

struct place {
	char host[MAX_HOST]; /* "" for every address */
	const char *port;
};

static bool port_is_legal(const char *port)
{
	size_t n = strspn(port, "0123456789");

	return n > 0 && n <= 5 && !port[n] && atoi(port) <= 65535;
}

/* Splits at the last colon, and takes the brackets off an IPv6 address. */
static int place_parse(const char *address, struct place *place, struct err *err)
{
	const char *colon = strrchr(address, ':');
	const char *host = address;
	size_t n = colon ? (size_t)(colon - host) : 0;

	if (!colon || !port_is_legal(colon + 1))
		return err_set(err, ERR_FORMAT,
			       "listen address \"%s\": write HOST:PORT, as in 127.0.0.1:9500, or "
			       ":9500 for every address",
			       address);
	if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	} else if (memchr(host, ':', n)) {
		return err_set(err, ERR_FORMAT,
			       "listen address \"%s\": an IPv6 address stands in brackets, as in "
			       "[::1]:9500",
			       address);
	}
	if (n >= sizeof place->host)
		return err_set(err, ERR_FORMAT, "listen address \"%.64s...\": too long", address);
	memcpy(place->host, host, n);
	place->host[n] = '\0';
	place->port = colon + 1;
	return 0;
}

void listen_share(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

/* Returns the descriptor, or -1 with errno. */
static int listen_on(const struct addrinfo *ai, bool both_families, bool shared)
{
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, only_v6 = !both_families, error;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (shared)
		listen_share(fd);
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static const char *remedy(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "; stop the program that has this port (`ss -ltnp` shows it), or choose "
		       "another one with --web.listen-address";
	case EADDRNOTAVAIL:
		return "; no interface of this machine has this address";
	case EACCES:
		return "; choose a port above 1023 with --web.listen-address";
	default:
		return "";
	}
}

/* Returns the descriptor, or -1 with errno, or with what getaddrinfo() said in *lookup. */
static int listen_in(int family, const struct place *place, bool shared, int *lookup)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_family = family,
				  .ai_socktype = SOCK_STREAM };
	const char *host = *place->host ? place->host : NULL;
	struct addrinfo *ai;
	int fd, error;

	*lookup = getaddrinfo(host, place->port, &hints, &ai);
	if (*lookup != 0)
		return -1;
	fd = listen_on(ai, !host, shared);
	error = errno;
	freeaddrinfo(ai);
	errno = error;
	return fd;
}

int listen_open(const char *address, bool shared, struct err *err)
{
	/* An IPv6 socket for every address takes IPv4 too; where there is no IPv6, IPv4. */
	static const int every[] = { AF_INET6, AF_INET }, named[] = { AF_INET, AF_INET6 };
	struct place place = { 0 };
	int lookup = 0, error = 0;
	int rc = place_parse(address, &place, err);

	if (rc < 0)
		return rc;
	for (int i = 0; i < 2; i++) {
		int fd = listen_in(*place.host ? named[i] : every[i], &place, shared, &lookup);

		if (fd >= 0)
			return fd;
		if (lookup == 0)
			error = errno;
	}
	if (!error)
		return err_set(err, ERR_IO, "cannot listen on %s: %s", address,
			       gai_strerror(lookup));
	return err_set(err, ERR_IO, "cannot listen on %s: %s%s", address, strerror(error),
		       remedy(error));
}

unsigned listen_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { 0 };
	socklen_t n = sizeof at;

	if (getsockname(fd, &at.any, &n) < 0)
		return 0;
	return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}
