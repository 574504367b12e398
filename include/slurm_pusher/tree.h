// SPDX-License-Identifier: Apache-2.0
/*
 * tree: a YAML document as a tree that remembers where everything stood.
 *
 * Configuration and metric definitions are read from it. Aliases, anchors and
 * tags are refused, depth and size are bounded, a key given twice is an error:
 * a file says one thing, once.
 *
 * Mappings and sequences have children in the order of the file; a child of a
 * mapping has `key`. Everything lives in the arena. Numbers stay text: what a
 * scalar means is decided by whoever asks (schema.h).
 */
#ifndef SLURM_PUSHER_TREE_H
#define SLURM_PUSHER_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "slurm_pusher/arena.h"
#include "slurm_pusher/err.h"

enum { TREE_MAX_DEPTH = 32, TREE_MAX_BYTES = 1 << 20 };

enum tree_kind { TREE_SCALAR, TREE_SEQUENCE, TREE_MAPPING };

struct tree {
	enum tree_kind kind;
	const char *key;    /* in a mapping: this child's key, else NULL */
	const char *text;   /* of a scalar; "" for an empty one */
	bool plain;         /* a scalar without quotes: null, true, 5 mean what they say */
	const char *file;   /* the name given to tree_read() */
	int line, column;   /* of the value, from 1; of the key where there is one */
	struct tree *child; /* first child */
	struct tree *next;  /* next sibling */
	size_t n_children;
};

/* Reads one document. An empty document is an empty mapping.
 * ERR_FORMAT with "FILE:LINE:COLUMN: ..."; ERR_NOMEM. */
int tree_read(struct arena *arena, const char *file, const char *bytes, size_t n, struct tree **out,
	      struct err *err);

/* The child of a mapping under that key, or NULL. */
const struct tree *tree_child(const struct tree *mapping, const char *key);

#endif
