// SPDX-License-Identifier: Apache-2.0
#include "history_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slurm_pusher/file.h"

enum { MAX_FILE_BYTES = 1 << 30 };

struct save {
	struct buf bytes;
	char path[];
};

int history_file_init(struct history_file *file, const char *directory, bool read_only,
		      struct err *err)
{
	*file = (struct history_file){ .read_only = read_only };
	if (directory && asprintf(&file->path, "%s/history", directory) < 0) {
		file->path = NULL;
		return err_set(err, ERR_NOMEM, "no memory for a path");
	}
	return 0;
}

void history_file_done(struct history_file *file)
{
	free(file->path);
	*file = (struct history_file){ 0 };
}

/* ---- back ---- */

static int clear(struct history_state *state, const char *reset_text, struct err *err)
{
	history_sets_done(&state->sets);
	*state = (struct history_state){ 0 };
	snprintf(state->reset_text, sizeof state->reset_text, "%s", reset_text);
	return history_sets_init(&state->sets, err);
}

/* What cannot be read is kept for whoever wants to look at it. */
static void set_aside(const struct history_file *file, const struct err *why, char *note,
		      size_t note_bytes)
{
	char bad[4096];

	snprintf(bad, sizeof bad, "%s.bad", file->path);
	if (file->read_only)
		snprintf(note, note_bytes, "%s cannot be used: %s; counting anew", file->path,
			 why->text);
	else if (rename(file->path, bad) == 0)
		snprintf(note, note_bytes, "%s cannot be used: %s; set aside as %s, counting anew",
			 file->path, why->text, bad);
	else
		snprintf(note, note_bytes, "%s cannot be used: %s; nor renamed (%s); counting anew",
			 file->path, why->text, strerror(errno));
}

/* Returns 1 when the file was read, 0 when there is none, or an error. */
static int read_state(const struct history_file *file, struct history_state *state, struct err *err)
{
	struct buf bytes;
	int rc;

	buf_init(&bytes, MAX_FILE_BYTES);
	rc = file_read(file->path, &bytes, err);
	if (rc == ERR_IO && errno == ENOENT)
		rc = 0;
	else if (rc == 0 && (rc = history_state_decode(state, &bytes, err)) == 0)
		rc = 1;
	buf_done(&bytes);
	return rc;
}

int history_file_load(const struct history_file *file, struct history_state *state, char *note,
		      size_t note_bytes, struct err *err)
{
	char wanted[RESET_TEXT_BYTES];
	struct err why;
	int rc;

	if (!file->path)
		return 0;
	memcpy(wanted, state->reset_text, sizeof wanted);
	rc = read_state(file, state, &why);
	if (rc == 1 && strcmp(state->reset_text, wanted) == 0)
		return 1;
	if (rc == ERR_FORMAT || rc == ERR_LIMIT || rc == ERR_IO)
		set_aside(file, &why, note, note_bytes);
	else if (rc < 0)
		return err_set(err, rc, "%s", why.text);
	if (rc == 1)
		snprintf(note, note_bytes,
			 "the reset time was \"%s\" and is now \"%s\": counting anew",
			 state->reset_text, wanted);
	return clear(state, wanted, err);
}

/* ---- and there ---- */

/* Runs on the worker, and touches the save alone. */
static int write_file(void *ctx, struct err *err)
{
	struct save *save = ctx;

	history_state_seal(&save->bytes);
	return file_replace(save->path, save->bytes.ptr, save->bytes.len, err);
}

static void save_free(struct save *save)
{
	if (!save)
		return;
	buf_done(&save->bytes);
	free(save);
}

bool history_file_can_save(const struct history_file *file, const struct worker *worker)
{
	return file->path && !file->read_only && !file->saving && !worker_is_busy(worker);
}

int history_file_save(struct history_file *file, struct history_state *state, struct worker *worker,
		      struct err *err)
{
	size_t n = strlen(file->path) + 1;
	struct save *save = malloc(sizeof *save + n);
	int rc;

	if (!save)
		return err_set(err, ERR_NOMEM, "no memory to save the history");
	memcpy(save->path, file->path, n);
	buf_init(&save->bytes, MAX_FILE_BYTES);
	rc = history_state_encode(state, &save->bytes, err);
	if (rc == 0 && worker_start(worker, write_file, save)) {
		file->saving = save;
		return 0;
	}
	save_free(save);
	return rc < 0 ? rc : err_set(err, ERR_BUSY, "the worker is busy");
}

void history_file_saved(struct history_file *file)
{
	save_free(file->saving);
	file->saving = NULL;
}
