// SPDX-License-Identifier: Apache-2.0
#include "history_ask.h"

#include <inttypes.h>
#include <stdio.h>

#include "slurm_pusher/child.h"

/* Slurm's "never" is 2^32 - 1. */
#define BEYOND_NEVER_S (INT64_C(1) << 32)

/* Every state that a record can have when it has ended. A requeued or resized job leaves a record
 * behind that counts as submitted. */
static const char ended_states[] =
	"--state=BOOT_FAIL,CANCELLED,COMPLETED,DEADLINE,FAILED,NODE_FAIL,"
	"OUT_OF_MEMORY,PREEMPTED,REQUEUED,RESIZING,TIMEOUT";

static const char *const always[] = {
	"sacct",       "--allusers",       "--allocations", "--duplicates", "--noheader",
	"--parsable2", "--delimiter=\x1f", "--local",       HISTORY_FORMAT,
};

enum { N_ALWAYS = sizeof always / sizeof *always, MAX_ARGS = N_ALWAYS + 4, MAX_JOBS_BYTES = 65536 };

struct command {
	const char *argv[MAX_ARGS];
	char start[48], end[48];
	struct buf jobs;
};

static int write_window(struct command *c, size_t n, int64_t from_s, int64_t to_s)
{
	snprintf(c->start, sizeof c->start, "--starttime=uts%" PRId64, from_s);
	snprintf(c->end, sizeof c->end, "--endtime=uts%" PRId64, to_s);
	c->argv[n] = c->start;
	c->argv[n + 1] = c->end;
	return 0;
}

static int write_jobs(struct command *c, size_t n, const struct history_question *q,
		      struct err *err)
{
	buf_adds(&c->jobs, "--jobs=");
	for (size_t i = 0; i < q->n_ids; i++)
		buf_addf(&c->jobs, "%s%" PRIu32, i ? "," : "", q->ids[i]);
	c->argv[n] = buf_text(&c->jobs);
	return buf_check(&c->jobs, "the list of jobs", err);
}

/* The argument vector is NULL-terminated by its initialisation. */
static int write_command(struct command *c, const struct history_question *q, struct err *err)
{
	size_t n = N_ALWAYS;

	*c = (struct command){ 0 };
	buf_init(&c->jobs, MAX_JOBS_BYTES);
	for (size_t i = 0; i < n; i++)
		c->argv[i] = always[i];
	if (q->kind == ASK_JOBS)
		return write_jobs(c, n, q, err);
	if (q->kind == ASK_ALIVE)
		return write_window(c, n, q->from_s, BEYOND_NEVER_S);
	c->argv[n++] = ended_states;
	return write_window(c, n, q->from_s, q->to_s);
}

int history_ask_start(struct history_ask *ask, const struct history_options *options,
		      const struct history_question *question, const struct history_rows *rows,
		      int64_t mono_ms, struct err *err)
{
	struct command command;
	int rc = write_command(&command, question, err);

	ask->rows = *rows;
	lines_init(&ask->lines, history_row, &ask->rows);
	if (rc == 0) {
		struct child_options child = {
			.argv = command.argv,
			.envp = options->envp,
			.path = options->path,
			.deadline_ms = mono_ms + options->timeout_ms,
			.max_output_bytes = options->max_output_bytes,
			.sink = lines_feed,
			.sink_ctx = &ask->lines,
		};

		rc = child_start(&ask->child, &child, mono_ms, err);
	}
	buf_done(&command.jobs);
	if (rc < 0)
		history_ask_done(ask);
	return rc;
}

bool history_ask_step(struct history_ask *ask, int64_t mono_ms, struct history_answer *answer)
{
	const struct child_result *result;

	if (!child_step(ask->child, mono_ms))
		return false;
	result = child_result(ask->child);
	*answer = (struct history_answer){
		.err = result->err,
		.rows = ask->rows.n,
		.bytes = result->output_bytes,
		.duration_ms = result->duration_ms,
		.cpu_us = result->cpu_us,
	};
	if (answer->err.code == 0)
		lines_end(&ask->lines, &answer->err);
	if (answer->err.code < 0)
		err_prefix(&answer->err, "sacct");
	history_ask_done(ask);
	return true;
}

void history_ask_done(struct history_ask *ask)
{
	child_free(ask->child);
	lines_done(&ask->lines);
	*ask = (struct history_ask){ 0 };
}
