// SPDX-License-Identifier: Apache-2.0
#include "history_ids.h"

#include <stdlib.h>
#include <string.h>

void ids_clear(struct ids *ids)
{
	for (size_t i = 0; i < ids->by_partition.n; i++)
		roaring_bitmap_free(ids->by_partition.entries[i].value);
	map_clear(&ids->by_partition);
	arena_clear(&ids->names);
}

void ids_done(struct ids *ids)
{
	if (!ids)
		return;
	ids_clear(ids);
	map_done(&ids->by_partition);
	arena_done(&ids->names);
}

int ids_put(struct ids *ids, const char *partition, size_t length, roaring_bitmap_t *bitmap,
	    struct err *err)
{
	char *name = arena_copy(&ids->names, partition, length);
	struct map_entry *entry = name ? map_entry(&ids->by_partition, name, length) : NULL;

	if (!entry) {
		roaring_bitmap_free(bitmap);
		return err_set(err, ERR_NOMEM, "no memory for job ids");
	}
	if (entry->value)
		roaring_bitmap_free(entry->value);
	entry->value = bitmap;
	return 0;
}

/* The ids of the partition; an empty set is made for one that is new. */
static int find_or_make(struct ids *ids, const char *partition, size_t length,
			roaring_bitmap_t **out, struct err *err)
{
	*out = map_get(&ids->by_partition, partition, length);
	if (*out)
		return 0;
	*out = roaring_bitmap_create();
	if (!*out)
		return err_set(err, ERR_NOMEM, "no memory for job ids");
	return ids_put(ids, partition, length, *out, err);
}

int ids_add(struct ids *ids, const char *partition, size_t length, uint32_t id, struct err *err)
{
	roaring_bitmap_t *bitmap;
	int rc = find_or_make(ids, partition, length, &bitmap, err);

	if (rc < 0)
		return rc;
	roaring_bitmap_add(bitmap, id);
	if (ids->by_partition.n > IDS_MAX_PARTITIONS)
		return err_set(err, ERR_LIMIT, "more than %d different partition strings",
			       IDS_MAX_PARTITIONS);
	return 0;
}

int ids_join(struct ids *into, const struct ids *from, bool *changed, struct err *err)
{
	for (size_t i = 0; i < from->by_partition.n; i++) {
		const struct map_entry *e = &from->by_partition.entries[i];
		roaring_bitmap_t *bitmap;
		int rc = find_or_make(into, e->key, e->key_len, &bitmap, err);

		if (rc < 0)
			return rc;
		if (roaring_bitmap_is_subset(e->value, bitmap))
			continue;
		roaring_bitmap_or_inplace(bitmap, e->value);
		*changed = true;
	}
	return 0;
}

static void each_inplace(struct ids *ids, const roaring_bitmap_t *other,
			 void operation(roaring_bitmap_t *, const roaring_bitmap_t *))
{
	bool empty = true;

	for (size_t i = 0; i < ids->by_partition.n; i++) {
		roaring_bitmap_t *bitmap = ids->by_partition.entries[i].value;

		operation(bitmap, other);
		empty = empty && roaring_bitmap_is_empty(bitmap);
	}
	if (empty)
		ids_clear(ids);
}

void ids_subtract(struct ids *ids, const roaring_bitmap_t *gone)
{
	each_inplace(ids, gone, roaring_bitmap_andnot_inplace);
}

void ids_intersect(struct ids *ids, const roaring_bitmap_t *kept)
{
	each_inplace(ids, kept, roaring_bitmap_and_inplace);
}

bool ids_contain(const struct ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->by_partition.n; i++)
		if (roaring_bitmap_contains(ids->by_partition.entries[i].value, id))
			return true;
	return false;
}

bool ids_equal(const struct ids *a, const struct ids *b)
{
	if (a->by_partition.n != b->by_partition.n)
		return false;
	for (size_t i = 0; i < a->by_partition.n; i++) {
		const struct map_entry *e = &a->by_partition.entries[i];
		const roaring_bitmap_t *other = map_get(&b->by_partition, e->key, e->key_len);

		if (!other || !roaring_bitmap_equals(e->value, other))
			return false;
	}
	return true;
}

roaring_bitmap_t *ids_union(const struct ids *ids)
{
	size_t n = ids->by_partition.n;
	const roaring_bitmap_t **all = calloc(n + 1, sizeof *all);
	roaring_bitmap_t *joined = NULL;

	if (!all)
		return NULL;
	for (size_t i = 0; i < n; i++)
		all[i] = ids->by_partition.entries[i].value;
	joined = roaring_bitmap_or_many(n, all);
	free(all);
	return joined;
}
