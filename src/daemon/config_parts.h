// SPDX-License-Identifier: Apache-2.0
/*
 * config_parts: the steps of config_load() after file and flags have been read. Each
 * looks at one part, puts in what was not given, and notes what is wrong with it. They return
 * 0, or ERR_NOMEM.
 */
#ifndef SLURM_PUSHER_CONFIG_PARTS_H
#define SLURM_PUSHER_CONFIG_PARTS_H

#include "config.h"

/* The trees that were read, the file's first, then one for each flag that sets a key. */
struct config_reading {
	struct config *config;
	const struct flags *flags;
	struct problems *problems;
	const struct tree *trees[FLAGS_MAX_SETTINGS + 1];
	size_t n_trees;
};

/* Where section.key was set last (a section's own place for a NULL key); NULL: nowhere. */
const struct tree *config_place(const struct config_reading *r, const char *section,
				const char *key);

/* External labels: expansion of ${VAR}, job and cluster. Comes before destinations. */
int config_labels(struct config_reading *r);

/* Remote-write receivers and Pushgateways: URLs, names, headers, grouping. */
int config_destinations(struct config_reading *r);

/* Checks that the names are legal label names. */
void config_label_names(struct config_reading *r, const struct pairs *labels);

/* Sorts by name. */
void config_sort(struct pairs *labels);

/* The pair of that name, or NULL. */
struct pair *config_find(const struct pairs *labels, const char *name);

/* All that does not concern destinations. */
int config_checks(struct config_reading *r);

#endif
