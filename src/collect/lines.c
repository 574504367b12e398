// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <string.h>

void lines_init(struct lines *l, line_sink *sink, void *ctx)
{
	*l = (struct lines){ .sink = sink, .ctx = ctx };
	buf_init(&l->rest, MAX_LINE_BYTES);
}

void lines_done(struct lines *l)
{
	if (l)
		buf_done(&l->rest);
}

static int take_line(struct lines *l, const char *line, size_t n, struct err *err)
{
	int rc;

	l->number++;
	rc = l->sink(l->ctx, line, n, err);
	return rc < 0 ? err_prefix(err, "line %lu", l->number), rc : 0;
}

/* The first line feed ends the line that was begun in an earlier piece. */
static int take_rest(struct lines *l, const char *bytes, size_t n, struct err *err)
{
	int rc;

	buf_add(&l->rest, bytes, n);
	rc = buf_check(&l->rest, "a line", err);
	if (rc == 0)
		rc = take_line(l, l->rest.ptr, l->rest.len, err);
	buf_clear(&l->rest);
	return rc;
}

int lines_feed(void *lines, const char *bytes, size_t n, struct err *err)
{
	struct lines *l = lines;
	const char *end = bytes + n;

	while (bytes < end) {
		const char *feed = memchr(bytes, '\n', (size_t)(end - bytes));
		int rc;

		if (!feed) {
			buf_add(&l->rest, bytes, (size_t)(end - bytes));
			return buf_check(&l->rest, "a line", err);
		}
		if (l->rest.len)
			rc = take_rest(l, bytes, (size_t)(feed - bytes), err);
		else
			rc = take_line(l, bytes, (size_t)(feed - bytes), err);
		if (rc < 0)
			return rc;
		bytes = feed + 1;
	}
	return 0;
}

int lines_end(const struct lines *l, struct err *err)
{
	if (l->rest.len == 0)
		return 0;
	return err_set(err, ERR_FORMAT,
		       "line %lu: the output ends without a line feed: it was cut short",
		       l->number + 1);
}
