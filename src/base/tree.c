// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/tree.h"

#include <string.h>
#include <yaml.h>

#include "slurm_pusher/map.h"

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one being looked at */
	struct arena *arena;
	const char *file;
	const char *bytes;
	struct err *err;
};

/* What libyaml complains about, and what helps. The last row takes the rest. */
static const struct remedy {
	const char *complaint, *text;
} remedies[] = {
	{ "cannot start any token",
	  "indent with spaces, not tabs, and quote a text that starts with @, ` or %" },
	{ "mapping values are not allowed",
	  "check the indentation, and quote a text that contains \": \"" },
	{ "could not find expected ':'", "write \"key: value\", with a space after the colon" },
	{ "did not find expected key", "check that the indentation agrees with the lines above" },
	{ "did not find expected '-'", "check that the indentation agrees with the lines above" },
	{ "did not find expected ','", "close the bracket, and put commas between its items" },
	{ "unexpected end of stream", "close the quotation mark" },
	{ "control characters", "save the file as plain UTF-8 text" },
	{ "UTF-8", "save the file as plain UTF-8 text" },
	{ "", "check indentation, quotation marks and brackets" },
};

static const char *remedy_for(const char *complaint)
{
	const struct remedy *remedy = remedies;

	while (!strstr(complaint, remedy->complaint))
		remedy++;
	return remedy->text;
}

static int fail(const struct reader *r, const char *what)
{
	const yaml_mark_t *at = &r->event.start_mark;

	return err_set(r->err, ERR_FORMAT, "%s:%zu:%zu: %s", r->file, at->line + 1, at->column + 1,
		       what);
}

static int fail_nomem(const struct reader *r)
{
	return err_set(r->err, ERR_NOMEM, "%s: no memory", r->file);
}

