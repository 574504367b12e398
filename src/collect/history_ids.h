// SPDX-License-Identifier: Apache-2.0
/*
 * history_ids: job ids, by the partition string they were seen with.
 *
 * Adding an id twice changes nothing; that is what makes all of the history idempotent. `{0}` is
 * a valid empty one.
 */
#ifndef COLLECT_HISTORY_IDS_H
#define COLLECT_HISTORY_IDS_H

#include <roaring/roaring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/arena.h"
#include "slurm_pusher/err.h"
#include "slurm_pusher/map.h"

enum { IDS_MAX_PARTITIONS = 4096 };

struct ids {
	struct arena names;
	struct map by_partition; /* to roaring_bitmap_t, never NULL */
};

void ids_clear(struct ids *ids);
void ids_done(struct ids *ids);

/* ERR_LIMIT beyond IDS_MAX_PARTITIONS strings; ERR_NOMEM. */
int ids_add(struct ids *ids, const char *partition, size_t length, uint32_t id, struct err *err);

/* Takes a bitmap over as the ids of that partition, in place of those it had. */
int ids_put(struct ids *ids, const char *partition, size_t length, roaring_bitmap_t *bitmap,
	    struct err *err);

/* Adds all of `from`; sets *changed if anything was new (and leaves it alone if not). */
int ids_join(struct ids *into, const struct ids *from, bool *changed, struct err *err);

/* Takes those ids, or all but those, out of every partition. */
void ids_subtract(struct ids *ids, const roaring_bitmap_t *gone);
void ids_intersect(struct ids *ids, const roaring_bitmap_t *kept);

bool ids_contain(const struct ids *ids, uint32_t id);
bool ids_equal(const struct ids *a, const struct ids *b);

/* The distinct ids of all partitions, for the caller to free; NULL without memory. */
roaring_bitmap_t *ids_union(const struct ids *ids);

#endif
