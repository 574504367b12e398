// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "slurm_pusher/schema.h"
#include "test.h"

struct inner {
	const char *name;
	int64_t limit;
};

struct target {
	const char *text;
	bool flag;
	int64_t number, wait, bytes, spare;
	struct strings words;
	struct pairs labels;
	struct inner section;
	struct list items;
	const struct tree *node;
};

static const struct inner inner_initial = { .name = "unnamed", .limit = 7 };

static const struct key inner_keys[] = {
	{ "name", KEY_STRING, .offset = offsetof(struct inner, name), .min = 1, .max = 5 },
	{ "limit", KEY_INTEGER, .offset = offsetof(struct inner, limit), .min = 1, .max = 10 },
	{ 0 },
};

static const struct key keys[] = {
	{ "text", KEY_STRING, .offset = offsetof(struct target, text) },
	{ "flag", KEY_BOOL, .offset = offsetof(struct target, flag) },
	{ "number", KEY_INTEGER, .offset = offsetof(struct target, number) },
	{ "wait", KEY_DURATION, .offset = offsetof(struct target, wait), .min = 1000,
	  .max = 3600000 },
	{ "bytes", KEY_SIZE, .offset = offsetof(struct target, bytes), .min = 1024,
	  .max = 1 << 30 },
	{ "spare", KEY_SIZE, .offset = offsetof(struct target, spare), .max = 1 << 20 },
	{ "words", KEY_STRINGS, .offset = offsetof(struct target, words) },
	{ "labels", KEY_PAIRS, .offset = offsetof(struct target, labels) },
	{ "section", KEY_SECTION, .offset = offsetof(struct target, section), .keys = inner_keys },
	{ "items", KEY_LIST, .offset = offsetof(struct target, items), .keys = inner_keys,
	  .size = sizeof(struct inner), .initial = &inner_initial },
	{ "node", KEY_NODE, .offset = offsetof(struct target, node) },
	{ "tuning", KEY_IGNORED, .help = "it only tunes Prometheus" },
	{ "secret", KEY_REFUSED, .help = "not supported yet; remove it" },
	{ 0 },
};

static struct arena arena;
static struct problems problems;
static struct target target;

