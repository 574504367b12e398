// SPDX-License-Identifier: Apache-2.0
#define ZLIB_CONST
#include <assert.h>
#include <limits.h>
#include <snappy-c.h>
#include <zlib.h>

#include "slurm_pusher/encode.h"

enum {
	GZIP_FORMAT = 16, /* added to the window size: a gzip header instead of zlib's own */
	GZIP_MEM_LEVEL = 8,
};

/* Both count in 32 bits, and their output may be a little longer than their input. */
enum { MAX_BYTES = INT_MAX };

static int check_size(size_t n, const char *what, struct err *err)
{
	if (n > MAX_BYTES)
		return err_set(err, ERR_LIMIT, "%s: more than %d bytes", what, MAX_BYTES);
	return 0;
}

int encode_gzip(const void *in, size_t n, struct buf *out, struct err *err)
{
	z_stream z = { .next_in = in, .avail_in = (uInt)n };
	size_t room;

	if (check_size(n, "gzip", err) < 0)
		return ERR_LIMIT;
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_FORMAT,
			 GZIP_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return err_set(err, ERR_NOMEM, "gzip: out of memory");
	room = deflateBound(&z, n);
	z.next_out = (Bytef *)buf_reserve(out, room);
	z.avail_out = (uInt)room;
	if (z.next_out) {
		int rc = deflate(&z, Z_FINISH);

		assert(rc == Z_STREAM_END);
		(void)rc;
		out->len += z.total_out;
	}
	deflateEnd(&z);
	return buf_check(out, "gzip", err);
}

int encode_snappy(const void *in, size_t n, struct buf *out, struct err *err)
{
	size_t room = snappy_max_compressed_length(n);
	char *to;

	if (check_size(n, "snappy", err) < 0)
		return ERR_LIMIT;
	to = buf_reserve(out, room);
	if (to) {
		snappy_status status = snappy_compress(in, n, to, &room);

		assert(status == SNAPPY_OK);
		(void)status;
		out->len += room;
	}
	return buf_check(out, "snappy", err);
}
