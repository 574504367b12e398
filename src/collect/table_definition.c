// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <string.h>

#include "definitions.h"

/* A table, a column and a subset as they are written. */
struct table_yaml {
	struct strings command;
	const char *rows, *separator, *none;
	const struct tree *columns, *where, *subsets;
};

static const struct key table_keys[] = {
	{ .name = "command", .kind = KEY_STRINGS, .offset = offsetof(struct table_yaml, command) },
	{ .name = "rows", .kind = KEY_STRING, .offset = offsetof(struct table_yaml, rows) },
	{ .name = "separator",
	  .kind = KEY_STRING,
	  .offset = offsetof(struct table_yaml, separator) },
	{ .name = "none", .kind = KEY_STRING, .offset = offsetof(struct table_yaml, none) },
	{ .name = "columns", .kind = KEY_NODE, .offset = offsetof(struct table_yaml, columns) },
	{ .name = "where", .kind = KEY_NODE, .offset = offsetof(struct table_yaml, where) },
	{ .name = "subsets", .kind = KEY_NODE, .offset = offsetof(struct table_yaml, subsets) },
	{ 0 },
};

struct column_yaml {
	const char *field, *type, *missing, *values;
};

static const struct key column_keys[] = {
	{ .name = "field", .kind = KEY_STRING, .offset = offsetof(struct column_yaml, field) },
	{ .name = "type", .kind = KEY_STRING, .offset = offsetof(struct column_yaml, type) },
	{ .name = "missing", .kind = KEY_STRING, .offset = offsetof(struct column_yaml, missing) },
	{ .name = "values", .kind = KEY_STRING, .offset = offsetof(struct column_yaml, values) },
	{ 0 },
};

struct subset_yaml {
	const char *meaning;
	const struct tree *where, *unless;
};

static const struct key subset_keys[] = {
	{ .name = "meaning", .kind = KEY_STRING, .offset = offsetof(struct subset_yaml, meaning) },
	{ .name = "where", .kind = KEY_NODE, .offset = offsetof(struct subset_yaml, where) },
	{ .name = "unless", .kind = KEY_NODE, .offset = offsetof(struct subset_yaml, unless) },
	{ 0 },
};

static const char *const column_types[] = { "word", "list", "flags", "number" };
static const char *const row_formats[] = { "separated", "key_value" };

const struct column *table_column(const struct table_definition *t, const char *name)
{
	for (size_t i = 0; t->columns && i <= t->n_columns; i++)
		if (strcmp(t->columns[i].name, name) == 0)
			return &t->columns[i];
	return NULL;
}

const struct subset *table_subset(const struct table_definition *t, const char *name)
{
	for (size_t i = 0; i < t->n_subsets; i++)
		if (strcmp(t->subsets[i].name, name) == 0)
			return &t->subsets[i];
	return NULL;
}

bool values_find(const struct definitions *d, const char *values,
		 const struct table_definition **table, size_t *column)
{
	const char *dot = strchr(values, '.');
	const struct column *found;

	*table = dot ? map_get(&d->tables, values, (size_t)(dot - values)) : NULL;
	found = *table ? table_column(*table, dot + 1) : NULL;
	if (found)
		*column = (size_t)(found - (*table)->columns);
	return found != NULL;
}

