// SPDX-License-Identifier: Apache-2.0
/*
 * lines: a stream of bytes, cut into lines.
 *
 * Each whole line goes to a function, without its line feed. Output that does not end with a line
 * feed has been cut short, and lines_end() says so.
 */
#ifndef COLLECT_LINES_H
#define COLLECT_LINES_H

#include <stddef.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/err.h"

/* Takes one line (not NUL-terminated); a negative return stops the stream. */
typedef int line_sink(void *ctx, const char *line, size_t n, struct err *err);

struct lines {
	line_sink *sink;
	void *ctx;
	struct buf rest;      /* a line that is not whole yet */
	unsigned long number; /* of the line at hand, from 1 */
};

enum { MAX_LINE_BYTES = 1 << 20 };

void lines_init(struct lines *l, line_sink *sink, void *ctx);
void lines_done(struct lines *l);

/* A child_sink: ctx is the struct lines. Errors name the line. */
int lines_feed(void *lines, const char *bytes, size_t n, struct err *err);

/* The stream is over: ERR_FORMAT if something is left. */
int lines_end(const struct lines *l, struct err *err);

#endif
