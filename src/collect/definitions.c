// SPDX-License-Identifier: Apache-2.0
#include "definitions.h"

#include <stdlib.h>
#include <string.h>

/* config/metrics/, compiled in by the build: name and text of each file. */
extern const struct builtin_file {
	const char *name, *text;
} builtin_files[];

int definitions_new(struct definitions **out, struct err *err)
{
	struct definitions *d = calloc(1, sizeof *d);
	struct problems problems;
	int rc = 0;

	if (!d)
		return err_set(err, ERR_NOMEM, "definitions: out of memory");
	problems_init(&problems);
	for (const struct builtin_file *f = builtin_files; f->name && rc == 0; f++)
		rc = definitions_read(d, f->name, f->text, strlen(f->text), &problems);
	if (rc == 0 && problems.n_errors)
		rc = err_set(err, ERR_FORMAT, "%s", buf_text(&problems.errors));
	problems_done(&problems);
	if (rc < 0)
		definitions_free(d);
	else
		*out = d;
	return rc;
}

void definitions_free(struct definitions *d)
{
	if (!d)
		return;
	map_done(&d->tables);
	map_done(&d->written);
	map_done(&d->metrics);
	arena_done(&d->arena);
	free(d);
}

/* Metrics are only kept here: what they say about tables is resolved when all are known. */
static int keep_metric(struct definitions *d, const struct tree *tree, struct problems *problems)
{
	const struct tree *name = tree_child(tree, "name");
	struct map_entry *e;

	if (tree->kind != TREE_MAPPING || !name || name->kind != TREE_SCALAR || !*name->text) {
		problem_add(problems, tree, "a metric is a mapping that has a name");
		return 0;
	}
	e = map_entry(&d->written, name->text, strlen(name->text));
	if (!e)
		return ERR_NOMEM;
	if (e->value && ((const struct tree *)e->value)->file == tree->file)
		problem_add(problems, tree, "metric %s is defined a second time in this file",
			    name->text);
	e->value = (void *)tree;
	return 0;
}

int definitions_add(struct definitions *d, const struct tree *tables, const struct tree *metrics,
		    struct problems *problems)
{
	int rc = 0;

	if (tables && tables->kind != TREE_MAPPING)
		problem_add(problems, tables, "tables: a mapping of names to tables is expected");
	if (metrics && metrics->kind != TREE_SEQUENCE)
		problem_add(problems, metrics, "metrics: a list of metrics is expected");
	if (tables && tables->kind == TREE_MAPPING)
		for (const struct tree *t = tables->child; t && rc == 0; t = t->next)
			rc = table_read(d, t, problems);
	if (metrics && metrics->kind == TREE_SEQUENCE)
		for (const struct tree *m = metrics->child; m && rc == 0; m = m->next)
			rc = keep_metric(d, m, problems);
	return rc;
}

int definitions_read(struct definitions *d, const char *file, const char *bytes, size_t n,
		     struct problems *problems)
{
	struct tree *tree;
	struct err err;
	int rc = tree_read(&d->arena, file, bytes, n, &tree, &err);

	if (rc == ERR_FORMAT)
		return problem_add(problems, NULL, "%s", err.text), 0;
	if (rc < 0)
		return rc;
	if (tree->kind != TREE_MAPPING)
		return problem_add(problems, tree, "a mapping with tables and metrics is expected"),
		       0;
	for (const struct tree *t = tree->child; t; t = t->next)
		if (strcmp(t->key, "tables") != 0 && strcmp(t->key, "metrics") != 0)
			problem_add(problems, t,
				    "a file of definitions has tables and metrics, nothing else");
	return definitions_add(d, tree_child(tree, "tables"), tree_child(tree, "metrics"),
			       problems);
}

int definitions_finish(struct definitions *d, struct problems *problems)
{
	int rc = 0;

	for (size_t i = 0; i < d->written.n && rc == 0; i++)
		rc = metric_read(d, d->written.entries[i].value, problems);
	return rc;
}
