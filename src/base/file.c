// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { FILE_MODE = 0640, READ_SIZE = 16 << 10 };

static int real_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags, mode);
}

static const struct file_calls real_calls = {
	.open = real_open,
	.write = write,
	.fsync = fsync,
	.close = close,
	.rename = rename,
};

static const struct file_calls *calls = &real_calls;

void file_calls_replace(const struct file_calls *replacement)
{
	calls = replacement ? replacement : &real_calls;
}

/* Returns 0 at the end of the file, or an errno. A buffer that is full ends the reading too. */
static int read_all(int fd, struct buf *out)
{
	char piece[READ_SIZE];

	while (!out->failed) {
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n < 0)
			return errno;
		if (n == 0)
			return 0;
		buf_add(out, piece, (size_t)n);
	}
	return 0;
}

int file_read(const char *path, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? errno : read_all(fd, out);

	if (fd >= 0)
		close(fd);
	if (error == 0)
		return buf_check(out, path, err);
	err_errno(err, ERR_IO, error, "%s: cannot read", path);
	errno = error;
	return ERR_IO;
}

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t written = calls->write(fd, bytes, n);
		if (written < 0)
			return -1;
		bytes += written;
		n -= (size_t)written;
	}
	return 0;
}

/* Closes, and keeps the first error: that of what came before, else its own. */
static int close_after(int fd, int rc)
{
	int error = errno;

	if (calls->close(fd) < 0 && rc == 0)
		return -1;
	errno = error;
	return rc;
}

static int write_new(const char *path, const void *bytes, size_t n)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	int fd = calls->open(path, flags, FILE_MODE);

	if (fd < 0)
		return -1;
	int rc = write_all(fd, bytes, n);
	if (rc == 0)
		rc = calls->fsync(fd);
	return close_after(fd, rc);
}

static int sync_directory(const char *path)
{
	int fd = calls->open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	return close_after(fd, calls->fsync(fd));
}

int file_replace(const char *path, const void *bytes, size_t n, struct err *err)
{
	char next[PATH_MAX];

	if ((size_t)snprintf(next, sizeof(next), "%s.new", path) >= sizeof(next))
		return err_errno(err, ERR_IO, ENAMETOOLONG, "%s", path);
	if (write_new(next, bytes, n) < 0)
		return err_errno(err, ERR_IO, errno, "%s: cannot write", next);
	if (calls->rename(next, path) < 0)
		return err_errno(err, ERR_IO, errno, "%s: cannot rename to %s", next, path);
	if (sync_directory(dirname(next)) < 0)
		return err_errno(err, ERR_IO, errno, "%s: cannot sync its directory", path);
	return 0;
}

int file_lock(const char *path, struct err *err)
{
	/* To lock it is enough to read: whoever may enter the folder may ask who holds it. */
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_errno(err, ERR_IO, errno, "%s: cannot open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	int error = errno;
	close(fd);
	if (error == EWOULDBLOCK)
		return err_set(err, ERR_BUSY, "%s: another process holds the lock", path);
	return err_errno(err, ERR_IO, error, "%s: cannot lock", path);
}

enum { CRC_STRIDE = 8 };

/* sums[k][b] is what the byte b adds to the checksum when k bytes follow it in its stride. */
static void fill_sums(uint32_t sums[CRC_STRIDE][256])
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t sum = b;

		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
		sums[0][b] = sum;
	}
	for (int k = 1; k < CRC_STRIDE; k++)
		for (int b = 0; b < 256; b++)
			sums[k][b] = sums[k - 1][b] >> 8 ^ sums[0][sums[k - 1][b] & 0xff];
}

/* A stride at a time: states of large clusters have megabytes. */
unsigned file_crc32(const void *bytes, size_t n)
{
	const unsigned char *at = bytes;
	uint32_t sums[CRC_STRIDE][256], crc = 0xffffffff;

	fill_sums(sums);
	for (; n >= CRC_STRIDE; n -= CRC_STRIDE, at += CRC_STRIDE) {
		uint32_t sum = 0;

		for (int k = 0; k < CRC_STRIDE; k++) {
			uint32_t before = k < 4 ? crc >> 8 * k & 0xff : 0;

			sum ^= sums[CRC_STRIDE - 1 - k][at[k] ^ before];
		}
		crc = sum;
	}
	for (; n > 0; n--, at++)
		crc = crc >> 8 ^ sums[0][(crc ^ *at) & 0xff];
	return ~crc;
}
