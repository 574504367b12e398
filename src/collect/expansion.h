// SPDX-License-Identifier: Apache-2.0
/*
 * expansion: a metric as written, on its way to the metrics it stands for.
 */
#ifndef COLLECT_EXPANSION_H
#define COLLECT_EXPANSION_H

#include "definitions.h"

/* A metric as it is written. */
struct metric_yaml {
	const char *name, *help, *type, *from, *subset, *sum, *parse, *separator;
	const struct tree *where, *each;
	struct strings by, command;
	struct pairs labels;
	int64_t value;
};

/* What one expansion works with. */
struct expansion {
	struct definitions *d;
	const struct tree *tree;
	const struct metric_yaml *yaml;
	const struct table_definition *table; /* NULL: own command */
	struct pairs variables;               /* one value chosen for each name of `each` */
	struct problems *problems;
};

/* `text` with the chosen values filled in; NULL without memory. */
const char *expansion_fill(const struct expansion *x, const char *text);

/* What a metric with a command of its own has beside a name and help. ERR_NOMEM. */
int expansion_set_command(const struct expansion *x, struct metric_definition *m);

#endif
