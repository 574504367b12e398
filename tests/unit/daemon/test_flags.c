// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <string.h>

#include "config.h"
#include "test.h"

enum { MAX_ARGS = 100 };

static struct flags flags;
static struct err err;

/* Parses these arguments, up to a NULL. */
static int parse(const char *const *args)
{
	char program[] = "slurm-pusher";
	char *argv[MAX_ARGS] = { program };
	int argc = 1;

	for (; *args; args++)
		argv[argc++] = (char *)*args;
	err = (struct err){ 0 };
	return flags_parse(&flags, argc, argv, &err);
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

static void assert_setting(size_t i, const char *section, const char *key, const char *value)
{
	assert_true(i < flags.n_settings);
	assert_string_equal(flags.settings[i].flag->section, section);
	assert_string_equal(flags.settings[i].flag->key, key);
	assert_string_equal(flags.settings[i].value, value);
}

static void reads_values_after_an_equals_sign_or_a_space(void **state)
{
	(void)state;
	assert_ok(PARSE("--interval=5s", "--reset-time", "24 hours ago", "--log-level="), &err);
	assert_int_equal(flags.n_settings, 3);
	assert_setting(0, "global", "scrape_interval", "5s");
	assert_setting(1, "slurm", "reset_time", "24 hours ago");
	assert_setting(2, "log", "level", "");
}

static void every_flag_reaches_its_place(void **state)
{
	(void)state;
	assert_ok(PARSE("--config.file=f", "--cluster=c", "--port=1", "--once", "--dry-run",
			"--version", "--help", "--no-web", "--timeout=9"),
		  &err);
	assert_string_equal(flags.config_file, "f");
	assert_string_equal(flags.cluster, "c");
	assert_string_equal(flags.port, "1");
	assert_true(flags.once && flags.dry_run && flags.version && flags.help);
	assert_int_equal(flags.command, COMMAND_RUN);
	assert_setting(0, "web", "enabled", "false");
	assert_setting(1, "global", "scrape_timeout", "9");
	assert_setting(2, "history", "timeout", "9");
}

static void without_flags_nothing_is_set(void **state)
{
	static const struct flags nothing;

	(void)state;
	memset(&flags, 0xff, sizeof(flags));
	assert_ok(parse((const char *const[]){ NULL }), &err);
	assert_null(flags.config_file);
	assert_int_equal(flags.once, nothing.once);
	assert_int_equal(flags.n_settings, 0);
}

static void checks_a_file(void **state)
{
	(void)state;
	assert_ok(PARSE("check", "config", "my.yaml"), &err);
	assert_int_equal(flags.command, COMMAND_CHECK_CONFIG);
	assert_string_equal(flags.config_file, "my.yaml");
	assert_ok(PARSE("--interval=5s", "check", "--once", "config", "my.yaml"), &err);
	assert_string_equal(flags.config_file, "my.yaml");
}

static void explains_what_it_cannot_read(void **state)
{
	static const struct {
		const char *args[5];
		const char *message;
	} cases[] = {
		{ { "--intervall=5s" }, "unknown flag --intervall; did you mean --interval?" },
		{ { "--pushgateway-url", "u" }, "did you mean --pushgateway.url?" },
		{ { "--xyzzy" }, "unknown flag --xyzzy; see --help" },
		{ { "--inter=5s" }, "unknown flag --inter" },
		{ { "--" }, "unknown flag --" },
		{ { "-h" }, "-h: flags begin with two dashes; see --help" },
		{ { "--interval" }, "--interval has no value; write --interval=DURATION" },
		{ { "--once=yes" }, "--once takes no value" },
		{ { "run" }, "\"run\" is not a command; the only one is: check config FILE" },
		{ { "check" }, "\"check\" is not a command" },
		{ { "check", "config" }, "write the file to check" },
		{ { "check", "config", "" }, "write the file to check" },
		{ { "check", "config", "a", "b" }, "write the file to check" },
		{ { "check", "config", "a", "b", "c" }, "write the file to check" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *args[6] = { 0 };

		memcpy(args, cases[i].args, sizeof(cases[i].args));
		assert_int_equal(parse(args), ERR_FORMAT);
		if (!strstr(err.text, cases[i].message))
			fail_msg("not \"%s\" but \"%s\"", cases[i].message, err.text);
	}
}

static void the_number_of_flags_is_bounded(void **state)
{
	const char *args[MAX_ARGS] = { 0 };

	(void)state;
	for (int i = 0; i < FLAGS_MAX_SETTINGS; i++)
		args[i] = "--pushgateway.url=http://pg";
	assert_ok(parse(args), &err);
	args[FLAGS_MAX_SETTINGS] = "--pushgateway.url=http://pg";
	assert_int_equal(parse(args), ERR_LIMIT);
}

static void help_names_every_flag_once_in_80_columns(void **state)
{
	struct buf help;
	char heading[100];

	(void)state;
	buf_init(&help, 1 << 16);
	flags_help(&help);
	assert_int_equal(buf_check(&help, "help", &err), 0);
	for (const struct flag *flag = flag_table; flag->name; flag++) {
		const char *found;

		snprintf(heading, sizeof(heading), "\n  --%s%s%s\n", flag->name,
			 flag->argument ? "=" : "", flag->argument ? flag->argument : "");
		found = strstr(buf_text(&help), heading);
		if (!found || strstr(found + 1, heading))
			fail_msg("--%s is not there once", flag->name);
	}
	for (const char *line = buf_text(&help); *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
	assert_non_null(strstr(buf_text(&help), CONFIG_DEFAULT_FILE));
	buf_done(&help);
}

static const struct key *find_key(const struct key *keys, const char *name)
{
	while (keys->name && strcmp(keys->name, name) != 0)
		keys++;
	return keys->name ? keys : NULL;
}

static void every_flag_sets_a_key_that_exists(void **state)
{
	(void)state;
	for (const struct flag *flag = flag_table; flag->name; flag++) {
		const struct key *section;

		if (!flag->key)
			continue;
		section = find_key(config_keys, flag->section);
		assert_non_null(section);
		assert_int_equal(section->kind, flag->repeats ? KEY_LIST : KEY_SECTION);
		assert_non_null(find_key(section->keys, flag->key));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values_after_an_equals_sign_or_a_space),
		cmocka_unit_test(every_flag_reaches_its_place),
		cmocka_unit_test(without_flags_nothing_is_set),
		cmocka_unit_test(checks_a_file),
		cmocka_unit_test(explains_what_it_cannot_read),
		cmocka_unit_test(the_number_of_flags_is_bounded),
		cmocka_unit_test(help_names_every_flag_once_in_80_columns),
		cmocka_unit_test(every_flag_sets_a_key_that_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
