// SPDX-License-Identifier: Apache-2.0
/*
 * collector, from inside: plan.c makes it from the definitions, collector.c runs its ticks,
 * report.c tells what a tick has found.
 */
#ifndef COLLECT_COLLECTOR_H
#define COLLECT_COLLECTOR_H

#include "source.h"
#include "version.h"

struct collector {
	const struct definitions *definitions;
	struct collect_options options;
	struct registry *registry;
	struct source *sources;
	size_t n_sources;
	const struct source *partitions_source; /* the table `partitions`, or NULL */
	struct domain partitions;               /* of the last tick that read them */
	struct arena partitions_arena;
	bool partitions_known; /* read in this tick */
	bool needs_version;    /* some metric depends on it */
	struct version version;
	bool running;
	int64_t deadline_ms;
	int64_t tick_ms; /* wall clock */
};

/* The source of a table, or (table NULL) of the metric defined with that name; NULL: none. */
struct source *collector_find(const struct collector *c, const struct table_definition *table,
			      const char *name);

/* "table.column" -> the source of the table, and which column; NULL: there is none. */
struct source *collector_find_values(const struct collector *c, const char *values, size_t *column);

#endif
