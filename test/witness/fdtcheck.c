/*
 * libfdt's verdict on many blobs, in a program of its own: each blob of the stream on standard input is a length of four
 * bytes, little endian, and that many bytes; each answer is one line with what fdt_check_full returned, and if that is 0
 * the number of nodes that fdt_next_node meets.
 *
 * A blob ends where a page without access begins, so that a read past its end is seen at once. Such a read is answered with
 * "crash", and more than TIME_LIMIT seconds of CPU time with "hang"; the next blob is read in either case.
 */
#include <libfdt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

/* Blobs above this are no test of a format whose roots fit a page. */
#define BLOB_LIMIT (4u << 20)
#define TIME_LIMIT 2

static sigjmp_buf caught;

static void on_signal(int number)
{
	siglongjmp(caught, number);
}

static void handle(int number)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	if (sigaction(number, &action, NULL))
		exit(1);
}

static void limit_time(int seconds)
{
	struct itimerval timer = { .it_value.tv_sec = seconds };

	if (setitimer(ITIMER_VIRTUAL, &timer, NULL))
		exit(1);
}

/* First byte of a region of BLOB_LIMIT bytes with a page behind it that nobody may touch. */
static unsigned char *guarded_region(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *region = mmap(NULL, BLOB_LIMIT + page, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED || mprotect(region + BLOB_LIMIT, page, PROT_NONE))
		exit(1);
	return region;
}

static int count_nodes(const void *blob)
{
	int count = 0;

	/* From -1: tags may stand before the root node. */
	for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL))
		count++;
	return count;
}

static void judge(const unsigned char *blob, uint32_t length)
{
	/* Read again after a jump, so they live in memory. */
	volatile int code = 0, nodes = 0;
	int number = sigsetjmp(caught, 1);

	if (number) {
		limit_time(0);
		puts(number == SIGVTALRM ? "hang" : "crash");
		return;
	}
	limit_time(TIME_LIMIT);
	code = fdt_check_full(blob, length);
	if (!code)
		nodes = count_nodes(blob);
	limit_time(0);
	printf("%d %d\n", code, nodes);
}

int main(void)
{
	unsigned char *end = guarded_region() + BLOB_LIMIT;
	unsigned char head[4];

	handle(SIGSEGV);
	handle(SIGBUS);
	handle(SIGVTALRM);
	while (fread(head, sizeof(head), 1, stdin) == 1) {
		uint32_t length = head[0] | head[1] << 8 | head[2] << 16 | (uint32_t)head[3] << 24;
		unsigned char *blob;

		if (length > BLOB_LIMIT) {
			fprintf(stderr, "fdtcheck: a blob of %u bytes\n", length);
			return 1;
		}
		/* libfdt wants eight-byte alignment; what lies between the blob and the forbidden page is then at most 7 bytes. */
		blob = end - ((length + 7) & ~7u);
		memset(blob, 0, (length + 7) & ~7u);
		if (length && fread(blob, length, 1, stdin) != 1)
			return 1;
		judge(blob, length);
	}
	return fflush(stdout) ? 1 : 0;
}
