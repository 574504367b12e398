// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/tree.h"
#include "test.h"

static struct arena arena;
static struct err err;

static int set_up(void **state)
{
	(void)state;
	err = (struct err){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static const struct tree *read_text(const char *text)
{
	struct tree *root;

	assert_int_equal(tree_read(&arena, "f.yaml", text, strlen(text), &root, &err), 0);
	return root;
}

static void assert_refused(const char *text, size_t n, const char *message)
{
	struct tree *root;

	assert_int_equal(tree_read(&arena, "f.yaml", text, n, &root, &err), ERR_FORMAT);
	if (!strstr(err.text, message))
		fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, err.text, message);
}

static void keeps_keys_values_and_order(void **state)
{
	const struct tree *root = read_text("b: 1\n"
					    "a:\n"
					    "  - x\n"
					    "  - {k: v}\n");
	const struct tree *a = tree_child(root, "a");

	(void)state;
	assert_int_equal(root->kind, TREE_MAPPING);
	assert_int_equal(root->n_children, 2);
	assert_string_equal(root->child->key, "b");
	assert_string_equal(root->child->text, "1");
	assert_ptr_equal(root->child->next, a);
	assert_int_equal(a->kind, TREE_SEQUENCE);
	assert_int_equal(a->n_children, 2);
	assert_null(a->child->key);
	assert_string_equal(a->child->text, "x");
	assert_string_equal(tree_child(a->child->next, "k")->text, "v");
	assert_null(tree_child(root, "c"));
}

static void remembers_where_everything_stood(void **state)
{
	const struct tree *root = read_text("# comment\n"
					    "a:\n"
					    "  b: 1\n"
					    "  \xc3\xa4: [one, two]\n");
	const struct tree *a = tree_child(root, "a");
	const struct tree *list = a->child->next;

	(void)state;
	assert_string_equal(root->file, "f.yaml");
	assert_int_equal(root->line, 2);
	assert_int_equal(a->line, 2);
	assert_int_equal(a->column, 1);
	assert_int_equal(a->child->line, 3);
	assert_int_equal(a->child->column, 3);
	assert_int_equal(list->column, 3);
	assert_int_equal(list->child->next->line, 4);
	assert_int_equal(list->child->next->column, 12);
}

static void tells_quoted_from_plain(void **state)
{
	const struct tree *root = read_text("plain: true\nsingle: 'true'\ndouble: \"true\"\n"
					    "block: |\n  true\nempty:\nquoted: ''\n");

	(void)state;
	assert_true(tree_child(root, "plain")->plain);
	assert_false(tree_child(root, "single")->plain);
	assert_false(tree_child(root, "double")->plain);
	assert_false(tree_child(root, "block")->plain);
	assert_true(tree_child(root, "empty")->plain);
	assert_string_equal(tree_child(root, "empty")->text, "");
	assert_false(tree_child(root, "quoted")->plain);
}

static void an_empty_document_is_an_empty_mapping(void **state)
{
	static const char *const texts[] = {
		"",   "\n",          "# only a comment\n", "---\n", "---\n# nothing\n...\n",
		"{}", "\xef\xbb\xbf"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct tree *root = read_text(texts[i]);

		assert_int_equal(root->kind, TREE_MAPPING);
		assert_int_equal(root->n_children, 0);
		assert_int_not_equal(root->line, 0);
	}
}

static void refuses_with_place_and_remedy(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "a: &x 1\n", "f.yaml:1:4: anchors (&) are not supported; write the value out" },
		{ "a: &x [1]\n", "f.yaml:1:4: anchors" },
		{ "a: &x {b: 1}\n", "f.yaml:1:4: anchors" },
		{ "&x a: 1\n", "f.yaml:1:1: anchors" },
		{ "a: *x\n", "f.yaml:1:4: aliases (*) are not supported; write the value out" },
		{ "*x : 1\n", "f.yaml:1:1: a key must be a simple text" },
		{ "a: !!int 1\n", "f.yaml:1:4: tags (!) are not supported; remove it" },
		{ "a: !mine [1]\n", "f.yaml:1:4: tags" },
		{ "a: !mine {b: 1}\n", "f.yaml:1:4: tags" },
		{ "!t a: 1\n", "f.yaml:1:1: tags" },
		{ "a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document starts here" },
		{ "a: 1\n---\n", "f.yaml:2:1: a second document starts here" },
		{ "a: 1\nb: 2\na: 3\n", "f.yaml:3:1: key \"a\" is given twice; the first is in "
					"line 1" },
		{ "x: {a: 1, a: 2}\n", "f.yaml:1:11: key \"a\" is given twice" },
		{ "? [a]\n: 1\n", "f.yaml:1:3: a key must be a simple text" },
		{ "a: \"x\\0y\"\n", "f.yaml:1:4: this text contains a NUL character" },
		{ "a:\n\t- b\n", "f.yaml:2:1: this is not YAML: found character that cannot "
				 "start any token; indent with spaces, not tabs" },
		{ "a: b: c\n", "f.yaml:1:5: this is not YAML: mapping values are not allowed in "
			       "this context; check the indentation, and quote" },
		{ "a: 1\nb\nc: 2\n", "f.yaml:3:1: this is not YAML: could not find expected ':'; "
				     "write \"key: value\"" },
		{ "a: 1\n  b: 2\n", "f.yaml:2:4: this is not YAML: mapping values" },
		{ " a: 1\nb: 2\n", "f.yaml:2:1: this is not YAML: " },
		{ "a: [1, 2\nb: 3\n", "close the bracket" },
		{ "a: \"1\n", "this is not YAML: found unexpected end of stream; close the "
			      "quotation mark" },
		{ "a: 1\nb: \x01\n", "f.yaml:2:4: this is not YAML: control characters are not "
				     "allowed; save the file as plain UTF-8" },
		{ "a: \xff\n", "f.yaml:1:4: this is not YAML: invalid leading UTF-8 octet; save" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_refused(cases[i].text, strlen(cases[i].text), cases[i].message);
}

static void sequences_nested(struct buf *text, int depth)
{
	buf_clear(text);
	for (int i = 0; i < depth; i++)
		buf_addc(text, '[');
	for (int i = 0; i < depth; i++)
		buf_addc(text, ']');
}

static void depth_is_bounded(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	sequences_nested(&text, TREE_MAX_DEPTH);
	read_text(buf_text(&text));
	sequences_nested(&text, TREE_MAX_DEPTH + 1);
	assert_refused(text.ptr, text.len, "f.yaml:1:33: nested too deeply; 32 levels");
	sequences_nested(&text, 100000);
	assert_refused(text.ptr, text.len, "f.yaml:1:33: nested too deeply");
	buf_done(&text);
}

static void size_is_bounded(void **state)
{
	char *text = malloc(TREE_MAX_BYTES + 1);
	struct tree *root;

	(void)state;
	memset(text, '\n', TREE_MAX_BYTES + 1);
	assert_int_equal(tree_read(&arena, "f.yaml", text, TREE_MAX_BYTES, &root, &err), 0);
	assert_refused(text, TREE_MAX_BYTES + 1, "f.yaml:1:1: the file is larger than 1 MiB");
	free(text);
}

static void nothing_is_read_beyond_the_bytes_given(void **state)
{
	char *text = malloc(4);
	struct tree *root;

	(void)state;
	memcpy(text, "a: 1", 4);
	assert_int_equal(tree_read(&arena, "f.yaml", text, 4, &root, &err), 0);
	assert_string_equal(tree_child(root, "a")->text, "1");
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_keys_values_and_order),
		TEST(remembers_where_everything_stood),
		TEST(tells_quoted_from_plain),
		TEST(an_empty_document_is_an_empty_mapping),
		TEST(refuses_with_place_and_remedy),
		TEST(depth_is_bounded),
		TEST(size_is_bounded),
		TEST(nothing_is_read_beyond_the_bytes_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
