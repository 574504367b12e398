// SPDX-License-Identifier: Apache-2.0
/* The sample that is installed, and the manual page, against the table of keys. */
#include "daemon/config_test.h"
#include "slurm_pusher/file.h"

#define SAMPLE TEST_SOURCE_DIR "/../config/slurm-pusher.yaml"
#define MANUAL TEST_SOURCE_DIR "/../config/man/slurm-pusher.yaml.5"

static struct buf sample;

/* A setting is "#key: value" or "#  key: value"; prose is "# Prose". */
static bool is_setting(const char *line)
{
	return line[0] == '#' && line[1] != '\n' && (line[1] != ' ' || line[2] == ' ');
}

static int read_sample(void **state)
{
	struct err err = { 0 };

	buf_init(&sample, 1 << 20);
	if (file_read(SAMPLE, &sample, &err) < 0)
		return -1;
	return enter_folder(state);
}

static int forget_sample(void **state)
{
	buf_done(&sample);
	return leave_folder(state);
}

static void load_uncommented(void)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	for (const char *line = buf_text(&sample); *line; line += strcspn(line, "\n") + 1) {
		const char *from = is_setting(line) ? line + 1 : line;

		buf_add(&text, from, (size_t)(strchr(from, '\n') + 1 - from));
	}
	load_good(buf_text(&text), "");
	buf_done(&text);
}

static void is_valid_as_it_is_installed(void **state)
{
	(void)state;
	load_good(buf_text(&sample), "");
	assert_int_equal(config.remote_write.n + config.pushgateway.n, 0);
}

static void is_valid_when_uncommented(void **state)
{
	(void)state;
	load_uncommented();
	assert_int_equal(config.remote_write.n, 1);
	assert_int_equal(config.pushgateway.n, 1);
}

/* Keys whose default is to be absent, or that have to be given. */
static bool is_example(const struct key *key)
{
	static const char *const names[] = { "url", "name", "conf", "reset_time", "path" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(key->name, names[i]) == 0)
			return true;
	return false;
}

static void assert_same(const struct key *key, const void *shown, const void *initial)
{
	bool same = true;

	switch (key->kind) {
	case KEY_STRING:
		same = strcmp(*(const char *const *)shown, *(const char *const *)initial) == 0;
		break;
	case KEY_BOOL:
		same = *(const bool *)shown == *(const bool *)initial;
		break;
	case KEY_INTEGER:
	case KEY_DURATION:
	case KEY_SIZE:
		same = *(const int64_t *)shown == *(const int64_t *)initial;
		break;
	default:
		break;
	}
	if (!same)
		fail_msg("%s is not shown with its default", key->name);
}

static void assert_defaults(const struct key *keys, const void *shown, const void *initial)
{
	for (const struct key *key = keys; key->name; key++) {
		const void *value = (const char *)shown + key->offset;
		const void *other = (const char *)initial + key->offset;

		if (key->kind == KEY_SECTION)
			assert_defaults(key->keys, value, other);
		else if (key->kind == KEY_LIST)
			assert_defaults(key->keys, ((const struct list *)value)->items,
					key->initial);
		else if (!is_example(key))
			assert_same(key, value, other);
	}
}

static void shows_every_default(void **state)
{
	(void)state;
	load_uncommented();
	assert_defaults(config_keys, &config, &config_defaults);
	assert_string_equal(config.slurm.path, config_defaults.slurm.path);
}

/* True if the text has the key, not as a part of a longer word. */
static bool has_key(const char *text, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t len = strlen(name);

	for (const char *at = strstr(text, name); at; at = strstr(at + 1, name))
		if ((at == text || !strchr(letters, at[-1])) && !strchr(letters, at[len]))
			return true;
	return false;
}

static void assert_keys(const char *what, const char *text, const struct key *keys,
			const char *mark)
{
	char name[100];

	for (const struct key *key = keys; key->name; key++) {
		if (key->kind == KEY_IGNORED || key->kind == KEY_REFUSED)
			continue;
		snprintf(name, sizeof(name), "%s%s", key->name, mark);
		if (!has_key(text, name))
			fail_msg("%s does not have %s", what, key->name);
		if (key->keys)
			assert_keys(what, text, key->keys, mark);
	}
}

static void has_every_key(void **state)
{
	(void)state;
	assert_keys("the sample", buf_text(&sample), config_keys, ":");
}

static void the_manual_has_every_key(void **state)
{
	struct err err = { 0 };
	struct buf manual;

	(void)state;
	if (access(MANUAL, R_OK) < 0)
		skip();
	buf_init(&manual, 1 << 20);
	assert_ok(file_read(MANUAL, &manual, &err), &err);
	assert_keys("the manual", buf_text(&manual), config_keys, "");
	buf_done(&manual);
}

#define TEST(name) cmocka_unit_test_teardown(name, unload)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_valid_as_it_is_installed), TEST(is_valid_when_uncommented),
		TEST(shows_every_default),         TEST(has_every_key),
		TEST(the_manual_has_every_key),
	};

	return cmocka_run_group_tests(tests, read_sample, forget_sample);
}
