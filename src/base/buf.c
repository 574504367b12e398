// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){ .max = max_bytes };
}

void buf_done(struct buf *b)
{
	if (!b)
		return;
	free(b->ptr);
	*b = (struct buf){ 0 };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = 0;
	if (b->ptr)
		b->ptr[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
	size_t room = b->room;
	char *ptr;

	if (b->failed)
		return NULL;
	if (n > b->max - b->len) {
		b->failed = ERR_LIMIT;
		return NULL;
	}
	if (b->ptr && b->len + n < room)
		return b->ptr + b->len;
	if (room < FIRST_ROOM)
		room = FIRST_ROOM;
	while (room <= b->len + n)
		room *= 2;
	if (room > b->max + 1)
		room = b->max + 1;
	ptr = realloc(b->ptr, room);
	if (!ptr) {
		b->failed = ERR_NOMEM;
		return NULL;
	}
	b->ptr = ptr;
	b->room = room;
	return b->ptr + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *to = buf_reserve(b, n);

	if (!to)
		return;
	if (n)
		memcpy(to, bytes, n);
	to[n] = '\0';
	b->len += n;
}

void buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vaddf(b, format, args);
	va_end(args);
}

void buf_vaddf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	char *to;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	to = n < 0 ? NULL : buf_reserve(b, (size_t)n);
	if (!to)
		return;
	vsnprintf(to, (size_t)n + 1, format, args);
	b->len += (size_t)n;
}

void buf_shift(struct buf *b, size_t n)
{
	if (!b->ptr)
		return;
	if (n > b->len)
		n = b->len;
	b->len -= n;
	memmove(b->ptr, b->ptr + n, b->len + 1);
}

const char *buf_text(const struct buf *b)
{
	return b->ptr ? b->ptr : "";
}

int buf_check(const struct buf *b, const char *what, struct err *err)
{
	if (b->failed == ERR_LIMIT)
		return err_set(err, ERR_LIMIT, "%s: more than %zu bytes", what, b->max);
	if (b->failed)
		return err_set(err, ERR_NOMEM, "%s: out of memory", what);
	return 0;
}
