// SPDX-License-Identifier: Apache-2.0
/*
 * history_later: jobs that ended before the moment they would have become eligible.
 *
 * A job submitted for tomorrow and cancelled today was never eligible; sacct, without a state,
 * lists it from tomorrow on all the same. Until then it waits here. `{0}` is a valid empty one.
 */
#ifndef COLLECT_HISTORY_LATER_H
#define COLLECT_HISTORY_LATER_H

#include "history_ids.h"

struct later_job {
	int64_t eligible_s;
	uint32_t id;
	const char *partition; /* not NUL-terminated */
	size_t length;
};

struct later {
	struct later_job *jobs; /* sorted, each once */
	size_t n, room;
	struct arena names;
};

void later_clear(struct later *later);
void later_done(struct later *later);

/* Copies the partition; sets *changed if the job is new. */
int later_add(struct later *later, const struct later_job *job, bool *changed, struct err *err);
int later_join(struct later *into, const struct later *from, bool *changed, struct err *err);

/* Moves those whose moment has come into `ids`. */
int later_ripen(struct later *later, int64_t now_s, struct ids *ids, bool *changed,
		struct err *err);

#endif
