// SPDX-License-Identifier: Apache-2.0
/*
 * model: what a metric is, and one snapshot of them all.
 *
 *   registry   knows every family and every series by what they are: asking
 *              twice for the same one gives the same pointer, so a series keeps
 *              its identity from tick to tick
 *   snapshot   the values of one tick, all with one timestamp
 *
 * Invariants, held by the only ways in, so that encoders can trust them:
 *   - a family's name and its labels' names are legal in every text format
 *     (https://prometheus.io/docs/concepts/data_model/), its type never changes,
 *     its help is UTF-8;
 *   - the labels of a series are sorted by name (byte order), unique, not empty,
 *     valid UTF-8 (bytes that are not are replaced by U+FFFD), and do not contain
 *     __name__ (that is the family);
 *   - a snapshot holds a series at most once, grouped by family.
 *
 * Calling sequence of a tick:
 *
 *	snapshot_clear(s, timestamp_ms);
 *	registry_family(r, "slurm_jobs", METRIC_GAUGE, "Jobs in the queue.", &family, err);
 *	registry_series(r, family, labels, n, &series, err);
 *	snapshot_add(s, series, 5, err);
 *	...
 *	snapshot_finish(s);
 *	encode...
 *	registry_sweep(r);
 */
#ifndef SLURM_PUSHER_MODEL_H
#define SLURM_PUSHER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/err.h"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER };

struct label {
	const char *name, *value;
};

struct family {
	const char *name, *help;
	enum metric_type type;
	uint32_t order; /* families are shown in the order they were made known */
};

struct series {
	const struct family *family;
	const struct label *labels; /* sorted by name */
	uint32_t n_labels;
	uint32_t slot; /* small, unique among the living, reused: an index for caches */
	uint64_t id;   /* never reused: tells whether a cache's slot still means this one */
};

struct sample {
	const struct series *series;
	double value;
};

struct registry;

struct snapshot {
	int64_t timestamp_ms; /* since the epoch; one for all samples */
	struct sample *samples;
	size_t n;
	size_t room;
};

int registry_new(struct registry **out, struct err *err);
void registry_free(struct registry *r);

/* Finds or makes the family. The first help stays. ERR_FORMAT for an illegal
 * name or another type than before; ERR_NOMEM. */
int registry_family(struct registry *r, const char *name, enum metric_type type, const char *help,
		    const struct family **out, struct err *err);

/* Finds or makes the series. Labels may come in any order; one with an empty
 * value is left out, as Prometheus does. ERR_FORMAT for an illegal or repeated name, ERR_LIMIT
 * when there are too many series (MODEL_MAX_SERIES), ERR_NOMEM. */
int registry_series(struct registry *r, const struct family *family, const struct label *labels,
		    size_t n_labels, const struct series **out, struct err *err);

/* Forgets the series that no snapshot since the last-but-N sweep held (N =
 * MODEL_KEEP_TICKS): after it, pointers to those are gone. Call once per tick. */
void registry_sweep(struct registry *r);

/* Series alive. */
size_t registry_n_series(const struct registry *r);

enum { MODEL_MAX_SERIES = 1000000, MODEL_MAX_LABELS = 64, MODEL_KEEP_TICKS = 4 };

void snapshot_init(struct snapshot *s);
void snapshot_done(struct snapshot *s);
void snapshot_clear(struct snapshot *s, int64_t timestamp_ms);

/* Adds a value (a NaN becomes the one quiet NaN: the bits of Prometheus' stale
 * marker are not for values). ERR_NOMEM. */
int snapshot_add(struct snapshot *s, const struct series *series, double value, struct err *err);

/* registry_family + registry_series + snapshot_add. */
int snapshot_put(struct snapshot *s, struct registry *r, const char *name, enum metric_type type,
		 const char *help, const struct label *labels, size_t n_labels, double value,
		 struct err *err);

/* Groups samples by family (in the order the families were made known), series
 * within a family by their labels. Adding a series twice is a mistake of the caller; one
 * of its values stays. */
void snapshot_finish(struct snapshot *s);

/* [a-zA-Z_:][a-zA-Z0-9_:]* and [a-zA-Z_][a-zA-Z0-9_]*, not starting with "__". */
bool metric_name_is_legal(const char *name);
bool label_name_is_legal(const char *name);

#endif