static int set_up(void **state)
{
	(void)state;
	problems_init(&problems);
	target = (struct target){ .text = "default", .number = 42, .wait = 5000 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	problems_done(&problems);
	arena_done(&arena);
	return 0;
}

static void read_text(const char *text)
{
	struct tree *root;
	struct err err = { 0 };

	if (tree_read(&arena, "f.yaml", text, strlen(text), &root, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(schema_read(&arena, root, keys, &target, &problems), 0);
}

static void puts_every_kind_of_value_into_its_field(void **state)
{
	const struct inner *items;

	(void)state;
	read_text("text: hello\nflag: true\nnumber: -3\nwait: 1m30s\nbytes: 64MB\n"
		  "words: [a, 'b c']\nlabels: {x: 1, y: two}\nsection: {name: inner}\n"
		  "items:\n  - name: one\n  - limit: 3\nnode: [1, {a: b}]\n");
	assert_string_equal(buf_text(&problems.errors), "");
	assert_string_equal(target.text, "hello");
	assert_true(target.flag);
	assert_int_equal(target.number, -3);
	assert_int_equal(target.wait, 90000);
	assert_int_equal(target.bytes, 64 << 20);
	assert_int_equal(target.words.n, 2);
	assert_string_equal(target.words.items[1], "b c");
	assert_int_equal(target.labels.n, 2);
	assert_string_equal(target.labels.items[1].name, "y");
	assert_string_equal(target.labels.items[1].value, "two");
	assert_int_equal(target.labels.items[1].where->line, 7);
	assert_string_equal(target.section.name, "inner");
	assert_int_equal(target.items.n, 2);
	items = target.items.items;
	assert_string_equal(items[0].name, "one");
	assert_int_equal(items[0].limit, 7);
	assert_string_equal(items[1].name, "unnamed");
	assert_int_equal(items[1].limit, 3);
	assert_int_equal(target.items.where[1]->line, 11);
	assert_int_equal(target.node->n_children, 2);
}

static void what_is_not_given_keeps_its_default(void **state)
{
	(void)state;
	read_text("flag: true\nsection:\nitems:\nwords:\nlabels: ~\nnode: null\n");
	assert_string_equal(buf_text(&problems.errors), "");
	assert_string_equal(target.text, "default");
	assert_int_equal(target.number, 42);
	assert_int_equal(target.wait, 5000);
	assert_int_equal(target.items.n, 0);
	assert_null(target.node);
}

static void a_wrong_value_leaves_the_field_alone(void **state)
{
	(void)state;
	read_text("text: [1]\nnumber: x\nwait: 2h\n");
	assert_int_equal(problems.n_errors, 3);
	assert_string_equal(target.text, "default");
	assert_int_equal(target.number, 42);
	assert_int_equal(target.wait, 5000);
}

static void says_what_is_wrong_where_and_what_helps(void **state)
{
	static const struct {
		const char *text, *errors;
	} cases[] = {
		{ "txet: 1\n", "f.yaml:1:1: unknown key \"txet\"; did you mean \"text\"?\n" },
		{ "frobnicate: 1\n", "f.yaml:1:1: unknown key \"frobnicate\"; remove it, or check "
				     "its indentation\n" },
		{ "section:\n  nmae: x\n",
		  "f.yaml:2:3: unknown key \"nmae\"; did you mean \"name\"?\n" },
		{ "text: {a: b}\n",
		  "f.yaml:1:1: text: write a single value here, not a mapping\n" },
		{ "text: [a]\n", "f.yaml:1:1: text: write a single value here, not a list\n" },
		{ "text:\n", "f.yaml:1:1: text has no value; write one, or remove the key\n" },
		{ "number: null\n",
		  "f.yaml:1:1: number has no value; write one, or remove the key\n" },
		{ "flag: yes\n", "f.yaml:1:1: flag: \"yes\" is neither; write true or false\n" },
		{ "number: 1.5\n",
		  "f.yaml:1:1: number: \"1.5\" is not a whole number; write one\n" },
		{ "number: 99999999999999999999\n",
		  "f.yaml:1:1: number: \"99999999999999999999\" is not a whole number; write "
		  "one\n" },
		{ "wait: 5\n", "f.yaml:1:1: wait: \"5\" has no unit; write 5s\n" },
		{ "wait: soon\n", "f.yaml:1:1: wait: \"soon\" is not a duration; write it like "
				  "30s, 5m or 1h30m\n" },
		{ "wait: 999ms\n", "f.yaml:1:1: wait: 999ms is out of range; write 1s to 1h\n" },
		{ "wait: 61m\n", "f.yaml:1:1: wait: 61m is out of range; write 1s to 1h\n" },
		{ "bytes: 512\n", "f.yaml:1:1: bytes: \"512\" has no unit; write 512MB\n" },
		{ "bytes: 1GiBs\n", "f.yaml:1:1: bytes: \"1GiBs\" is not a size; write it like "
				    "512KB, 64MB or 1GB\n" },
		{ "bytes: 1B\n", "f.yaml:1:1: bytes: 1B is out of range; write 1KB to 1GB\n" },
		{ "spare: 2MB\n", "f.yaml:1:1: spare: 2MB is out of range; write 0B to 1MB\n" },
		{ "words: a\n", "f.yaml:1:1: words: write a list here, each item on a line that "
				"starts with \"- \"\n" },
		{ "words: [a, [b]]\n",
		  "f.yaml:1:12: words: write a single value here, not a list\n" },
		{ "labels: [a]\n", "f.yaml:1:1: labels: write lines of the form \"key: value\" "
				   "below it, indented\n" },
		{ "labels: {a: }\n",
		  "f.yaml:1:10: a has no value; write one, or remove the key\n" },
		{ "section: 5\n", "f.yaml:1:1: section: write lines of the form \"key: value\" "
				  "below it, indented\n" },
		{ "section: {name: toolong}\n", "f.yaml:1:11: name: the text has 7 bytes; 1 to 5 "
						"are allowed\n" },
		{ "section: {name: ''}\n",
		  "f.yaml:1:11: name: the text has 0 bytes; 1 to 5 are allowed\n" },
		{ "items: {name: a}\n", "f.yaml:1:1: items: write a list here, each item on a "
					"line that starts with \"- \"\n" },
		{ "items:\n  - a\n",
		  "f.yaml:2:5: items: write each item as \"- key: value\" lines\n" },
		{ "items:\n  - limit: 11\n",
		  "f.yaml:2:5: limit: 11 is out of range; write 1 to 10\n" },
		{ "secret: {}\n", "f.yaml:1:1: secret: not supported yet; remove it\n" },
		{ "[a]\n", "f.yaml:1:1: write lines of the form \"key: value\" here\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set_up(state);
		read_text(cases[i].text);
		assert_string_equal(buf_text(&problems.errors), cases[i].errors);
		assert_int_equal(problems.n_errors, 1);
		tear_down(state);
	}
	set_up(state);
}

static void reports_everything_in_one_run(void **state)
{
	(void)state;
	read_text("txet: 1\nwait: 5\nitems:\n  - limit: 0\n  - nam: x\nflag: maybe\n");
	assert_int_equal(problems.n_errors, 5);
	assert_non_null(strstr(buf_text(&problems.errors), "f.yaml:1:1: unknown key \"txet\""));
	assert_non_null(strstr(buf_text(&problems.errors), "f.yaml:6:1: flag:"));
}

static void an_ignored_key_is_only_a_warning(void **state)
{
	(void)state;
	read_text("tuning: {deep: [1]}\n");
	assert_int_equal(problems.n_errors, 0);
	assert_int_equal(problems.n_warnings, 1);
	assert_string_equal(buf_text(&problems.warnings),
			    "f.yaml:1:1: tuning has no effect here: it only tunes Prometheus\n");
}

static void a_problem_is_one_line_whatever_it_quotes(void **state)
{
	(void)state;
	read_text("number: \"1\\n2\\e[31m\"\n");
	assert_string_equal(buf_text(&problems.errors),
			    "f.yaml:1:1: number: \"1 2 [31m\" is not a whole number; write one\n");
}

static void a_place_without_a_line_is_only_named(void **state)
{
	const struct tree flag = { .file = "--interval" };

	(void)state;
	problem_add(&problems, &flag, "too short");
	warning_add(&problems, NULL, "too long");
	assert_string_equal(buf_text(&problems.errors), "--interval: too short\n");
	assert_string_equal(buf_text(&problems.warnings), "too long\n");
}

static void the_list_of_problems_is_bounded(void **state)
{
	char last[64];

	(void)state;
	for (int i = 1; i <= 1000; i++)
		problem_add(&problems, NULL, "problem %d", i);
	assert_int_equal(problems.n_errors, 1000);
	snprintf(last, sizeof(last), "problem 100\nand more\n");
	assert_string_equal(problems.errors.ptr + problems.errors.len - strlen(last), last);
}

static void reads_durations_as_prometheus_does(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "15s", 15000 },
		{ "500ms", 500 },
		{ "1h30m", 5400000 },
		{ "1d", 86400000 },
		{ "1w", 604800000 },
		{ "1y", 31536000000 },
		{ "1y2w3d4h5m6s7ms", 31536000000 + 2 * 604800000LL + 3 * 86400000LL + 14706007 },
		{ "90m", 5400000 },
		{ "", -1 },
		{ "5", -1 },
		{ "s", -1 },
		{ "-5s", -1 },
		{ "+5s", -1 },
		{ " 5s", -1 },
		{ "5s ", -1 },
		{ "5 s", -1 },
		{ "1.5h", -1 },
		{ "5S", -1 },
		{ "30m1h", -1 },
		{ "1s1s", -1 },
		{ "5sec", -1 },
		{ "1h5", -1 },
		{ "300000000y", -1 },
		{ "292277024y292277024w", -1 },
		{ "99999999999999999999s", -1 },
		{ "18446744073709551621ms", -1 }, /* 2^64 + 5 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (duration_parse(cases[i].text) != cases[i].ms)
			fail_msg("\"%s\" is %lld", cases[i].text,
				 (long long)duration_parse(cases[i].text));
}

static void reads_sizes_in_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{ "0", 0 },           { "7B", 7 },
		{ "1KB", 1024 },      { "1KiB", 1024 },
		{ "64MB", 64 << 20 }, { "64MiB", 64 << 20 },
		{ "1GB", 1 << 30 },   { "1GiB", 1 << 30 },
		{ "2TB", 2LL << 40 }, { "2TiB", 2LL << 40 },
		{ "", -1 },           { "64", -1 },
		{ "64mb", -1 },       { "64 MB", -1 },
		{ "1.5GB", -1 },      { "-1MB", -1 },
		{ "1MB1KB", -1 },     { "9000000000GB", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (size_parse(cases[i].text) != cases[i].bytes)
			fail_msg("\"%s\" is %lld", cases[i].text,
				 (long long)size_parse(cases[i].text));
}

static void writes_durations_that_read_back(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0s" },
		{ 1, "1ms" },
		{ 1500, "1s500ms" },
		{ 30000, "30s" },
		{ 90000, "1m30s" },
		{ 5400000, "1h30m" },
		{ 86400000, "1d" },
		{ 129600000, "36h" },
		{ 8 * 86400000LL, "8d" },
		{ 14 * 86400000LL, "2w" },
		{ 730 * 86400000LL, "2y" },
		{ INT64_MAX, "2562047788015h12m55s807ms" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		duration_format(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(duration_parse(text), cases[i].ms);
	}
}

static void offers_only_what_is_near(void **state)
{
	static const char *const words[] = { "remote_write", "pushgateway", "web", "url" };
	static const struct {
		const char *word, *found;
	} cases[] = {
		{ "remote_wirte", "remote_write" }, /* a swap is one step */
		{ "remotewrite", "remote_write" },
		{ "remote-writes", "remote_write" },
		{ "push_gateway", "pushgateway" },
		{ "pushgatewat", "pushgateway" },
		{ "wbe", "web" },
		{ "bew", NULL }, /* two steps of three letters are too far */
		{ "uri", "url" },
		{ "", NULL },
		{ "storage", NULL },
		{ "a_word_that_is_much_longer_than_any_key_and_any_sensible_mistake_in_one", NULL },
	};
	char long_word[1000] = { 0 };
	const char *very_long = long_word;

	(void)state;
	memset(long_word, 'x', sizeof(long_word) - 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *found = nearest(cases[i].word, words, 4);

		if (cases[i].found ? !found || strcmp(found, cases[i].found) != 0 : found != NULL)
			fail_msg("\"%s\" gave \"%s\"", cases[i].word, found ? found : "nothing");
	}
	assert_null(nearest("url", words, 0));
	assert_null(nearest("url", &very_long, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(puts_every_kind_of_value_into_its_field),
		TEST(what_is_not_given_keeps_its_default),
		TEST(a_wrong_value_leaves_the_field_alone),
		TEST(says_what_is_wrong_where_and_what_helps),
		TEST(reports_everything_in_one_run),
		TEST(an_ignored_key_is_only_a_warning),
		TEST(a_problem_is_one_line_whatever_it_quotes),
		TEST(a_place_without_a_line_is_only_named),
		TEST(the_list_of_problems_is_bounded),
		TEST(reads_durations_as_prometheus_does),
		TEST(reads_sizes_in_powers_of_1024),
		TEST(writes_durations_that_read_back),
		TEST(offers_only_what_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
