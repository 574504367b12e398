// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* False when the test is over, or the time. */
static bool peer_wait(struct peer *p, int fd, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = p->stop[0], .events = POLLIN },
				{ .fd = fd, .events = POLLIN } };

	return poll(fds, 2, timeout_ms) > 0 && fds[0].revents == 0;
}

/* The bytes of one request, or NULL at the end; *n_head is where its body starts. */
static char *read_request(struct peer *p, int fd, size_t *n, size_t *n_head)
{
	char *bytes = NULL;
	const char *end, *length;

	*n = 0;
	for (;;) {
		ssize_t got;

		bytes = realloc(bytes, *n + 65536 + 1);
		bytes[*n] = '\0';
		end = strstr(bytes, "\r\n\r\n");
		if (end) {
			*n_head = (size_t)(end - bytes) + 4;
			length = strcasestr(bytes, "\r\nContent-Length:");
			if (*n >= *n_head + (length ? strtoul(length + 17, NULL, 10) : 0))
				return bytes;
		}
		got = peer_wait(p, fd, -1) ? recv(fd, bytes + *n, 65536, 0) : 0;
		if (got <= 0) {
			free(bytes);
			return NULL;
		}
		*n += (size_t)got;
	}
}

static const struct reply *keep(struct peer *p, char *bytes, size_t n, size_t n_head)
{
	struct heard heard = { .head = strndup(bytes, n_head), .n = n - n_head };
	size_t i;

	heard.body = calloc(1, heard.n + 1);
	memcpy(heard.body, bytes + n_head, heard.n);
	free(bytes);
	pthread_mutex_lock(&p->mutex);
	i = p->n_heard;
	if (i < PEER_MAX_HEARD)
		p->heard[p->n_heard++] = heard;
	pthread_mutex_unlock(&p->mutex);
	return &p->script[i < p->n_script ? i : p->n_script - 1];
}

/* False when the connection is to be closed. */
static bool say(struct peer *p, int fd, const struct reply *r)
{
	size_t n_body = (r->body ? strlen(r->body) : 0) + r->padding;
	char *text = calloc(1, n_body + 1024);
	size_t n;

	if (r->delay_ms > 0)
		peer_wait(p, -1, r->delay_ms);
	n = (size_t)snprintf(text, 1024, "HTTP/1.1 %d Whatever\r\n%sContent-Length: %zu\r\n\r\n",
			     r->status, r->headers ? r->headers : "", n_body);
	n += (size_t)snprintf(text + n, n_body + 1, "%s", r->body ? r->body : "");
	memset(text + n, 'x', r->padding);
	n += r->padding;
	if (r->kind == REPLY_NEVER)
		while (peer_wait(p, fd, -1) && recv(fd, text, 1, 0) > 0)
			;
	if (r->kind == REPLY_CONTINUE)
		n = (size_t)snprintf(text, 1024, "HTTP/1.1 100 Continue\r\n\r\n");
	if (r->kind == REPLY_HALF_LINE)
		n = 7;
	if (r->kind == REPLY_HALF_BODY)
		n -= (n_body + 1) / 2;
	if (r->kind != REPLY_NONE && r->kind != REPLY_NEVER)
		for (size_t sent = 0; sent < n;) {
			ssize_t more = send(fd, text + sent, n - sent, MSG_NOSIGNAL);

			if (more <= 0)
				break;
			sent += (size_t)more;
		}
	free(text);
	return r->kind == REPLY_WHOLE;
}

static void *peer_main(void *arg)
{
	struct peer *p = arg;

	while (peer_wait(p, p->listener, -1)) {
		int fd = accept(p->listener, NULL, NULL);
		size_t n, n_head;
		char *bytes;

		p->n_connections++;
		while ((bytes = read_request(p, fd, &n, &n_head)))
			if (!say(p, fd, keep(p, bytes, n, n_head)))
				break;
		close(fd);
	}
	return NULL;
}

void peer_start(struct peer *p, const struct reply *script, size_t n)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof address;

	*p = (struct peer){ .script = script, .n_script = n };
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(p->listener, (struct sockaddr *)&address, size) < 0 ||
	    listen(p->listener, 8) < 0 ||
	    getsockname(p->listener, (struct sockaddr *)&address, &size) < 0 || pipe(p->stop) < 0)
		abort();
	p->port = ntohs(address.sin_port);
	pthread_mutex_init(&p->mutex, NULL);
	if (pthread_create(&p->thread, NULL, peer_main, p) != 0)
		abort();
}

void peer_stop(struct peer *p)
{
	close(p->stop[1]);
	pthread_join(p->thread, NULL);
	close(p->stop[0]);
	close(p->listener);
	for (size_t i = 0; i < p->n_heard; i++) {
		free(p->heard[i].head);
		free(p->heard[i].body);
	}
	pthread_mutex_destroy(&p->mutex);
}

size_t peer_n_heard(struct peer *p)
{
	size_t n;

	pthread_mutex_lock(&p->mutex);
	n = p->n_heard;
	pthread_mutex_unlock(&p->mutex);
	return n;
}
