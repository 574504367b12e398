// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t room;
	_Alignas(max_align_t) char bytes[];
};

/* Under the address sanitizer each piece has a block, and so a red zone, of its own. */
#ifdef GUARDS
enum { BLOCK_BYTES = 1 };
#else
enum { BLOCK_BYTES = 16384 };
#endif

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_done(struct arena *a)
{
	if (!a)
		return;
	free_blocks(a->blocks);
	*a = (struct arena){ 0 };
}

void arena_clear(struct arena *a)
{
	struct arena_block *keep = a->blocks;

	/* One ordinary block stays; a round that needed more asks for it again. */
	if (keep && keep->room == BLOCK_BYTES && BLOCK_BYTES > 1) {
		free_blocks(keep->next);
		keep->next = NULL;
		*a = (struct arena){ .blocks = keep };
		return;
	}
	arena_done(a);
}

static size_t aligned(size_t n)
{
	size_t unit = _Alignof(max_align_t);

	return (n + unit - 1) / unit * unit;
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
	size_t room = n > BLOCK_BYTES ? n : BLOCK_BYTES;
	struct arena_block *block = malloc(sizeof *block + room);

	if (!block)
		return NULL;
	block->room = room;
	block->next = a->blocks;
	a->blocks = block;
	a->used = 0;
	return block;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t start = aligned(a->used);
	struct arena_block *block = a->blocks;

	if (n > SIZE_MAX / 2)
		return NULL;
	if (!block || BLOCK_BYTES == 1 || start > block->room || n > block->room - start) {
		block = add_block(a, n);
		start = 0;
	}
	if (!block)
		return NULL;
	a->used = start + n;
	a->bytes += n;
	return memset(block->bytes + start, 0, n);
}

char *arena_copy(struct arena *a, const void *bytes, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (copy && n)
		memcpy(copy, bytes, n);
	return copy;
}

char *arena_string(struct arena *a, const char *text)
{
	return arena_copy(a, text, strlen(text));
}

char *arena_format(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}
