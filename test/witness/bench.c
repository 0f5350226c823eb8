/*
 * `bench NAME N [PFN]`: times the plain algorithm, one descent from the root for each page.
 *
 * N is a number of pages, or of bytes for the dense ones. PFN is where a run of pages begins.
 * A first round is not timed: it faults the pool's pages in and gives the checksum, printed as one JSON line.
 * Each timed round then waits for a line on standard input and prints one more. So two programs can take turns;
 * where the input has ended, the rounds follow one another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "witness.h"

enum { ROUNDS = 5 };

#define BENCH_ARENA (UINT64_C(1) << 36)

struct bench {
	const char *name;
	bool random, dense, walk;
	uint64_t n, first;
	uint64_t *pfns;
	const struct abi *abi;
	uint64_t root;
};

static const struct bench benches[] = {
	{ .name = "add-seq" },
	{ .name = "add-random", .random = true },
	{ .name = "walk-random", .random = true, .walk = true },
	{ .name = "fill-dense", .dense = true },
	{ .name = "walk-dense", .dense = true, .walk = true },
};

#define NBENCHES (sizeof(benches) / sizeof(benches[0]))

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Made before the clock runs, so that only the tree is measured. */
static uint64_t *random_pfns(uint64_t n)
{
	uint64_t *pfns = xrealloc(NULL, n, sizeof(*pfns));
	uint32_t x = 0x9e3779b9;

	for (uint64_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		pfns[i] = x & 0x0fffffff;
	}
	return pfns;
}

static void fresh_tree(struct bench *b)
{
	arena_recycle();
	b->root = arena_alloc(0);
}

static void add_all(struct bench *b)
{
	if (b->pfns) {
		for (uint64_t i = 0; i < b->n; i++)
			radix_add(b->abi, b->root, radix_key(b->pfns[i] << PAGE_SHIFT, 0));
	} else {
		uint64_t end = b->first + b->n;

		for (uint64_t pfn = b->first; pfn < end; pfn++)
			radix_add(b->abi, b->root, radix_key(pfn << PAGE_SHIFT, 0));
	}
}

static void sum_block(void *ctx, uint64_t phys, int order)
{
	*(uint64_t *)ctx += (phys >> PAGE_SHIFT) + (uint64_t)order;
}

static void count_block(void *ctx, uint64_t phys, int order)
{
	(void)phys;
	(void)order;
	++*(uint64_t *)ctx;
}

static uint64_t walk_all(struct bench *b, block_fn fn)
{
	uint64_t result = 0;

	radix_walk(b->abi, b->root, fn, &result);
	return result;
}

static uint64_t argument(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (!*text || *end)
		die(EXIT_FAULT, "`%s` is not a number", text);
	return value;
}

static void await_turn(void)
{
	int c;

	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

int bench_main(int argc, char **argv)
{
	struct bench b;
	uint64_t checksum;
	size_t i = 0;

	while (argc > 1 && i < NBENCHES && strcmp(argv[0], benches[i].name))
		i++;
	if (argc < 2 || argc > 3 || i == NBENCHES)
		die(EXIT_FAULT, "usage: kho-witness bench "
		    "add-seq|add-random|walk-random|fill-dense|walk-dense N [PFN]");
	b = benches[i];
	b.n = argument(argv[1]);
	b.first = argc > 2 ? argument(argv[2]) : 0x100000;
	if (b.dense)
		b.n /= PAGE_SIZE;
	if (b.n > PFN_LIMIT || b.first > PFN_LIMIT - b.n)
		die(EXIT_FAULT, "the pages end beyond 64 bits");
	if (b.random)
		b.pfns = random_pfns(b.n);
	b.abi = abi_find("kho-v4");
	arena_open(UINT64_C(1) << 40, BENCH_ARENA);

	fresh_tree(&b);
	add_all(&b);
	checksum = walk_all(&b, b.walk ? sum_block : count_block);

	printf("{\"name\":\"%s\",\"n\":%llu,\"checksum\":\"0x%llx\"}\n", b.name, (unsigned long long)b.n,
	       (unsigned long long)checksum);
	fflush(stdout);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start, sum = checksum;

		await_turn();
		fresh_tree(&b);
		if (b.walk) {
			add_all(&b);
			start = now();
			sum = walk_all(&b, sum_block);
		} else {
			start = now();
			add_all(&b);
		}
		printf("{\"ns\":%llu}\n", (unsigned long long)(now() - start));
		fflush(stdout);
		if (sum != checksum)
			die(EXIT_FAULT, "two walks of one tree differ");
	}
	free(b.pfns);
	return 0;
}
