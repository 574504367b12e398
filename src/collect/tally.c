// SPDX-License-Identifier: Apache-2.0
#include "tally.h"

#include <stdlib.h>
#include <string.h>

enum { SEPARATOR = '\x1f', MAX_TUPLE_BYTES = 65536 };

void tally_init(struct tally *t, const struct table_definition *table)
{
	*t = (struct tally){ .table = table };
	buf_init(&t->tuple, MAX_TUPLE_BYTES);
}

void tally_done(struct tally *t)
{
	if (!t)
		return;
	map_done(&t->tuples);
	arena_done(&t->arena);
	buf_done(&t->tuple);
}

void tally_clear(struct tally *t)
{
	map_clear(&t->tuples);
	arena_clear(&t->arena);
}

/* ---- a line into words ---- */

static int split_separated(const struct table_definition *table, const char *line, size_t n,
			   struct word *words, struct err *err)
{
	const char *end = line + n;
	size_t fields = 0;

	for (;;) {
		const char *stop = memchr(line, table->separator, (size_t)(end - line));

		if (fields < table->n_columns)
			words[fields] = (struct word){ line, (size_t)((stop ? stop : end) - line) };
		fields++;
		if (!stop)
			break;
		line = stop + 1;
	}
	if (fields == table->n_columns)
		return 0;
	return err_set(err, ERR_FORMAT, "expected %zu fields, found %zu", table->n_columns, fields);
}

/* Where the value of `field` begins in "A=1 field=2 C=3", or NULL. */
static const char *find_value(const char *line, const char *end, const char *field, size_t length)
{
	const char *at = line;

	while ((at = memmem(at, (size_t)(end - at), field, length))) {
		if ((at == line || at[-1] == ' ') && at + length < end && at[length] == '=')
			return at + length + 1;
		at += length;
	}
	return NULL;
}

static int split_key_value(const struct table_definition *table, const char *line, size_t n,
			   struct word *words, struct err *err)
{
	const char *end = line + n;

	for (size_t i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];
		const char *value = find_value(line, end, c->field, strlen(c->field));
		const char *stop;

		if (!value && !c->missing)
			return err_set(err, ERR_FORMAT, "%s= is missing", c->field);
		if (!value) {
			words[i] = (struct word){ c->missing, strlen(c->missing) };
			continue;
		}
		stop = memchr(value, ' ', (size_t)(end - value));
		words[i] = (struct word){ value, (size_t)((stop ? stop : end) - value) };
	}
	return 0;
}

static int check_number(const struct column *c, const struct word *word, struct err *err)
{
	char text[64], *end;

	if (word->n && word->n < sizeof text) {
		memcpy(text, word->text, word->n);
		text[word->n] = '\0';
		(void)strtod(text, &end);
		if (!*end)
			return 0;
	}
	return err_set(err, ERR_FORMAT, "%s: \"%.*s\" is not a number", c->field,
		       word->n > 40 ? 40 : (int)word->n, word->text);
}

/* ---- words into a tuple ---- */

static int write_tuple(struct tally *t, const struct word *words, struct err *err)
{
	buf_clear(&t->tuple);
	for (size_t i = 0; i < t->table->n_columns; i++) {
		if (!t->used[i])
			continue;
		if (t->table->columns[i].type == COLUMN_NUMBER) {
			int rc = check_number(&t->table->columns[i], &words[i], err);

			if (rc < 0)
				return rc;
		}
		buf_add(&t->tuple, words[i].text, words[i].n);
		buf_addc(&t->tuple, SEPARATOR);
	}
	return buf_check(&t->tuple, "a row", err);
}

static int count_tuple(struct tally *t, struct err *err)
{
	struct map_entry *e = map_entry(&t->tuples, t->tuple.ptr, t->tuple.len);

	/* A new entry still points into the row at hand. */
	if (e && !e->value)
		e->key = arena_copy(&t->arena, t->tuple.ptr, t->tuple.len);
	if (!e || !e->key)
		return err_set(err, ERR_NOMEM, "out of memory");
	e->value = (void *)((uintptr_t)e->value + 1);
	return 0;
}

uint64_t tally_count(const struct map_entry *tuple)
{
	return (uintptr_t)tuple->value;
}

static bool says_none(const struct table_definition *table, const char *line, size_t n)
{
	return table->none && strlen(table->none) <= n &&
	       memcmp(table->none, line, strlen(table->none)) == 0;
}

int tally_row(void *tally, const char *line, size_t n, struct err *err)
{
	struct tally *t = tally;
	struct word words[MAX_COLUMNS] = { 0 };
	int rc;

	if (says_none(t->table, line, n))
		return 0;
	if (t->table->rows == ROWS_KEY_VALUE)
		rc = split_key_value(t->table, line, n, words, err);
	else
		rc = split_separated(t->table, line, n, words, err);
	if (rc == 0)
		rc = write_tuple(t, words, err);
	return rc < 0 ? rc : count_tuple(t, err);
}

void tally_split(const struct tally *t, const struct map_entry *tuple, struct word *words)
{
	const char *at = tuple->key, *end = tuple->key + tuple->key_len;

	for (size_t i = 0; i < t->table->n_columns; i++) {
		const char *stop;

		if (!t->used[i])
			continue;
		stop = memchr(at, SEPARATOR, (size_t)(end - at));
		words[i] = (struct word){ at, (size_t)(stop - at) };
		at = stop + 1;
	}
	if (t->used[t->table->n_columns])
		words[t->table->n_columns] = (struct word){ t->version, strlen(t->version) };
}
