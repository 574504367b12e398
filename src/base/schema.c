// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_values.h"

struct reading {
	struct arena *arena;
	struct problems *problems;
};

/* Reads the value of a key into its field. 0, or ERR_NOMEM. */
typedef int key_reader(const struct reading *r, const struct key *key, const struct tree *value,
		       void *field);

static bool is_null(const struct tree *value)
{
	return value->kind == TREE_SCALAR && value->plain &&
	       (!value->text[0] || strcmp(value->text, "~") == 0 ||
		strcmp(value->text, "null") == 0);
}

static bool is_text(const struct reading *r, const char *name, const struct tree *value)
{
	if (value->kind != TREE_SCALAR)
		problem_add(r->problems, value, "%s: write a single value here, not a %s", name,
			    value->kind == TREE_MAPPING ? "mapping" : "list");
	else if (is_null(value))
		problem_add(r->problems, value, "%s has no value; write one, or remove the key",
			    name);
	else
		return true;
	return false;
}

/* A key with nothing below it says nothing: everything there may be commented out. */
static bool is_filled(const struct reading *r, const char *name, const struct tree *value,
		      enum tree_kind kind)
{
	if (is_null(value))
		return false;
	if (value->kind == kind)
		return true;
	problem_add(r->problems, value, "%s: %s", name,
		    kind == TREE_MAPPING
			    ? "write lines of the form \"key: value\" below it, indented"
			    : "write a list here, each item on a line that starts with \"- \"");
	return false;
}

static int read_string(const struct reading *r, const struct key *key, const struct tree *value,
		       void *field)
{
	int64_t len;

	if (!is_text(r, key->name, value))
		return 0;
	len = (int64_t)strlen(value->text);
	if (key->max > 0 && (len < key->min || len > key->max))
		problem_add(r->problems, value,
			    "%s: the text has %lld bytes; %lld to %lld are allowed", key->name,
			    (long long)len, (long long)key->min, (long long)key->max);
	else
		*(const char **)field = value->text;
	return 0;
}

static int read_bool(const struct reading *r, const struct key *key, const struct tree *value,
		     void *field)
{
	if (!is_text(r, key->name, value))
		return 0;
	if (strcmp(value->text, "true") == 0)
		*(bool *)field = true;
	else if (strcmp(value->text, "false") == 0)
		*(bool *)field = false;
	else
		problem_add(r->problems, value, "%s: \"%.100s\" is neither; write true or false",
			    key->name, value->text);
	return 0;
}

static bool parse_integer(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return end != text && !*end && errno == 0;
}

static bool parse_duration(const char *text, int64_t *out)
{
	return (*out = duration_parse(text)) >= 0;
}

static bool parse_size(const char *text, int64_t *out)
{
	return (*out = size_parse(text)) >= 0;
}

static void format_integer(int64_t n, char out[32])
{
	snprintf(out, 32, "%lld", (long long)n);
}

static const struct number {
	bool (*parse)(const char *text, int64_t *out);
	void (*format)(int64_t n, char out[32]);
	const char *unit; /* one to offer where there is none */
	const char *remedy;
} numbers[] = {
	[KEY_INTEGER] = { parse_integer, format_integer, "", "is not a whole number; write one" },
	[KEY_DURATION] = { parse_duration, duration_format, "s",
			   "is not a duration; write it like 30s, 5m or 1h30m" },
	[KEY_SIZE] = { parse_size, size_format, "MB",
		       "is not a size; write it like 512KB, 64MB or 1GB" },
};

static void refuse_number(const struct reading *r, const struct key *key, const struct tree *value)
{
	const struct number *number = &numbers[key->kind];

	if (strspn(value->text, "0123456789") == strlen(value->text) && number->unit[0])
		problem_add(r->problems, value, "%s: \"%.100s\" has no unit; write %.100s%s",
			    key->name, value->text, value->text, number->unit);
	else
		problem_add(r->problems, value, "%s: \"%.100s\" %s", key->name, value->text,
			    number->remedy);
}

static int read_number(const struct reading *r, const struct key *key, const struct tree *value,
		       void *field)
{
	const struct number *number = &numbers[key->kind];
	bool bounded = key->min != 0 || key->max != 0;
	char min[32], max[32];
	int64_t n;

	if (!is_text(r, key->name, value))
		return 0;
	if (!number->parse(value->text, &n)) {
		refuse_number(r, key, value);
	} else if (bounded && (n < key->min || n > key->max)) {
		number->format(key->min, min);
		number->format(key->max, max);
		problem_add(r->problems, value, "%s: %.100s is out of range; write %s to %s",
			    key->name, value->text, min, max);
	} else {
		*(int64_t *)field = n;
	}
	return 0;
}

