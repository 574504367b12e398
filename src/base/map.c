// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/map.h"

#include <stdlib.h>
#include <string.h>

void map_done(struct map *m)
{
	if (!m)
		return;
	free(m->entries);
	free(m->slots);
	*m = (struct map){ 0 };
}

void map_clear(struct map *m)
{
	m->n = 0;
	if (m->slots)
		memset(m->slots, 0, m->n_slots * sizeof *m->slots);
}

uint64_t hash_bytes(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	return h;
}

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t *find_slot(const struct map *m, const void *key, size_t key_len, uint64_t hash)
{
	for (size_t i = hash & (m->n_slots - 1);; i = (i + 1) & (m->n_slots - 1)) {
		const struct map_entry *e;

		if (!m->slots[i])
			return &m->slots[i];
		e = &m->entries[m->slots[i] - 1];
		if (e->hash == hash && e->key_len == key_len &&
		    (!key_len || memcmp(e->key, key, key_len) == 0))
			return &m->slots[i];
	}
}

void *map_get(const struct map *m, const void *key, size_t key_len)
{
	const uint32_t *slot;

	if (!m->n)
		return NULL;
	slot = find_slot(m, key, key_len, hash_bytes(key, key_len));
	return *slot ? m->entries[*slot - 1].value : NULL;
}

void *map_gets(const struct map *m, const char *key)
{
	return map_get(m, key, strlen(key));
}

/* Entries first, then the slots: a failure between the two leaves a valid map. */
static int grow(struct map *m)
{
	size_t room = m->room ? m->room * 2 : 16;
	struct map_entry *entries = realloc(m->entries, room * sizeof *entries);
	uint32_t *slots;

	if (!entries)
		return -1;
	m->entries = entries;
	slots = calloc(room * 2, sizeof *slots);
	if (!slots)
		return -1;
	free(m->slots);
	m->slots = slots;
	m->n_slots = room * 2;
	m->room = room;
	for (size_t i = 0; i < m->n; i++) {
		const struct map_entry *e = &m->entries[i];

		*find_slot(m, e->key, e->key_len, e->hash) = (uint32_t)i + 1;
	}
	return 0;
}

struct map_entry *map_entry(struct map *m, const void *key, size_t key_len)
{
	uint64_t hash = hash_bytes(key, key_len);
	uint32_t *slot;

	if (m->n == m->room && grow(m) < 0)
		return NULL;
	slot = find_slot(m, key, key_len, hash);
	if (!*slot) {
		m->entries[m->n] =
			(struct map_entry){ .key = key, .key_len = key_len, .hash = hash };
		m->n++;
		*slot = (uint32_t)m->n;
	}
	return &m->entries[*slot - 1];
}
