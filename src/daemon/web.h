// SPDX-License-Identifier: Apache-2.0
/*
 * web: a few pages over HTTP, for a scraper and for people.
 *
 * Served on the caller's thread: poll web_fd() for POLLIN, at most until web_due_ms(),
 * then call web_step(). It never blocks, and no client can make it: what a client does not
 * read stays in its connection, a connection that is silent for 10 s is closed, the number of
 * connections is bounded, and requests with a body are refused.
 *
 * A page is rendered when it is asked for. Pages are read-only: GET and HEAD; anything
 * else is answered 405, an unknown path 404 with the list of pages, a query string is ignored.
 *
 *	web_open(&web, "127.0.0.1:9500", NULL, pages, n_pages, ctx, err);
 *	poll({ web_fd(web), POLLIN }, until web_due_ms(web, now_ms));
 *	web_step(web);
 *	web_close(web);
 *
 * The caller ignores SIGPIPE.
 */
#ifndef SLURM_PUSHER_WEB_H
#define SLURM_PUSHER_WEB_H

#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/err.h"

struct web_page {
	const char *path;
	const char *content_type;
	/* Appends the body; returns the HTTP status. */
	int (*render)(void *ctx, struct buf *out);
};

struct web;

/* Listens on HOST:PORT: "127.0.0.1:9500", "[::1]:9500", "localhost:9500", or ":9500" for
 * every address of the machine; port 0 takes a free one. The pages and ctx must outlive
 * it. `beside` is another one of ours, which may hold the same port on another address, or
 * NULL. ERR_FORMAT: not an address; ERR_IO: cannot listen there (the text has the remedy);
 * ERR_NOMEM. */
int web_open(struct web **out, const char *listen_address, const struct web *beside,
	     const struct web_page *pages, size_t n_pages, void *ctx, struct err *err);

/* Connections under way are cut. */
void web_close(struct web *w);

int web_fd(const struct web *w);

/* When web_step() has to be called though nothing is readable (monotonic); INT64_MAX: never. */
int64_t web_due_ms(const struct web *w, int64_t mono_ms);

void web_step(struct web *w);

/* The port it listens on. */
unsigned web_port(const struct web *w);

#endif
