// SPDX-License-Identifier: Apache-2.0
/*
 * config_test: a configuration loaded from a text and flags, in a folder of the test's own.
 */
#ifndef CONFIG_TEST_H
#define CONFIG_TEST_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "test.h"

static char folder[] = "/tmp/slurm-pusher-config-XXXXXX";
static struct flags flags;
static struct config config;
static struct problems problems;

static int enter_folder(void **state)
{
	(void)state;
	unsetenv("STATE_DIRECTORY");
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	unlink("f.yaml");
	return chdir("/") < 0 ? -1 : rmdir(folder);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int unload(void **state)
{
	(void)state;
	config_done(&config);
	problems_done(&problems);
	problems = (struct problems){ 0 };
	return 0;
}

/* Loads f.yaml with this text (no file for NULL), and the flags, separated by spaces. */
static int load(const char *yaml, const char *args)
{
	static char words[1000];
	static char file[] = "--config.file=f.yaml", no_file[] = "--config.file=";
	char *argv[40] = { words, yaml ? file : no_file };
	struct err err = { 0 };
	int argc = 2;

	unload(NULL);
	if (yaml)
		write_file("f.yaml", yaml);
	snprintf(words, sizeof(words), "%s", args);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	assert_ok(flags_parse(&flags, argc, argv, &err), &err);
	problems_init(&problems);
	return config_load(&flags, &config, &problems, &err);
}

/* The same, where nothing is wrong. */
static void load_good(const char *yaml, const char *args)
{
	int code = load(yaml, args);

	if (code != 0 || problems.n_errors || problems.n_warnings)
		fail_msg("%d: %s%s", code, buf_text(&problems.errors),
			 buf_text(&problems.warnings));
}

#endif
