// SPDX-License-Identifier: Apache-2.0
/*
 * map: bytes to a pointer, in the order they were put.
 *
 * The map does not copy or own keys and values: both must outlive it (an arena
 * is the usual home). Entries stay in insertion order and are walked as a plain
 * array, 0 .. map.n - 1. There is no removal; a map is cleared whole.
 * `{0}` is a valid empty map.
 */
#ifndef SLURM_PUSHER_MAP_H
#define SLURM_PUSHER_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_entry {
	const char *key;
	size_t key_len;
	uint64_t hash;
	void *value;
};

struct map {
	struct map_entry *entries;
	size_t n;
	size_t room;
	uint32_t *slots; /* 1 + index into entries, 0 is free */
	size_t n_slots;  /* a power of two */
};

void map_done(struct map *m);
void map_clear(struct map *m);

/* The value under the key, or NULL. */
void *map_get(const struct map *m, const void *key, size_t key_len);
void *map_gets(const struct map *m, const char *key);

/* Finds or makes the entry (a new one has value NULL); NULL without memory.
 * The pointer is good until the next map_entry(). */
struct map_entry *map_entry(struct map *m, const void *key, size_t key_len);

/* A hash of bytes (FNV-1a with a final mix), the same in every run. */
uint64_t hash_bytes(const void *bytes, size_t n);

#endif
