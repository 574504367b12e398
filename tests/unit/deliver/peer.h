// SPDX-License-Identifier: Apache-2.0
/*
 * peer: a receiver that answers what a test has written down, on a free port of the
 * loopback, in a thread of its own. It keeps what it heard.
 */
#ifndef TEST_DELIVER_PEER_H
#define TEST_DELIVER_PEER_H

#include <pthread.h>
#include <stddef.h>

struct reply {
	int status;
	const char *headers; /* lines with their CRLF; NULL: none */
	const char *body;
	size_t padding; /* bytes of 'x' after the body */
	int delay_ms;
	enum {
		REPLY_WHOLE,
		REPLY_NONE,      /* closes without a byte */
		REPLY_HALF_LINE, /* closes in the middle of the status line */
		REPLY_HALF_BODY, /* closes in the middle of the body */
		REPLY_CONTINUE,  /* says 100 Continue and closes */
		REPLY_NEVER,     /* until the other side has gone */
	} kind;
};

struct heard {
	char *head; /* request line and headers */
	char *body;
	size_t n;
};

enum { PEER_MAX_HEARD = 256 };

struct peer {
	int port;
	const struct reply *script; /* one after the other; the last one stays */
	size_t n_script;
	int listener, stop[2];
	pthread_t thread;
	pthread_mutex_t mutex;
	struct heard heard[PEER_MAX_HEARD];
	size_t n_heard, n_connections;
};

void peer_start(struct peer *p, const struct reply *script, size_t n);
void peer_stop(struct peer *p);

/* How many requests have arrived whole. */
size_t peer_n_heard(struct peer *p);

#endif
