// SPDX-License-Identifier: Apache-2.0
/*
 * The cluster's name is a label of every sample, so nothing is sent before it is known: from
 * the configuration, from Slurm, or, while Slurm does not answer, as it was last time (kept in
 * the storage folder).
 */
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/file.h"
#include "slurm_pusher/log.h"

static bool name_path(const struct daemon *d, char *path, size_t room)
{
	const char *folder = d->setup.config.storage.path;

	return folder && snprintf(path, room, "%s/cluster", folder) < (int)room;
}

static bool read_kept_name(struct daemon *d)
{
	char path[4096];
	struct buf text;

	if (!name_path(d, path, sizeof path))
		return false;
	buf_init(&text, sizeof d->told_cluster - 1);
	if (file_read(path, &text, NULL) == 0)
		snprintf(d->told_cluster, sizeof d->told_cluster, "%.*s",
			 (int)strcspn(buf_text(&text), "\n"), buf_text(&text));
	buf_done(&text);
	return *d->told_cluster != '\0';
}

static int save_name(void *ctx, struct err *err)
{
	const struct daemon *d = ctx;
	char path[4096];

	if (!name_path(d, path, sizeof path))
		return 0;
	return file_replace(path, d->name_to_save, strlen(d->name_to_save), err);
}

/* Not while the worker writes the history; then it is done with the next tick. */
static void keep_name(struct daemon *d)
{
	if (strcmp(d->name_to_save, d->told_cluster) == 0 || worker_is_busy(d->worker))
		return;
	snprintf(d->name_to_save, sizeof d->name_to_save, "%s", d->told_cluster);
	if (d->setup.config.storage.path && d->mode != MODE_DRY_RUN)
		d->saving_name = worker_start(d->worker, save_name, d);
}

static const char *configured_name(const struct config *config)
{
	const struct pairs *labels = &config->global.external_labels;

	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->items[i].name, "cluster") == 0)
			return labels->items[i].value;
	return "";
}

/* NULL: Slurm has to be asked first. */
static const char *find_name(const struct daemon *d)
{
	if (!config_wants_cluster(&d->setup.config))
		return configured_name(&d->setup.config);
	return *d->told_cluster ? d->told_cluster : NULL;
}

bool daemon_take_cluster(struct daemon *d, struct setup *old)
{
	struct setup_means means = daemon_means(d);
	const char *name = find_name(d);
	bool news = name && strcmp(d->cluster, name) != 0;
	struct err err;

	d->cluster_is_known = name != NULL;
	snprintf(d->cluster, sizeof d->cluster, "%s", name ? name : "");
	if (name && setup_destinations(&d->setup, &means, d->cluster, old, &err) < 0)
		log_error("destinations cannot be set up", "err", err.text, NULL);
	if (news)
		log_info("cluster", "name", d->cluster, NULL);
	return d->cluster_is_known;
}

static void name_was_not_told(struct daemon *d)
{
	if (read_kept_name(d)) {
		log_warn("Slurm does not tell its ClusterName; using the one it had before",
			 "cluster", d->told_cluster, "err", d->query.err.text, NULL);
		daemon_take_cluster(d, NULL);
	} else if (!d->query_failed_before) {
		log_warn("Slurm does not tell its ClusterName; nothing is sent before it does "
			 "(or set cluster in global.external_labels)",
			 "err", d->query.err.text, NULL);
	}
	d->query_failed_before = true;
}

static void ask(struct daemon *d)
{
	const struct config *config = &d->setup.config;

	d->querying = true;
	cluster_query_start(&d->query, config->slurm.path, d->setup.envp,
			    config->global.scrape_timeout_ms, clock_mono_ms());
}

/* What failed is tried again with every tick, not in every step: a failure can come at once. */
static bool tick_is_due(const struct daemon *d)
{
	return !d->collecting && clock_mono_ms() >= d->next_tick_ms;
}

void daemon_find_cluster(struct daemon *d)
{
	if (d->cluster_is_known && tick_is_due(d))
		keep_name(d);
	if (d->cluster_is_known || d->mode == MODE_DRY_RUN || daemon_take_cluster(d, NULL))
		return;
	if (!d->querying && tick_is_due(d))
		ask(d);
	if (!d->querying || !cluster_query_step(&d->query, clock_mono_ms()))
		return;
	d->querying = false;
	if (*d->query.name) {
		snprintf(d->told_cluster, sizeof d->told_cluster, "%s", d->query.name);
		daemon_take_cluster(d, NULL);
		keep_name(d);
	} else {
		name_was_not_told(d);
	}
}
