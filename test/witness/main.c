/*
 * The C witness writes the memory that a scenario leaves behind, by means independent of the library.
 *
 *   gcc -O2 -std=gnu11 -Wall -Wextra -Werror -DPAGE_SHIFT=12 *.c -lfdt -o kho-witness
 *
 * The page size is fixed at build time and the byte order is that of the target, so every cell of the
 * golden files has a binary of its own; big endian is built for s390x and run with qemu.
 *
 * Exit codes: 0 done, 1 usage or system error, 2 fault in the scenario, 3 libfdt error, 4 refused
 * because of a kernel defect, 5 the scenario is not for this ABI, page size or byte order.
 */
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "witness.h"

const char *current_file;
unsigned current_line = 1;

static const char *batch_name;          /* the scenario that this child of a batch works on */

void die(int code, const char *format, ...)
{
	va_list ap;

	fputs("kho-witness: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(code);
}

/* A fault that shows only while the scenario runs: the line is known, the word is not. */
void scenario_fault(const char *what)
{
	die(EXIT_SCENARIO, "%s:%u:1: %s", current_file, current_line, what);
}

void refuse(const char *erratum, const char *why)
{
	if (batch_name)
		printf("%s refused %s\n", batch_name, erratum);
	die(EXIT_REFUSED, "%s:%u:1: refused, erratum %s: %s", current_file, current_line, erratum, why);
}

void *xrealloc(void *old, size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes) || !(p = realloc(old, bytes ? bytes : 1)))
		die(EXIT_FAULT, "out of memory");
	return p;
}

static void usage(void)
{
	fputs("usage: kho-witness --abi ABI SCENARIO -o DIR [--full-fdt-page FILE]\n"
	      "       kho-witness --abi ABI --batch OUTDIR SCENARIO...\n"
	      "       kho-witness layout IN.dtb OUT.dtb sw|edited\n"
	      "       kho-witness bench NAME N [PFN]\n"
	      "ABIs:", stderr);
	abi_list(stderr);
	fprintf(stderr, "; pages of %lu bytes, %s endian\n", PAGE_SIZE, HOST_BIG_ENDIAN ? "big" : "little");
	exit(EXIT_FAULT);
}

static int one_scenario(const struct abi *abi, const char *file, const char *dir, const char *full_fdt_page)
{
	/* Static: the end of the process gives everything back. */
	static struct scenario sc;
	static struct kho k;
	char *log;

	scenario_read(&sc, abi, file);
	if (!sc.applies) {
		if (batch_name)
			printf("%s skipped\n", batch_name);
		fprintf(stderr, "kho-witness: %s: not for this ABI, page size or byte order\n", file);
		return EXIT_NOT_FOR_US;
	}
	k.abi = abi;
	k.sc = &sc;
	log = run_scenario(&k);
	output_write(&k, log, dir, full_fdt_page);
	free(log);
	if (batch_name)
		printf("%s ok\n", batch_name);
	return 0;
}

/* Each scenario gets a process, so that no fault and no leftover of one can touch the next. */
static int batch(const struct abi *abi, const char *outdir, char **files)
{
	int result = 0;

	for (; *files; files++) {
		char *copy = strdup(*files), *name = copy ? basename(copy) : NULL, *dot, *dir;
		int status;
		pid_t child;

		if (!name)
			die(EXIT_FAULT, "out of memory");
		dot = strrchr(name, '.');
		if (dot && dot != name)
			*dot = 0;
		dir = xrealloc(NULL, strlen(outdir) + strlen(name) + 2, 1);
		sprintf(dir, "%s/%s", outdir, name);

		fflush(stdout);
		child = fork();
		if (child < 0)
			die(EXIT_FAULT, "fork failed");
		if (!child) {
			batch_name = name;
			exit(one_scenario(abi, *files, dir, NULL));
		}
		if (waitpid(child, &status, 0) != child)
			die(EXIT_FAULT, "waitpid failed");
		status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAULT;
		if (status && status != EXIT_REFUSED && status != EXIT_NOT_FOR_US) {
			printf("%s error\n", name);
			result = status;
		}
		free(dir);
		free(copy);
	}
	return result;
}

int main(int argc, char **argv)
{
	const struct abi *abi = NULL;
	const char *scenario = NULL, *dir = NULL, *full_fdt_page = NULL;

	if (argc > 1 && !strcmp(argv[1], "layout"))
		return layout_main(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "bench"))
		return bench_main(argc - 2, argv + 2);

	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (more && !strcmp(argv[i], "--abi")) {
			abi = abi_find(argv[++i]);
			if (!abi)
				usage();
		} else if (more && !strcmp(argv[i], "-o")) {
			dir = argv[++i];
		} else if (more && !strcmp(argv[i], "--full-fdt-page")) {
			full_fdt_page = argv[++i];
		} else if (more && abi && !scenario && !dir && !strcmp(argv[i], "--batch")) {
			return batch(abi, argv[i + 1], argv + i + 2);
		} else if (argv[i][0] != '-' && !scenario) {
			scenario = argv[i];
		} else {
			usage();
		}
	}
	if (!abi || !scenario || !dir)
		usage();
	return one_scenario(abi, scenario, dir, full_fdt_page);
}
