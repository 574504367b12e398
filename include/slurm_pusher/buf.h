// SPDX-License-Identifier: Apache-2.0
/*
 * buf: bytes that grow, up to a maximum they were born with.
 *
 * Append freely and ask once: after the first append that did not fit (or for
 * which there was no memory) the buffer is `failed`, every further append does
 * nothing, and buf_check() says why. The bytes are always followed by a NUL
 * that is not counted in `len`, so text can be read as a string.
 *
 * struct buf b;
 * buf_init(&b, 1 << 20);
 * buf_addf(&b, "%d jobs", n);
 * if (buf_check(&b, "page", err) < 0) ...
 * buf_done(&b);
 *
 * `{0}` is a valid empty buffer with no room at all; buf_done() takes it, and NULL.
 */
#ifndef SLURM_PUSHER_BUF_H
#define SLURM_PUSHER_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "slurm_pusher/err.h"

struct buf {
	char *ptr; /* never NULL after the first append; owned */
	size_t len;
	size_t room; /* bytes allocated */
	size_t max;  /* bytes it may ever hold */
	int failed;  /* 0, ERR_NOMEM or ERR_LIMIT */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);

/* Empties it and forgives a failure; the memory is kept. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
__attribute__((format(printf, 2, 3))) void buf_addf(struct buf *b, const char *format, ...);
__attribute__((format(printf, 2, 0))) void buf_vaddf(struct buf *b, const char *format,
						     va_list args);

/* Makes room for `n` more bytes and returns where they go, for an encoder that
 * writes in place and then adds to `len` what it wrote; NULL when failed. */
char *buf_reserve(struct buf *b, size_t n);

/* Drops the first `n` bytes (all of them if there are fewer). */
void buf_shift(struct buf *b, size_t n);

/* The text so far; "" when nothing was ever appended. */
const char *buf_text(const struct buf *b);

/* 0, or ERR_NOMEM or ERR_LIMIT with "<what>: ..." in err. */
int buf_check(const struct buf *b, const char *what, struct err *err);

#endif
