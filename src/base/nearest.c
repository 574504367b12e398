// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "slurm_pusher/schema.h"

enum { MAX_CANDIDATE = 64 };

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Damerau-Levenshtein: how many insertions, deletions, replacements and swaps of
 * neighbours lead from `a` to `b`; rows[i % 3] is the row of a's first i letters. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][MAX_CANDIDATE + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = min(above[j - 1] + (a[i - 1] != b[j - 1]),
				     min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *nearest(const char *word, const char *const *candidates, size_t n)
{
	size_t len = strlen(word);
	size_t best = len < 6 ? 2 : len / 3 + 1; /* the first distance that is too far */
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t candidate_len = strlen(candidates[i]);
		size_t d;

		if (candidate_len > MAX_CANDIDATE)
			continue;
		d = distance(word, len, candidates[i], candidate_len);
		if (d < best) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}
