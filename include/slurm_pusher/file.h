// SPDX-License-Identifier: Apache-2.0
/*
 * file: whole files in and out, safely.
 *
 * file_replace() is the one way state reaches a disk: at every instant the name
 * shows either the old content, whole, or the new one, whole, whatever happens
 * to the process or the machine:
 *
 *   1. write NAME.new      (a leftover of an earlier crash is overwritten)
 *   2. fsync NAME.new
 *   3. rename to NAME      <- the commit point
 *   4. fsync the directory
 *
 * The system calls come through `struct file_calls`, so that a test can fail
 * each of them in turn. fsync can block for as long as the disk is sick: call
 * file_replace() from a helper thread (worker.h) when something else must go on.
 */
#ifndef SLURM_PUSHER_FILE_H
#define SLURM_PUSHER_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/err.h"

/* Appends the whole file to `out` (bounded by the buffer's maximum).
 * ERR_IO (errno keeps the reason, ENOENT included), ERR_LIMIT, ERR_NOMEM. */
int file_read(const char *path, struct buf *out, struct err *err);

/* Replaces `path` with the bytes, mode 0640 less the umask, as drawn above. ERR_IO; the old
 * content is still there unless the failure came after the commit point. */
int file_replace(const char *path, const void *bytes, size_t n, struct err *err);

/* Opens (creating) and locks a file for this process; it stays locked until the
 * descriptor is closed. Returns the descriptor, ERR_BUSY if another process
 * holds it, or ERR_IO. */
int file_lock(const char *path, struct err *err);

struct file_calls {
	int (*open)(const char *path, int flags, mode_t mode);
	ssize_t (*write)(int fd, const void *bytes, size_t n);
	int (*fsync)(int fd);
	int (*close)(int fd);
	int (*rename)(const char *from, const char *to);
};

/* Replaces the system calls file_replace() makes, for tests; NULL restores. */
void file_calls_replace(const struct file_calls *calls);

/* Checksum of state on disk: CRC-32 (the one of zip and PNG). */
unsigned file_crc32(const void *bytes, size_t n);

#endif
