// SPDX-License-Identifier: Apache-2.0
/*
 * schema: what may stand in a YAML file, as a table, and the one loop that
 * reads it.
 *
 * A `struct key` is a row: the key's name, what kind of value it takes, where
 * in the target struct the value goes, its range. Everything that is wrong is
 * noted, with file, line, column and the remedy, and reading goes on, so that
 * one run reports all of it:
 *
 *   slurm-pusher.yaml:3:5: unknown key "remote_wirte"; did you mean "remote_write"?
 *   slurm-pusher.yaml:9:14: scrape_interval: "5" has no unit; write 5s for five seconds
 *
 * Values not given keep what the target struct held before (its defaults).
 */
#ifndef SLURM_PUSHER_SCHEMA_H
#define SLURM_PUSHER_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/arena.h"
#include "slurm_pusher/buf.h"
#include "slurm_pusher/tree.h"

/* What was found wrong, one line each; warnings do not make a file invalid. */
struct problems {
	struct buf errors;
	struct buf warnings;
	size_t n_errors;
	size_t n_warnings;
};

void problems_init(struct problems *p);
void problems_done(struct problems *p);

/* Notes "FILE:LINE:COLUMN: text"; "FILE: text" for a place in line 0, as a tree has that was
 * not read from a file; "text" for NULL. A text of several lines becomes one. After a
 * hundred lines there is only "and more", and the count. */
__attribute__((format(printf, 3, 4))) void problem_add(struct problems *p, const struct tree *where,
						       const char *format, ...);
__attribute__((format(printf, 3, 4))) void warning_add(struct problems *p, const struct tree *where,
						       const char *format, ...);

enum key_kind {
	KEY_STRING,   /* const char *; min/max bound its length when max > 0 */
	KEY_BOOL,     /* bool: true or false */
	KEY_INTEGER,  /* int64_t, min..max */
	KEY_DURATION, /* int64_t milliseconds, Prometheus' grammar (1h30m, 15s, 500ms), min..max */
	KEY_SIZE,     /* int64_t bytes, with a unit in powers of 1024 (512MB, 64KiB), min..max */
	KEY_STRINGS,  /* struct strings: a sequence of scalars */
	KEY_PAIRS,    /* struct pairs: a mapping of scalars to scalars */
	KEY_SECTION,  /* a mapping, read with `keys` into the struct at `offset` */
	KEY_LIST,     /* struct list: a sequence of mappings, each read with `keys` into an
			 element of `size` bytes that starts as a copy of `initial` */
	KEY_NODE,     /* const struct tree *: kept as it is, for the caller to read */
	KEY_IGNORED,  /* known to Prometheus, of no effect here: a warning with `help` */
	KEY_REFUSED,  /* known to Prometheus, not to be left out silently: an error with `help` */
};

struct strings {
	const char **items;
	size_t n;
};

struct pair {
	const char *name, *value;
	const struct tree *where;
};

struct pairs {
	struct pair *items;
	size_t n;
};

struct list {
	void *items;
	size_t n;
	const struct tree **where; /* the mapping each item was read from */
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t offset;          /* into the target struct */
	int64_t min, max;       /* of integers, durations (ms) and sizes; both 0: no bound */
	const struct key *keys; /* KEY_SECTION, KEY_LIST; ends with a NULL name */
	size_t size;            /* KEY_LIST: bytes of an element */
	const void *initial;    /* KEY_LIST: what an element starts as; NULL: zeroes */
	const char *help;
};

/* Reads the mapping into `target` by the table (ended by a NULL name). Strings
 * live in the arena. Returns 0, or ERR_NOMEM; what is wrong is in `problems`. */
int schema_read(struct arena *arena, const struct tree *mapping, const struct key *keys,
		void *target, struct problems *problems);

/* Milliseconds of "1h30m", "15s", "0"; -1 if it is not one. */
int64_t duration_parse(const char *text);

/* Bytes of "512MB", "64KiB", "0"; -1 if it is not one. */
int64_t size_parse(const char *text);

/* "30s", "1h30m": the shortest way duration_parse() reads back. */
void duration_format(int64_t ms, char out[32]);

/* The candidate nearest to `word`, or NULL if none is near: for "did you mean". */
const char *nearest(const char *word, const char *const *candidates, size_t n);

#endif
