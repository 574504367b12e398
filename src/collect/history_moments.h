// SPDX-License-Identifier: Apache-2.0
/*
 * history_moments: jobs with a moment each. `{0}` is a valid empty one.
 */
#ifndef COLLECT_HISTORY_MOMENTS_H
#define COLLECT_HISTORY_MOMENTS_H

#include "history_ids.h"

struct moment {
	int64_t at_s;
	uint32_t id;
	const char *partition; /* not NUL-terminated */
	size_t length;
};

struct moments {
	struct moment *all; /* sorted by id, each once */
	size_t n, room;
	struct arena names;
};

void moments_clear(struct moments *moments);
void moments_done(struct moments *moments);

/* Copies the partition; sets *changed if it is new (and leaves it alone if not). */
int moments_add(struct moments *moments, const struct moment *moment, bool *changed,
		struct err *err);
int moments_join(struct moments *into, const struct moments *from, bool *changed, struct err *err);
bool moments_contain(const struct moments *moments, const struct moment *moment);

/* Moves those whose moment has come to `ids`. */
int moments_ripen(struct moments *moments, int64_t now_s, struct ids *ids, bool *changed,
		  struct err *err);

#endif
