// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "slurm_pusher/arena.h"
#include "slurm_pusher/collect.h"

/* What finds the cluster and its libraries, and the zone that times are given in. None of
 * them changes what is printed; the many SQUEUE_*, SINFO_*, SACCT_* and SLURM_* that do stay out.
 */
static const char *const carried_over[] = {
	"SLURM_CONF",
	"SLURM_CONF_SERVER",
	"SLURM_SACK_SOCKET",
	"SLURM_SACK_KEY",
	"SLURM_SACK_JWKS",
	"LD_LIBRARY_PATH",
	"HOME",
	"TZ",
};

/* Times as seconds since the epoch, lists of array tasks in full, plain messages. */
static const char *const fixed[] = { "SLURM_TIME_FORMAT=%s", "SLURM_BITSTR_LEN=0", "LC_ALL=C" };

enum {
	N_CARRIED = sizeof carried_over / sizeof *carried_over,
	N_FIXED = sizeof fixed / sizeof *fixed,
};

const char *const *collect_environment(struct arena *arena, const char *path,
				       const char *slurm_conf)
{
	const char **envp = arena_alloc(arena, (N_CARRIED + N_FIXED + 3) * sizeof *envp);
	size_t n = 0;

	if (!envp)
		return NULL;
	envp[n++] = arena_format(arena, "PATH=%s", path);
	if (slurm_conf)
		envp[n++] = arena_format(arena, "SLURM_CONF=%s", slurm_conf);
	for (size_t i = 0; i < N_CARRIED; i++) {
		const char *value = getenv(carried_over[i]);

		if (value && !(slurm_conf && strcmp(carried_over[i], "SLURM_CONF") == 0))
			envp[n++] = arena_format(arena, "%s=%s", carried_over[i], value);
	}
	for (size_t i = 0; i < N_FIXED; i++)
		envp[n++] = fixed[i];
	for (size_t i = 0; i < n; i++)
		if (!envp[i])
			return NULL;
	return envp;
}
