// SPDX-License-Identifier: Apache-2.0
/*
 * history_stage: a history over a sacct of ours (fake_history/sacct), with clocks that stand still
 * until they are moved, and a worker whose jobs are waited for.
 */
#ifndef HISTORY_STAGE_H
#define HISTORY_STAGE_H

#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slurm_pusher/file.h"
#include "slurm_pusher/history.h"
#include "test.h"

#define NOW_S 1800000000 /* where the wall clock begins */

struct stage {
	char folder[64];
	char environment[80];
	const char *envp[3];
	struct history_options options;
	struct history *history;
	struct worker *worker;
	struct registry *registry;
	struct snapshot snapshot;
	int64_t mono_ms, wall_ms;
	int64_t command_ms; /* that each command takes */
	bool hangs;         /* a command may never end */
	int64_t deadline_ms;
};

/* Good until the next call. */
static inline const char *stage_path(const struct stage *s, const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", s->folder, name);
	return path;
}

/* The inode of a file in the folder, or 0: it is another one each time the file is replaced. */
static inline ino_t stage_inode(const struct stage *s, const char *name)
{
	struct stat st;

	return stat(stage_path(s, name), &st) == 0 ? st.st_ino : 0;
}

static inline void stage_read(const struct stage *s, const char *name, struct buf *out)
{
	buf_init(out, 1 << 20);
	assert_int_equal(file_read(stage_path(s, name), out, NULL), 0);
}

