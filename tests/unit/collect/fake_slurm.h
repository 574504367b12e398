// SPDX-License-Identifier: Apache-2.0
/*
 * fake_slurm: a folder of commands that print what a test wants, and one tick over them.
 */
#ifndef FAKE_SLURM_H
#define FAKE_SLURM_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slurm_pusher/clock.h"
#include "slurm_pusher/collect.h"
#include "test.h"

struct fake_slurm {
	char folder[64];
	char path[128];
	struct arena arena;
	struct definitions *definitions;
	struct registry *registry;
	struct collector *collector;
	struct snapshot snapshot;
	int64_t timeout_ms;
	size_t max_output_bytes;
};

static inline void fake_begin(struct fake_slurm *f)
{
	*f = (struct fake_slurm){ .timeout_ms = 20000, .max_output_bytes = 1 << 20 };
	snprintf(f->folder, sizeof f->folder, "/tmp/fake-slurm-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s:/usr/bin:/bin", f->folder);
	snapshot_init(&f->snapshot);
}

/* Writes a command: the body of a shell script. */
static inline void fake_command(struct fake_slurm *f, const char *name, const char *body)
{
	char file[256];
	FILE *out;

	snprintf(file, sizeof file, "%s/%s", f->folder, name);
	out = fopen(file, "w");
	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n%s\n", body);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(file, 0755), 0);
}

/* The shipped definitions and, if not NULL, some of the test's own. */
static inline void fake_define(struct fake_slurm *f, const char *yaml)
{
	struct problems problems;
	struct err err;

	problems_init(&problems);
	assert_ok(definitions_new(&f->definitions, &err), &err);
	if (yaml)
		assert_int_equal(definitions_read(f->definitions, "test.yaml", yaml, strlen(yaml),
						  &problems),
				 0);
	assert_int_equal(definitions_finish(f->definitions, &problems), 0);
	assert_string_equal(buf_text(&problems.errors), "");
	problems_done(&problems);
}

static inline void fake_tick(struct fake_slurm *f)
{
	struct collect_options options = {
		.path = f->path,
		.timeout_ms = f->timeout_ms,
		.max_output_bytes = f->max_output_bytes,
		.start_time = "2026-01-26T12:00:00",
	};
	struct err err;

	options.envp = collect_environment(&f->arena, f->path, NULL);
	if (!f->registry)
		assert_ok(registry_new(&f->registry, &err), &err);
	if (!f->collector)
		assert_ok(collector_new(&f->collector, f->definitions, &options, f->registry, &err),
			  &err);
	collector_start(f->collector, clock_mono_ms(), 1000);
	while (!collector_step(f->collector, clock_mono_ms())) {
		struct pollfd fds[64];

		poll(fds, collector_pollfds(f->collector, fds, ARRAY_LEN(fds)), 5);
	}
	snapshot_clear(&f->snapshot, 1000);
	assert_ok(collector_report(f->collector, &f->snapshot, &err), &err);
	snapshot_finish(&f->snapshot);
}

static inline void fake_end(struct fake_slurm *f)
{
	char command[128];

	collector_free(f->collector);
	definitions_free(f->definitions);
	snapshot_done(&f->snapshot);
	registry_free(f->registry);
	arena_done(&f->arena);
	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0); // NOLINT: a folder of our own
}

/* The value of a series: a label of NULL is a series without labels. -1: it is not there. */
static inline double fake_value(const struct fake_slurm *f, const char *name, const char *label,
				const char *value)
{
	for (size_t i = 0; i < f->snapshot.n; i++) {
		const struct series *s = f->snapshot.samples[i].series;

		if (strcmp(s->family->name, name) != 0)
			continue;
		if (!label && s->n_labels == 0)
			return f->snapshot.samples[i].value;
		for (uint32_t j = 0; label && j < s->n_labels; j++)
			if (strcmp(s->labels[j].name, label) == 0 &&
			    strcmp(s->labels[j].value, value) == 0)
				return f->snapshot.samples[i].value;
	}
	return -1;
}

static inline struct source_status fake_source(const struct fake_slurm *f, const char *name)
{
	for (size_t i = 0; i < collector_n_sources(f->collector); i++)
		if (strcmp(collector_source(f->collector, i).name, name) == 0)
			return collector_source(f->collector, i);
	fail_msg("there is no source %s", name);
	return (struct source_status){ 0 };
}

#endif