/* Index of the word, 0 if it was not given; notes a problem if it is not among them. */
static unsigned choose(const char *word, const char *const *words, size_t n,
		       const struct tree *where, const char *what, struct problems *problems)
{
	for (size_t i = 0; word && i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (unsigned)i;
	if (word)
		problem_add(problems, where, "unknown %s \"%s\"; did you mean \"%s\"?", what, word,
			    nearest(word, words, n) ? nearest(word, words, n) : words[0]);
	return 0;
}

static bool is_mapping(const struct tree *tree, const char *what, struct problems *problems)
{
	if (tree->kind == TREE_MAPPING)
		return true;
	problem_add(problems, tree, "%s: a mapping is expected", what);
	return false;
}

static int read_column(struct arena *arena, const struct tree *tree, struct column *out,
		       struct problems *problems)
{
	struct column_yaml yaml = { 0 };
	int rc;

	*out = (struct column){ .name = tree->key, .field = tree->key };
	if (!is_mapping(tree, "column", problems))
		return 0;
	rc = schema_read(arena, tree, column_keys, &yaml, problems);
	if (rc < 0)
		return rc;
	if (yaml.field)
		out->field = yaml.field;
	out->missing = yaml.missing;
	out->values = yaml.values;
	out->type = choose(yaml.type, column_types, sizeof column_types / sizeof *column_types,
			   tree, "type of column", problems);
	return 0;
}

static int read_columns(struct arena *arena, const struct tree *columns, struct table_definition *t,
			struct problems *problems)
{
	if (!columns || !columns->n_children) {
		problem_add(problems, t->tree, "table %s: columns are missing", t->name);
		return 0;
	}
	if (!is_mapping(columns, "columns", problems))
		return 0;
	if (columns->n_children > MAX_COLUMNS) {
		problem_add(problems, columns, "table %s: more than %d columns", t->name,
			    MAX_COLUMNS);
		return 0;
	}
	t->columns = arena_alloc(arena, (columns->n_children + 1) * sizeof *t->columns);
	if (!t->columns)
		return ERR_NOMEM;
	t->columns[columns->n_children] =
		(struct column){ .name = VERSION_COLUMN, .type = COLUMN_NUMBER };
	for (const struct tree *c = columns->child; c; c = c->next) {
		int rc = read_column(arena, c, &t->columns[t->n_columns++], problems);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_subset(struct arena *arena, const struct tree *tree, struct table_definition *t,
		       struct problems *problems)
{
	struct subset *subset = &t->subsets[t->n_subsets++];
	struct subset_yaml yaml = { .meaning = "" };
	int rc;

	if (!is_mapping(tree, "subset", problems))
		return 0;
	rc = schema_read(arena, tree, subset_keys, &yaml, problems);
	if (rc < 0)
		return rc;
	subset->name = tree->key;
	subset->meaning = yaml.meaning;
	rc = conditions_read(arena, t, yaml.where, &(struct pairs){ 0 }, &subset->where, problems);
	if (rc < 0)
		return rc;
	return conditions_read(arena, t, yaml.unless, &(struct pairs){ 0 }, &subset->unless,
			       problems);
}

static int read_subsets(struct arena *arena, const struct tree *subsets, struct table_definition *t,
			struct problems *problems)
{
	if (!subsets || !is_mapping(subsets, "subsets", problems))
		return 0;
	t->subsets = arena_alloc(arena, subsets->n_children * sizeof *t->subsets);
	if (!t->subsets)
		return ERR_NOMEM;
	for (const struct tree *s = subsets->child; s; s = s->next) {
		int rc = read_subset(arena, s, t, problems);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Filled in when the command is run. */
static const char *const run_time_names[] = { "start_time", "reset_time", NULL };

/* The fields of a separated table, in the order of its columns: what {columns} stands for
 * in its command, so that the two cannot disagree. */
static int fill_in_columns(struct arena *arena, struct table_definition *t,
			   struct problems *problems)
{
	char separator[2] = { t->separator, '\0' };
	const char *fields = "";
	struct pair pair = { .name = "columns" };
	struct pairs variables = { &pair, 1 };

	for (size_t i = 0; i < t->n_columns && fields; i++)
		fields = arena_format(arena, "%s%s%s", fields, i ? separator : "",
				      t->columns[i].field);
	if (!fields)
		return ERR_NOMEM;
	pair.value = fields;
	for (size_t i = 0; i < t->command.n; i++) {
		t->command.items[i] = placeholders_fill(arena, t->command.items[i], &variables);
		if (!t->command.items[i])
			return ERR_NOMEM;
		placeholders_check(t->command.items[i], run_time_names, t->tree, problems);
	}
	return 0;
}

static int read_table(struct arena *arena, struct table_definition *t, struct problems *problems)
{
	struct table_yaml yaml = { .separator = "\x1f" };
	int rc = schema_read(arena, t->tree, table_keys, &yaml, problems);

	if (rc < 0)
		return rc;
	t->command = yaml.command;
	t->none = yaml.none && *yaml.none ? yaml.none : NULL;
	t->rows = choose(yaml.rows, row_formats, sizeof row_formats / sizeof *row_formats, t->tree,
			 "format of rows", problems);
	if (strlen(yaml.separator) != 1)
		problem_add(problems, t->tree, "table %s: separator must be one byte", t->name);
	t->separator = yaml.separator[0];
	if (!t->command.n)
		problem_add(problems, t->tree, "table %s: command is missing", t->name);
	rc = read_columns(arena, yaml.columns, t, problems);
	if (rc == 0)
		rc = fill_in_columns(arena, t, problems);
	if (rc == 0)
		rc = conditions_read(arena, t, yaml.where, &(struct pairs){ 0 }, &t->where,
				     problems);
	return rc < 0 ? rc : read_subsets(arena, yaml.subsets, t, problems);
}

int table_read(struct definitions *d, const struct tree *tree, struct problems *problems)
{
	struct table_definition *t = arena_alloc(&d->arena, sizeof *t);
	struct map_entry *e = t ? map_entry(&d->tables, tree->key, strlen(tree->key)) : NULL;

	if (!e)
		return ERR_NOMEM;
	t->name = tree->key;
	t->tree = tree;
	e->value = t;
	if (strcmp(t->name, "history") == 0)
		problem_add(problems, tree, "a table cannot be called history: that source exists");
	return is_mapping(tree, "table", problems) ? read_table(&d->arena, t, problems) : 0;
}