static inline void stage_write(const struct stage *s, const char *name, const char *text)
{
	FILE *f = fopen(stage_path(s, name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* "id|state|partition|eligible|end\n" ... */
static inline void stage_records(const struct stage *s, const char *records)
{
	stage_write(s, "records", records);
}

static inline void stage_mischief(const struct stage *s, const char *mischief)
{
	stage_write(s, "mischief", mischief);
}

static inline void stage_open(struct stage *s)
{
	struct err err;

	assert_ok(history_open(&s->history, &s->options, s->mono_ms, s->wall_ms, &err), &err);
}

static inline void stage_reopen(struct stage *s)
{
	history_close(s->history);
	stage_open(s);
}

static inline int stage_begin(void **state)
{
	static struct stage stage;
	struct stage *s = &stage;

	*s = (struct stage){ .mono_ms = 5000, .wall_ms = NOW_S * INT64_C(1000), .command_ms = 10 };
	snprintf(s->folder, sizeof s->folder, "/tmp/test-history-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->environment, sizeof s->environment, "FAKE=%.*s", (int)sizeof s->folder,
		 s->folder);
	s->envp[0] = s->environment;
	s->envp[1] = "PATH=/usr/bin:/bin";
	s->options = (struct history_options){
		.envp = s->envp,
		.path = TEST_SOURCE_DIR "/unit/collect/fake_history",
		.storage_path = s->folder,
		.reset_time = "24 hours ago",
		.interval_ms = 60000,
		.overlap_ms = 600000,
		.recount_interval_ms = 86400000,
		.timeout_ms = 20000,
		.max_output_bytes = 1 << 20,
	};
	stage_records(s, "");
	stage_mischief(s, "none nothing\n");
	assert_int_equal(worker_new(&s->worker, NULL), 0);
	assert_int_equal(registry_new(&s->registry, NULL), 0);
	snapshot_init(&s->snapshot);
	*state = s;
	return 0;
}

static inline int stage_end(void **state)
{
	struct stage *s = *state;
	DIR *dir = opendir(s->folder);
	struct dirent *entry;
	char path[400];

	history_close(s->history);
	worker_free(s->worker, 1000);
	snapshot_done(&s->snapshot);
	registry_free(s->registry);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof path, "%s/%s", s->folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	return rmdir(s->folder);
}

static inline struct history_status stage_status(const struct stage *s)
{
	return history_status(s->history);
}

/* What the daemon does when the worker's descriptor calls. */
static inline void stage_finish_save(struct stage *s)
{
	struct pollfd fd = { .fd = worker_fd(s->worker), .events = POLLIN };
	struct err err;
	int result;

	if (!worker_is_busy(s->worker))
		return;
	poll(&fd, 1, 10000);
	assert_true(worker_finish(s->worker, &result, &err));
	history_saved(s->history, result, &err);
}

static inline void stage_sleep(struct stage *s, int64_t ms)
{
	s->mono_ms += ms;
	s->wall_ms += ms;
}

/* Steps once. A running command is waited for, and takes `command_ms` by our clocks; one that
 * says nothing lets the time pass. */
static inline bool stage_step(struct stage *s)
{
	struct pollfd fds[HISTORY_MAX_FDS];
	unsigned n = history_pollfds(s->history, fds);
	bool silent = poll(fds, n, n ? 20 : 0) == 0 && n;
	bool news;

	if (silent && s->hangs)
		stage_sleep(s, 1000);
	news = history_step(s->history, s->worker, s->mono_ms, s->wall_ms);
	stage_finish_save(s);
	if (history_pollfds(s->history, fds) && history_due_ms(s->history) != s->deadline_ms) {
		s->deadline_ms = history_due_ms(s->history);
		stage_sleep(s, s->command_ms);
	}
	return news;
}

/* Sleeps until something is due, and steps until a pass, a slice or a failure has ended. */
static inline void stage_next(struct stage *s)
{
	struct pollfd fds[HISTORY_MAX_FDS];
	int64_t due_ms = history_due_ms(s->history);

	if (!history_pollfds(s->history, fds) && due_ms > s->mono_ms)
		stage_sleep(s, due_ms - s->mono_ms);
	while (!stage_step(s))
		;
}

/* Until the next good pass, over slices; fails on a failure. */
static inline void stage_pass(struct stage *s)
{
	uint64_t passes = stage_status(s).passes;

	while (stage_status(s).passes == passes) {
		stage_next(s);
		if (!stage_status(s).up)
			fail_msg("%s", stage_status(s).error);
	}
}

/* The value that is reported, or -1. */
static inline int64_t stage_value(struct stage *s, const char *total, const char *partition)
{
	char name[80];
	int64_t value = -1;

	snprintf(name, sizeof name, "slurm_%sjobs_total_%s", partition ? "partition_" : "", total);
	snapshot_clear(&s->snapshot, 1);
	assert_int_equal(history_report(s->history, s->registry, &s->snapshot, &partition,
					partition != NULL, NULL),
			 0);
	for (size_t i = 0; i < s->snapshot.n; i++) {
		const struct series *series = s->snapshot.samples[i].series;

		if (strcmp(series->family->name, name) == 0)
			value = (int64_t)s->snapshot.samples[i].value;
	}
	return value;
}

#define assert_total(s, total, expected) assert_int_equal(stage_value(s, total, NULL), expected)
#define assert_partition_total(s, partition, total, expected)                                      \
	assert_int_equal(stage_value(s, total, partition), expected)

/* What was asked, in order. */
struct asked {
	char kind[8];
	int64_t from_s, to_s; /* of the window, if it has one */
};

/* The last questions, at most `max`; returns how many there were in all. */
static inline size_t stage_questions(const struct stage *s, struct asked *questions, size_t max)
{
	char line[65536];
	size_t n = 0;
	FILE *f = fopen(stage_path(s, "asked"), "r");

	for (; f && fgets(line, sizeof line, f); n++) {
		const char *from = strstr(line, "--starttime=uts");
		const char *to = strstr(line, "--endtime=uts");
		struct asked *q = &questions[n % max];

		*q = (struct asked){ 0 };
		assert_int_equal(sscanf(line, "%7s", q->kind), 1);
		if (from && to) {
			q->from_s = atoll(from + strlen("--starttime=uts"));
			q->to_s = atoll(to + strlen("--endtime=uts"));
		}
	}
	if (f)
		fclose(f);
	return n;
}

/* How many questions of this kind ("alive", "ended", "jobs") there were. */
static inline unsigned stage_asked(const struct stage *s, const char *kind)
{
	struct asked questions[1024];
	size_t n = stage_questions(s, questions, ARRAY_LEN(questions));
	unsigned found = 0;

	assert_true(n <= ARRAY_LEN(questions));
	for (size_t i = 0; i < n; i++)
		found += strcmp(questions[i].kind, kind) == 0;
	return found;
}

/* The newest question. */
static inline struct asked stage_last_asked(const struct stage *s)
{
	struct asked question;

	assert_true(stage_questions(s, &question, 1) > 0);
	return question;
}

/* Times are those of test records: seconds since the epoch. */
__attribute__((format(printf, 2, 3))) static inline void stage_recordsf(const struct stage *s,
									const char *format, ...)
{
	char text[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	stage_records(s, text);
}

/* One of everything that is kept. */
static inline void stage_count_something(struct stage *s)
{
	stage_recordsf(s,
		       "1|COMPLETED|hpc|%d|%d\n2|CANCELLED by 1|htc|0|%d\n3|FAILED|hpc|%d|%d\n"
		       "4|RUNNING|hpc|%d|0\n5|CANCELLED by 0|hpc|%d|%d\n6|PENDING|hpc,htc|%d|0\n",
		       NOW_S - 90, NOW_S - 50, NOW_S - 40, NOW_S - 90, NOW_S - 30, NOW_S - 90,
		       NOW_S + 9999, NOW_S - 20, NOW_S - 90);
	stage_open(s);
	stage_pass(s);
}

static inline void stage_expect_something(struct stage *s)
{
	assert_total(s, "submitted", 4);
	assert_total(s, "completed", 1);
	assert_total(s, "cancelled", 2);
	assert_total(s, "failed", 1);
	assert_partition_total(s, "hpc", "submitted", 3);
	assert_partition_total(s, "htc", "cancelled", 1);
	assert_partition_total(s, "hpc,htc", "submitted", 1);
}

#endif
