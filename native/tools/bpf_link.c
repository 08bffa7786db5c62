// SPDX-License-Identifier: MIT
// bpf_link OUT IN...: links BPF objects with the vendored libbpf, whose linker knows weak kernel functions
// (Debian 12's bpftool 7.1 fails on them).
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, args);
}

int main(int argc, char **argv)
{
	struct bpf_linker *linker;
	int failed = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: bpf_link OUT IN...\n");
		return 2;
	}
	libbpf_set_print(print);
	linker = bpf_linker__new(argv[1], NULL);
	if (!linker)
		return 1;
	for (int i = 2; i < argc && !failed; i++)
		failed = bpf_linker__add_file(linker, argv[i], NULL);
	if (!failed)
		failed = bpf_linker__finalize(linker);
	bpf_linker__free(linker);
	if (failed)
		remove(argv[1]);
	return failed ? 1 : 0;
}
