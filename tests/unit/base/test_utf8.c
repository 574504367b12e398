// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "slurm_pusher/utf8.h"
#include "test.h"

#define BAD "\xef\xbf\xbd"

static void malformed_bytes_become_the_replacement_character(void **state)
{
	static const struct {
		const char *name, *in, *want;
	} cases[] = {
		{ "plain", "abc", "abc" },
		{ "empty", "", "" },
		{ "two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "latin 1", "caf\xe9", "caf" BAD },
		{ "a lone continuation", "a\x80z", "a" BAD "z" },
		{ "cut short", "a\xe2\x82", "a" BAD BAD },
		{ "overlong slash", "\xc0\xaf", BAD BAD },
		{ "overlong in three bytes", "\xe0\x80\xaf", BAD BAD BAD },
		{ "surrogate", "\xed\xa0\x80", BAD BAD BAD },
		{ "last before the surrogates", "\xed\x9f\xbf", "\xed\x9f\xbf" },
		{ "over the end", "\xf4\x90\x80\x80", BAD BAD BAD BAD },
		{ "the end", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
		{ "never", "\xff\xfe", BAD BAD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;

		buf_init(&out, 100);
		utf8_add(&out, cases[i].in);
		if (strcmp(buf_text(&out), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].name, buf_text(&out));
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_bytes_become_the_replacement_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
