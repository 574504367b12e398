// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "slurm_pusher/encode.h"

static void writes_what_the_grouping_key_wants(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} cases[] = {
		{ "", 0, "=" },
		{ "f", 1, "Zg==" },
		{ "fo", 2, "Zm8=" },
		{ "foo", 3, "Zm9v" },
		{ "foob", 4, "Zm9vYg==" },
		{ "fooba", 5, "Zm9vYmE=" },
		{ "foobar", 6, "Zm9vYmFy" },
		{ "/var/tmp", 8, "L3Zhci90bXA=" },
		{ "\xfb\xff\xbf", 3, "-_-_" },
		{ "\0\0\0", 3, "AAAA" },
		{ "caf\xc3\xa9", 5, "Y2Fmw6k=" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b;

		buf_init(&b, 64);
		buf_addc(&b, '>');
		encode_base64url(cases[i].bytes, cases[i].n, &b);
		assert_int_equal(buf_text(&b)[0], '>');
		assert_string_equal(buf_text(&b) + 1, cases[i].text);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_the_grouping_key_wants),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
