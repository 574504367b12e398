// SPDX-License-Identifier: Apache-2.0
/*
 * arena: many small pieces of memory with one end.
 *
 * Pieces are zeroed, aligned for anything, and freed together by arena_done()
 * (or arena_clear(), which keeps the memory for the next round). Under the
 * address sanitizer every piece is an allocation of its own, so that an
 * overrun is caught. `{0}` is a valid empty arena.
 */
#ifndef SLURM_PUSHER_ARENA_H
#define SLURM_PUSHER_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;
	size_t used;  /* bytes used of the newest block */
	size_t bytes; /* bytes handed out since the last clear */
};

void arena_done(struct arena *a);
void arena_clear(struct arena *a);

/* Zeroed memory, or NULL when there is none. */
void *arena_alloc(struct arena *a, size_t n);

/* A copy of `n` bytes with a NUL after them, or NULL. */
char *arena_copy(struct arena *a, const void *bytes, size_t n);
char *arena_string(struct arena *a, const char *text);

__attribute__((format(printf, 2, 3))) char *arena_format(struct arena *a, const char *format, ...);

#endif
