// SPDX-License-Identifier: Apache-2.0
/*
 * history_ask: one question to sacct, and the rows of its answer.
 *
 * Facts about Slurm (22.05 to 26.05) that the questions stand on:
 *
 *   - without --state, sacct lists what became eligible before the end of the window and
 *     has not ended before its start: with start = now, what is alive. A job that is held again,
 *     or waits for its own next run, gets an eligible time of never or in the future; the end of
 *     the window is beyond "never", so that these have rows too, unless it is held;
 *   - with --state, it lists what ended in the window, both ends included, eligible or not;
 *   - both use an index over the end times, so their cost does not depend on what ended
 *     before. --state=PENDING and --state=SUSPENDED read the whole table;
 *   - with --jobs and no window, it lists those jobs whatever their times;
 *   - without --duplicates only the newest incarnation of a requeued job is listed.
 */
#ifndef COLLECT_HISTORY_ASK_H
#define COLLECT_HISTORY_ASK_H

#include <poll.h>

#include "history_rows.h"
#include "lines.h"
#include "slurm_pusher/history.h"

enum history_question_kind {
	ASK_ALIVE, /* what is alive at from_s */
	ASK_ENDED, /* what ended from from_s to to_s */
	ASK_JOBS,  /* everything about these ids */
};

struct history_question {
	enum history_question_kind kind;
	int64_t from_s, to_s;
	const uint32_t *ids;
	size_t n_ids;
};

struct history_answer {
	struct err err; /* code 0: it is whole */
	uint64_t rows;
	size_t bytes;
	int64_t duration_ms;
	int64_t cpu_us; /* of sacct, user and system */
};

/* One question at a time. `{0}`: none is under way. */
struct history_ask {
	struct child *child;
	struct lines lines;
	struct history_rows rows;
};

/* Runs sacct; rows go where `rows` says. ERR_IO, ERR_NOMEM. */
int history_ask_start(struct history_ask *ask, const struct history_options *options,
		      const struct history_question *question, const struct history_rows *rows,
		      int64_t mono_ms, struct err *err);

/* True when it is over: the answer is there, and none is under way. */
bool history_ask_step(struct history_ask *ask, int64_t mono_ms, struct history_answer *answer);

void history_ask_done(struct history_ask *ask);

#endif