static int read_strings(const struct reading *r, const struct key *key, const struct tree *value,
			void *field)
{
	struct strings *out = field;

	if (!is_filled(r, key->name, value, TREE_SEQUENCE))
		return 0;
	*out = (struct strings){ .items = arena_alloc(r->arena,
						      value->n_children * sizeof(*out->items)) };
	if (!out->items)
		return ERR_NOMEM;
	for (const struct tree *item = value->child; item; item = item->next)
		if (is_text(r, key->name, item))
			out->items[out->n++] = item->text;
	return 0;
}

static int read_pairs(const struct reading *r, const struct key *key, const struct tree *value,
		      void *field)
{
	struct pairs *out = field;

	if (!is_filled(r, key->name, value, TREE_MAPPING))
		return 0;
	*out = (struct pairs){ .items = arena_alloc(r->arena,
						    value->n_children * sizeof(*out->items)) };
	if (!out->items)
		return ERR_NOMEM;
	for (const struct tree *item = value->child; item; item = item->next)
		if (is_text(r, item->key, item))
			out->items[out->n++] = (struct pair){ item->key, item->text, item };
	return 0;
}

static int read_section(const struct reading *r, const struct key *key, const struct tree *value,
			void *field)
{
	if (!is_filled(r, key->name, value, TREE_MAPPING))
		return 0;
	return schema_read(r->arena, value, key->keys, field, r->problems);
}

static int read_list(const struct reading *r, const struct key *key, const struct tree *value,
		     void *field)
{
	struct list *out = field;

	if (!is_filled(r, key->name, value, TREE_SEQUENCE))
		return 0;
	*out = (struct list){
		.items = arena_alloc(r->arena, value->n_children * key->size),
		.where = arena_alloc(r->arena, value->n_children * sizeof(*out->where)),
	};
	if (!out->items || !out->where)
		return ERR_NOMEM;
	for (const struct tree *item = value->child; item; item = item->next) {
		char *element = (char *)out->items + out->n * key->size;

		if (item->kind != TREE_MAPPING) {
			problem_add(r->problems, item,
				    "%s: write each item as \"- key: value\" lines", key->name);
			continue;
		}
		if (key->initial)
			memcpy(element, key->initial, key->size);
		out->where[out->n++] = item;
		if (schema_read(r->arena, item, key->keys, element, r->problems) < 0)
			return ERR_NOMEM;
	}
	return 0;
}

static int read_as_is(const struct reading *r, const struct key *key, const struct tree *value,
		      void *field)
{
	(void)r, (void)key;
	if (!is_null(value))
		*(const struct tree **)field = value;
	return 0;
}

static int note_ignored(const struct reading *r, const struct key *key, const struct tree *value,
			void *field)
{
	(void)field;
	warning_add(r->problems, value, "%s has no effect here: %s", key->name, key->help);
	return 0;
}

static int note_refused(const struct reading *r, const struct key *key, const struct tree *value,
			void *field)
{
	(void)field;
	problem_add(r->problems, value, "%s: %s", key->name, key->help);
	return 0;
}

static key_reader *const readers[] = {
	[KEY_STRING] = read_string,   [KEY_BOOL] = read_bool,       [KEY_INTEGER] = read_number,
	[KEY_DURATION] = read_number, [KEY_SIZE] = read_number,     [KEY_STRINGS] = read_strings,
	[KEY_PAIRS] = read_pairs,     [KEY_SECTION] = read_section, [KEY_LIST] = read_list,
	[KEY_NODE] = read_as_is,      [KEY_IGNORED] = note_ignored, [KEY_REFUSED] = note_refused,
};

static const struct key *find_key(const struct key *keys, const char *name)
{
	while (keys->name && strcmp(keys->name, name) != 0)
		keys++;
	return keys->name ? keys : NULL;
}

static int note_unknown(const struct reading *r, const struct key *keys, const struct tree *value)
{
	const char **names, *near;
	size_t n = 0;

	for (const struct key *key = keys; key->name; key++)
		n++;
	names = arena_alloc(r->arena, n * sizeof(*names));
	if (!names)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		names[i] = keys[i].name;
	near = nearest(value->key, names, n);
	if (near)
		problem_add(r->problems, value, "unknown key \"%.100s\"; did you mean \"%s\"?",
			    value->key, near);
	else
		problem_add(r->problems, value,
			    "unknown key \"%.100s\"; remove it, or check its indentation",
			    value->key);
	return 0;
}

int schema_read(struct arena *arena, const struct tree *mapping, const struct key *keys,
		void *target, struct problems *problems)
{
	const struct reading r = { arena, problems };
	int code = 0;

	if (mapping->kind != TREE_MAPPING) {
		problem_add(problems, mapping, "write lines of the form \"key: value\" here");
		return 0;
	}
	for (const struct tree *value = mapping->child; value && code == 0; value = value->next) {
		const struct key *key = find_key(keys, value->key);

		code = key ? readers[key->kind](&r, key, value, (char *)target + key->offset)
			   : note_unknown(&r, keys, value);
	}
	return code;
}
