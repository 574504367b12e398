// SPDX-License-Identifier: Apache-2.0
/*
 * config: what an administrator has decided.
 *
 * The file (YAML, in Prometheus' own spelling; slurm-pusher.yaml(5) is its manual and
 * config/slurm-pusher.yaml shows every key) is read by the table in config_keys.c into
 * the structs below, then the flags as if they stood in the file, then what one key
 * means for another is checked. Which file:
 *
 *	--config.file=FILE	that one; it must exist
 *	--config.file=		none
 *	not given		CONFIG_DEFAULT_FILE if it exists, else none
 *
 * A flag takes the place of the key it sets. Flags that name a destination take the
 * place of all destinations in the file, of both kinds; the rest of the file holds.
 *
 * Paths in the file are relative to the directory it is in.
 */
#ifndef SLURM_PUSHER_CONFIG_H
#define SLURM_PUSHER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "flags.h"
#include "slurm_pusher/arena.h"
#include "slurm_pusher/err.h"
#include "slurm_pusher/log.h"
#include "slurm_pusher/schema.h"

#define CONFIG_DEFAULT_FILE "/etc/slurm-pusher/slurm-pusher.yaml"

/* In labels below, sorted by name, a value of NULL stands for Slurm's ClusterName, which
 * is asked for at run time: config_set_cluster() puts it in. */

struct global_config {
	int64_t scrape_interval_ms;
	int64_t scrape_timeout_ms;
	struct pairs external_labels; /* with job and cluster; none is empty */
};

struct remote_write_config {
	const char *name; /* unique among all destinations */
	const char *url;
	int64_t remote_timeout_ms;
	struct pairs headers;
	struct {
		int64_t max_samples_per_send;
		int64_t min_backoff_ms, max_backoff_ms;
		int64_t sample_age_limit_ms; /* 0: none */
	} queue_config;
	int64_t queue_max_bytes;
	const char *protobuf_message;
};

struct pushgateway_config {
	const char *name; /* unique among all destinations */
	const char *url;  /* without a slash at its end */
	int64_t timeout_ms;
	struct pairs grouping; /* with job */
	bool delete_on_stop;
	bool gzip;
	const char *compression;
};

struct slurm_config {
	const char *path;       /* where commands are looked for */
	const char *conf;       /* NULL: as in our environment */
	const char *reset_time; /* NULL: not given */
	int64_t max_output_bytes;
};

struct history_config {
	bool enabled;
	int64_t interval_ms, overlap_ms, recount_interval_ms, timeout_ms;
};

struct web_config {
	bool enabled;
	const char *listen_address;
};

struct config {
	const char *file; /* the file that was read, or NULL */
	struct global_config global;
	struct list remote_write; /* of struct remote_write_config */
	struct list pushgateway;  /* of struct pushgateway_config */
	struct slurm_config slurm;
	struct history_config history;
	const struct tree *metrics, *tables; /* definitions in the file itself, or NULL */
	struct strings metric_files;         /* files of definitions that exist, in order */
	struct web_config web;
	struct {
		const char *path; /* directory; NULL: nothing is kept */
	} storage;
	struct {
		const char *text;
		enum log_level level;
	} log;
	struct arena arena; /* where all of it lives, trees included */
};

extern const struct config config_defaults;
extern const struct key config_keys[];

/* Reads the configuration. Everything that is wrong is in `problems`, and then it
 * returns ERR_FORMAT; warnings alone return 0. ERR_NOMEM. config_done() in any case. */
int config_load(const struct flags *flags, struct config *config, struct problems *problems,
		struct err *err);
void config_done(struct config *config);

/* True if some label waits for Slurm's ClusterName. */
bool config_wants_cluster(const struct config *config);

/* Puts the name in wherever it is waited for; ERR_NOMEM. */
int config_set_cluster(struct config *config, const char *name, struct err *err);

#endif
