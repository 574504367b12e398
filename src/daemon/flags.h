// SPDX-License-Identifier: Apache-2.0
/*
 * flags: the command line.
 *
 * A flag is a row of one table: its name, what it takes, what --help says about it,
 * and the key of the configuration it sets. Both "--name=value" and "--name value" are
 * read; names are not abbreviated. What a value may be is not decided here: the
 * configuration reads it as if it stood in the file (config.h).
 *
 *	slurm-pusher [FLAGS]
 *	slurm-pusher check config FILE
 */
#ifndef SLURM_PUSHER_FLAGS_H
#define SLURM_PUSHER_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/err.h"

enum command { COMMAND_RUN, COMMAND_CHECK_CONFIG };

struct flag {
	const char *name;
	const char *argument;      /* what --help calls its value; NULL: it takes none */
	const char *help;          /* NULL: the row above says it */
	const char *section, *key; /* what it sets in the configuration, else NULL */
	const char *value;         /* what a flag without argument sets the key to */
	const char *unit;          /* added to a value that is a number without one */
	bool repeats;              /* each use adds an item to the list `section` */
	size_t offset;             /* without a key: the const char * or bool of struct flags */
};

/* Rows with the same name belong to the same flag. Ends with a NULL name. */
extern const struct flag flag_table[];

enum { FLAGS_MAX_SETTINGS = 64 };

struct flags {
	enum command command;
	const char *config_file; /* NULL: not given; "": none */
	const char *cluster, *port;
	bool once, dry_run, version, help;
	struct flag_setting {
		const struct flag *flag;
		const char *value;
	} settings[FLAGS_MAX_SETTINGS]; /* of keys, in the order given */
	size_t n_settings;
};

/* Reads the command line; what it points to must live as long as the flags.
 * ERR_FORMAT with the remedy; ERR_LIMIT for too many. */
int flags_parse(struct flags *flags, int argc, char *const *argv, struct err *err);

/* The text of --help. */
void flags_help(struct buf *out);

#endif
