// SPDX-License-Identifier: Apache-2.0
/*
 * http: requests that nobody waits for. The only file that knows libcurl.
 *
 * A connection carries one request at a time, to one URL, and is kept open between
 * them. What it was handed with connection_send() must stay where it is until its
 * answer was taken:
 *
 *	connection_send(c, &request, err);
 *	for (;;) {
 *		http_wait(http, fds, n_fds, timeout_ms, err);
 *		http_step(http);
 *		if (connection_answer(c, &answer))
 *			...
 *	}
 *
 * Redirects are not followed, proxies of the environment are not used, and of an
 * answer's body no more than a line is kept.
 */
#ifndef SLURM_PUSHER_DELIVER_HTTP_H
#define SLURM_PUSHER_DELIVER_HTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/err.h"

struct http;
struct connection;

struct http_request {
	const char *method;
	const char *const *headers; /* "Name: value", ended by NULL */
	const void *body;           /* NULL: the request has none */
	size_t n;
};

struct http_answer {
	int status; /* 0: no answer came */
	int64_t duration_ms;
	char retry_after[64]; /* the header; "" if there was none */
	char text[600];       /* one line: status and head of the body, or why none came */
};

int http_open(struct http **out, const char *user_agent, struct err *err);
/* All connections must be gone. */
void http_close(struct http *http);

/* As deliver_wait(). */
int http_wait(struct http *http, struct pollfd *fds, unsigned n_fds, int64_t timeout_ms,
	      struct err *err);

/* Reads and writes what can be without waiting. */
void http_step(struct http *http);

/* `headers` (ended by NULL, or NULL) go with every request. Copies. ERR_FORMAT for a URL that
 * cannot be one; ERR_NOMEM. */
int connection_new(struct connection **out, struct http *http, const char *url,
		   const char *const *headers, int64_t timeout_ms, struct err *err);
/* Breaks off a request under way. */
void connection_free(struct connection *c);

/* ERR_NOMEM. */
int connection_send(struct connection *c, const struct http_request *request, struct err *err);

/* True once for each request sent, when it is over. */
bool connection_answer(struct connection *c, struct http_answer *out);

#endif
