// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "daemon.h"
#include "flags.h"
#include "slurm_pusher/log.h"

static int print_help(void)
{
	struct buf text;

	buf_init(&text, 1 << 16);
	flags_help(&text);
	fputs(buf_text(&text), stdout);
	buf_done(&text);
	return EXIT_SUCCESS;
}

static int check_config(const struct flags *flags)
{
	struct setup setup;
	struct problems problems;
	struct err err;
	int rc;

	problems_init(&problems);
	rc = setup_read(&setup, flags, &problems, &err);
	fputs(buf_text(&problems.errors), stderr);
	fputs(buf_text(&problems.warnings), stderr);
	if (rc == 0)
		printf("SUCCESS: %s is valid\n", setup.config.file);
	else
		fprintf(stderr, "FAILED: %s\n", err.text);
	problems_done(&problems);
	setup_done(&setup);
	return rc == 0 ? EXIT_SUCCESS : EXIT_CONFIG;
}

int main(int argc, char **argv)
{
	struct flags flags;
	struct err err;

	if (flags_parse(&flags, argc, argv, &err) < 0) {
		log_open(LOG_LEVEL_INFO);
		log_error("cannot start", "err", err.text, NULL);
		return EXIT_CONFIG;
	}
	if (flags.help)
		return print_help();
	if (flags.version) {
		puts("slurm-pusher " SLURM_PUSHER_VERSION);
		return EXIT_SUCCESS;
	}
	if (flags.command == COMMAND_CHECK_CONFIG)
		return check_config(&flags);
	return daemon_main(&flags);
}
