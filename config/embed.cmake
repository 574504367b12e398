# SPDX-License-Identifier: Apache-2.0
# Writes the FILES as C: a table of names and texts, ended by an empty row.
set(texts "")
set(rows "")
set(n 0)
foreach(file ${FILES})
	get_filename_component(name ${file} NAME)
	file(READ ${file} hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(APPEND texts "static const char text_${n}[] = {${bytes}0};\n")
	string(APPEND rows "\t{ \"${name}\", text_${n} },\n")
	math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT} "${texts}
extern const struct builtin_file { const char *name, *text; } builtin_files[];
const struct builtin_file builtin_files[] = {\n${rows}\t{ 0, 0 },\n};\n")
