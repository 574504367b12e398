// SPDX-License-Identifier: Apache-2.0
/*
 * history_file: the state's way to the disk and back.
 *
 * It is read once, at the start. It is written by file_replace() on the worker; the bytes belong
 * to the job until history_file_saved(), so the state may change meanwhile.
 */
#ifndef COLLECT_HISTORY_FILE_H
#define COLLECT_HISTORY_FILE_H

#include "history_state.h"
#include "slurm_pusher/worker.h"

struct history_file {
	char *path; /* NULL: nothing is kept */
	bool read_only;
	struct save *saving; /* on the worker */
};

int history_file_init(struct history_file *file, const char *directory, bool read_only,
		      struct err *err);

/* Leaves a job that is still on the worker to it. */
void history_file_done(struct history_file *file);

/* Reads the state kept for state->reset_text: returns 1, or 0 when there is none. Then the
 * rest of the state is empty, and `note` says what was there instead, if anything. ERR_IO,
 * ERR_NOMEM. */
int history_file_load(const struct history_file *file, struct history_state *state, char *note,
		      size_t note_bytes, struct err *err);

bool history_file_can_save(const struct history_file *file, const struct worker *worker);

/* Hands the state to the worker, which must be free. ERR_LIMIT, ERR_NOMEM. */
int history_file_save(struct history_file *file, struct history_state *state, struct worker *worker,
		      struct err *err);
void history_file_saved(struct history_file *file);

#endif