/* libyaml tells the place of an unreadable byte only as an offset. */
static yaml_mark_t mark_of_offset(const char *bytes, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < offset; i++) {
		mark.column++;
		if (bytes[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int fail_yaml(const struct reader *r)
{
	const yaml_parser_t *parser = &r->parser;
	yaml_mark_t at = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return fail_nomem(r);
	if (parser->error == YAML_READER_ERROR)
		at = mark_of_offset(r->bytes, parser->problem_offset);
	return err_set(r->err, ERR_FORMAT, "%s:%zu:%zu: this is not YAML: %s; %s", r->file,
		       at.line + 1, at.column + 1, parser->problem, remedy_for(parser->problem));
}

static int next_event(struct reader *r)
{
	yaml_event_delete(&r->event);
	return yaml_parser_parse(&r->parser, &r->event) ? 0 : fail_yaml(r);
}

/* Anchors and tags make a text mean something else than it says. */
static int refuse_decoration(const struct reader *r, const yaml_char_t *anchor,
			     const yaml_char_t *tag)
{
	if (anchor)
		return fail(r, "anchors (&) are not supported; write the value out in each place");
	if (tag)
		return fail(r, "tags (!) are not supported; remove it, or quote the text");
	return 0;
}

static void set_place(const struct reader *r, struct tree *node)
{
	node->file = r->file;
	node->line = (int)r->event.start_mark.line + 1;
	node->column = (int)r->event.start_mark.column + 1;
}

static int read_text(const struct reader *r, const char **out)
{
	const char *text = (const char *)r->event.data.scalar.value;
	size_t n = r->event.data.scalar.length;
	int code = refuse_decoration(r, r->event.data.scalar.anchor, r->event.data.scalar.tag);

	if (code < 0)
		return code;
	if (strlen(text) != n)
		return fail(r, "this text contains a NUL character; remove it");
	*out = arena_copy(r->arena, text, n);
	return *out ? 0 : fail_nomem(r);
}

static int read_scalar(struct reader *r, struct tree *node)
{
	node->kind = TREE_SCALAR;
	node->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return read_text(r, &node->text);
}

static int read_node(struct reader *r, int depth, struct tree *node);

/* Puts the child last; returns where the next one goes. */
static struct tree **adopt(struct tree *parent, struct tree **end, struct tree *child)
{
	*end = child;
	parent->n_children++;
	return &child->next;
}

static int read_sequence(struct reader *r, int depth, struct tree *node)
{
	struct tree **end = &node->child;
	int code = refuse_decoration(r, r->event.data.sequence_start.anchor,
				     r->event.data.sequence_start.tag);

	node->kind = TREE_SEQUENCE;
	while (code == 0 && (code = next_event(r)) == 0 &&
	       r->event.type != YAML_SEQUENCE_END_EVENT) {
		struct tree *child = arena_alloc(r->arena, sizeof(*child));

		if (!child)
			return fail_nomem(r);
		set_place(r, child);
		end = adopt(node, end, child);
		code = read_node(r, depth + 1, child);
	}
	return code;
}

/* Makes the child for the key at hand, and moves on to its value. */
static int read_key(struct reader *r, struct map *keys, struct tree **out)
{
	struct tree *child = arena_alloc(r->arena, sizeof(*child));
	struct map_entry *entry;
	int code;

	if (!child)
		return fail_nomem(r);
	set_place(r, child);
	if (r->event.type != YAML_SCALAR_EVENT)
		return fail(r, "a key must be a simple text");
	if ((code = read_text(r, &child->key)) < 0)
		return code;
	entry = map_entry(keys, child->key, strlen(child->key));
	if (!entry)
		return fail_nomem(r);
	if (entry->value)
		return err_set(r->err, ERR_FORMAT,
			       "%s:%d:%d: key \"%.80s\" is given twice; the first is in line %d",
			       r->file, child->line, child->column, child->key,
			       ((const struct tree *)entry->value)->line);
	entry->value = child;
	*out = child;
	return next_event(r);
}

static int read_mapping(struct reader *r, int depth, struct tree *node)
{
	struct tree **end = &node->child;
	struct map keys = { 0 };
	int code = refuse_decoration(r, r->event.data.mapping_start.anchor,
				     r->event.data.mapping_start.tag);

	node->kind = TREE_MAPPING;
	while (code == 0 && (code = next_event(r)) == 0 &&
	       r->event.type != YAML_MAPPING_END_EVENT) {
		struct tree *child = NULL;

		if ((code = read_key(r, &keys, &child)) < 0)
			break;
		end = adopt(node, end, child);
		code = read_node(r, depth + 1, child);
	}
	map_done(&keys);
	return code;
}

/* Reads the node that starts at the event at hand; ends at its last event. */
static int read_node(struct reader *r, int depth, struct tree *node)
{
	if (depth > TREE_MAX_DEPTH)
		return fail(r, "nested too deeply; 32 levels are the limit");
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, node);
	case YAML_SEQUENCE_START_EVENT:
		return read_sequence(r, depth, node);
	case YAML_MAPPING_START_EVENT:
		return read_mapping(r, depth, node);
	default:
		return fail(r, "aliases (*) are not supported; write the value out in each place");
	}
}

static int read_stream(struct reader *r, struct tree *root)
{
	int code;

	if ((code = next_event(r)) < 0 || (code = next_event(r)) < 0)
		return code;
	set_place(r, root);
	root->kind = TREE_MAPPING;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return 0;
	if ((code = next_event(r)) < 0)
		return code;
	set_place(r, root);
	if ((code = read_node(r, 1, root)) < 0)
		return code;
	if ((code = next_event(r)) < 0 || (code = next_event(r)) < 0)
		return code;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return fail(r, "a second document starts here; one file holds one, remove the ---");
	return 0;
}

/* A file of comments after "---" is a document with an empty scalar in it. */
static bool is_empty_document(const struct tree *root)
{
	return root->kind == TREE_SCALAR && root->plain && !root->text[0];
}

int tree_read(struct arena *arena, const char *file, const char *bytes, size_t n, struct tree **out,
	      struct err *err)
{
	struct reader r = { .arena = arena, .bytes = bytes, .err = err };
	struct tree *root = arena_alloc(arena, sizeof(*root));
	int code;

	if (n > TREE_MAX_BYTES)
		return err_set(err, ERR_FORMAT, "%s:1:1: the file is larger than 1 MiB", file);
	r.file = arena_string(arena, file);
	if (!root || !r.file || !yaml_parser_initialize(&r.parser))
		return err_set(err, ERR_NOMEM, "%s: no memory", file);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, n);
	code = read_stream(&r, root);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (code < 0)
		return code;
	if (is_empty_document(root))
		root->kind = TREE_MAPPING;
	*out = root;
	return 0;
}

const struct tree *tree_child(const struct tree *mapping, const char *key)
{
	for (const struct tree *child = mapping->child; child; child = child->next)
		if (child->key && strcmp(child->key, key) == 0)
			return child;
	return NULL;
}
