// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "definitions.h"

static const struct {
	const char *name;
	enum test test;
} tests[] = {
	{ "is", TEST_IS },       { "not", TEST_NOT },     { "flag", TEST_FLAG },
	{ "above", TEST_ABOVE }, { "below", TEST_BELOW }, { "no_flag", TEST_NO_FLAG },
};

enum { N_TESTS = sizeof tests / sizeof *tests };

struct reader {
	struct arena *arena;
	const struct table_definition *table;
	const struct pairs *variables;
	struct problems *problems;
};

static bool takes_number(enum test test)
{
	return test == TEST_ABOVE || test == TEST_BELOW;
}

/* The words of a scalar, or of a sequence of scalars. */
static int read_words(const struct reader *r, const struct tree *value, struct condition *c)
{
	const struct tree *word = value->kind == TREE_SEQUENCE ? value->child : value;
	size_t n = value->kind == TREE_SEQUENCE ? value->n_children : 1;

	c->words = arena_alloc(r->arena, n * sizeof *c->words);
	if (!c->words)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++, word = word->next) {
		if (word->kind != TREE_SCALAR) {
			problem_add(r->problems, word, "a word is expected here");
			return 0;
		}
		c->words[c->n_words] = placeholders_fill(r->arena, word->text, r->variables);
		if (!c->words[c->n_words])
			return ERR_NOMEM;
		placeholders_check(c->words[c->n_words], (const char *const[]){ NULL }, word,
				   r->problems);
		c->n_words++;
	}
	return 0;
}

static int read_condition(const struct reader *r, enum test test, const struct tree *value,
			  struct condition *c)
{
	char *end;

	c->test = test;
	if (!takes_number(test))
		return read_words(r, value, c);
	c->number = value->kind == TREE_SCALAR ? strtod(value->text, &end) : 0;
	if (value->kind != TREE_SCALAR || !*value->text || *end)
		problem_add(r->problems, value, "a number is expected here");
	return 0;
}

static bool find_test(const struct tree *named, enum test *out)
{
	for (size_t i = 0; i < N_TESTS; i++) {
		if (strcmp(tests[i].name, named->key) == 0) {
			*out = tests[i].test;
			return true;
		}
	}
	return false;
}

static void check_type(const struct reader *r, const struct column *column,
		       const struct tree *named, enum test test)
{
	if (takes_number(test) && column->type != COLUMN_NUMBER)
		problem_add(r->problems, named, "%s: column %s is not one of numbers", named->key,
			    column->name);
	if ((test == TEST_FLAG || test == TEST_NO_FLAG) && column->type != COLUMN_FLAGS)
		problem_add(r->problems, named, "%s: column %s is not one of flags", named->key,
			    column->name);
}

/* All tests on one column: a mapping of them, or words that it may be. */
static int read_column(const struct reader *r, size_t column, const struct tree *value,
		       struct conditions *out)
{
	if (value->kind != TREE_MAPPING) {
		out->items[out->n].column = column;
		return read_condition(r, TEST_IS, value, &out->items[out->n++]);
	}
	for (const struct tree *named = value->child; named; named = named->next) {
		enum test test;
		int rc;

		if (!find_test(named, &test)) {
			problem_add(r->problems, named,
				    "unknown test \"%s\"; there are is, not, flag, no_flag, above, "
				    "below",
				    named->key);
			continue;
		}
		check_type(r, &r->table->columns[column], named, test);
		out->items[out->n].column = column;
		rc = read_condition(r, test, named, &out->items[out->n++]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static size_t count_tests(const struct tree *where)
{
	size_t n = 0;

	for (const struct tree *t = where->child; t; t = t->next)
		n += t->kind == TREE_MAPPING ? t->n_children : 1;
	return n;
}

int conditions_read(struct arena *arena, const struct table_definition *t, const struct tree *where,
		    const struct pairs *variables, struct conditions *out,
		    struct problems *problems)
{
	struct reader r = { arena, t, variables, problems };

	*out = (struct conditions){ 0 };
	if (!where)
		return 0;
	if (where->kind != TREE_MAPPING) {
		problem_add(problems, where,
			    "a mapping of columns to what they must be is expected");
		return 0;
	}
	out->items = arena_alloc(arena, (count_tests(where) + 1) * sizeof *out->items);
	if (!out->items)
		return ERR_NOMEM;
	for (const struct tree *named = where->child; named; named = named->next) {
		const struct column *column = table_column(t, named->key);
		int rc;

		if (!column) {
			problem_add(problems, named, "table %s has no column \"%s\"", t->name,
				    named->key);
			continue;
		}
		rc = read_column(&r, (size_t)(column - t->columns), named, out);
		if (rc < 0)
			return rc;
	}
	return 0;
}
