/* Writes what a run left behind, in the formats of the golden files. */
#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "witness.h"

FILE *open_or_die(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);

	if (!f)
		die(EXIT_FAULT, "%s: %s", path, strerror(errno));
	return f;
}

void close_or_die(FILE *f, const char *path)
{
	bool bad = ferror(f);

	if (fclose(f) || bad)
		die(EXIT_FAULT, "%s: write error", path);
}

static char *path_in(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path = xrealloc(NULL, size, 1);

	snprintf(path, size, "%s/%s", dir, name);
	return path;
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
	FILE *f = open_or_die(path, "wb");

	fwrite(bytes, 1, size, f);
	close_or_die(f, path);
}

static void make_dirs(const char *dir)
{
	char *path = path_in(dir, "");

	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(path, 0777) && errno != EEXIST)
			die(EXIT_FAULT, "%s: %s", path, strerror(errno));
		*p = '/';
	}
	free(path);
}

/* ---- memory.hexdump ---- */

struct piece { uint64_t phys, bytes; const uint8_t *mem; };

static void hexdump(FILE *f, const struct piece *piece)
{
	static const char digit[] = "0123456789abcdef";
	static const uint8_t zero[16];
	char line[16 + 2 + 23 + 2 + 23 + 3 + 16 + 2];

	for (uint64_t at = 0; at < piece->bytes; at += 16) {
		const uint8_t *b = piece->mem + at;
		char *p = line;

		if (!memcmp(b, zero, 16))
			continue;
		for (int shift = 60; shift >= 0; shift -= 4)
			*p++ = digit[(piece->phys + at) >> shift & 15];
		for (int i = 0; i < 16; i++) {
			*p++ = ' ';
			if (i % 8 == 0)
				*p++ = ' ';
			*p++ = digit[b[i] >> 4];
			*p++ = digit[b[i] & 15];
		}
		*p++ = ' ';
		*p++ = ' ';
		*p++ = '|';
		for (int i = 0; i < 16; i++)
			*p++ = b[i] >= 0x20 && b[i] <= 0x7e ? (char)b[i] : '.';
		*p++ = '|';
		*p++ = '\n';
		fwrite(line, 1, (size_t)(p - line), f);
	}
}

static void write_memory(const struct kho *k, const char *path)
{
	uint64_t array_bytes = k->nscratch * sizeof(struct scratch);
	uint64_t array_pages = (array_bytes + PAGE_SIZE - 1) / PAGE_SIZE;
	uint64_t array_size = array_pages * PAGE_SIZE;
	uint8_t *array = NULL;
	struct piece *pieces = NULL;
	size_t n = 0;
	FILE *f;

	/* The array of scratch areas is no arena page: kexec copies it into a segment of its own. */
	if (array_pages) {
		if (k->scratch_array - arena_base < arena_pages * PAGE_SIZE ||
		    arena_base - k->scratch_array < array_size)
			scenario_fault("the scratch array lies in the arena");
		array = xrealloc(NULL, array_size, 1);
		memset(array, 0, array_size);
		memcpy(array, k->scratch, array_bytes);
	}

	pieces = xrealloc(NULL, 1, sizeof(*pieces));
	if (array_pages && k->scratch_array < arena_base)
		pieces[n++] = (struct piece){ k->scratch_array, array_size, array };
	for (uint64_t i = 0, first; i < arena_pages; i++) {
		if (arena_state[i] != PAGE_USED)
			continue;
		for (first = i; i < arena_pages && arena_state[i] == PAGE_USED; )
			i++;
		pieces = xrealloc(pieces, n + 2, sizeof(*pieces));
		pieces[n].phys = arena_base + first * PAGE_SIZE;
		pieces[n].bytes = (i - first) * PAGE_SIZE;
		pieces[n].mem = phys_to_virt(pieces[n].phys);
		n++;
	}
	if (array_pages && k->scratch_array > arena_base)
		pieces[n++] = (struct piece){ k->scratch_array, array_size, array };

	f = open_or_die(path, "w");
	fprintf(f, "# kho-abi memory 1\n# abi: %s\n# byte-order: %s\n# page-size: %lu\n", k->abi->name,
		HOST_BIG_ENDIAN ? "big" : "little", PAGE_SIZE);
	for (size_t i = 0; i < n; ) {
		uint64_t first = pieces[i].phys, last;

		do
			last = pieces[i].phys + pieces[i].bytes - 1;
		while (++i < n && pieces[i].phys == last + 1);
		fprintf(f, "# pages: 0x%016llx-0x%016llx\n", (unsigned long long)first,
			(unsigned long long)last);
	}
	for (size_t i = 0; i < n; i++)
		hexdump(f, &pieces[i]);
	close_or_die(f, path);
	free(pieces);
	free(array);
}

/* ---- walk.txt, vmalloc.txt ---- */

static void print_block(void *ctx, uint64_t phys, int order)
{
	fprintf(ctx, "0x%llx %d\n", (unsigned long long)phys, order);
}

static void write_walk(const struct kho *k, const char *path)
{
	FILE *f = open_or_die(path, "w");

	map_walk(k, print_block, f);
	close_or_die(f, path);
}

static void print_area(FILE *f, size_t number, const struct vmalloc_desc *d)
{
	const struct vmalloc_chunk *chunk;
	size_t chunks = 0;

	fprintf(f, "vmalloc %zu first=0x%llx total_pages=%u flags=0x%x order=%u\n", number,
		(unsigned long long)d->first, d->total_pages, d->flags, d->order);
	for (uint64_t phys = d->first; phys; phys = chunk->next) {
		size_t used = 0;

		chunk = phys_to_virt(phys);
		while (used < CHUNK_SLOTS && chunk->phys[used])
			used++;
		fprintf(f, "chunk %zu phys=0x%llx next=0x%llx entries=%zu\n", chunks++,
			(unsigned long long)phys, (unsigned long long)chunk->next, used);
		for (size_t i = 0; i < used; i++)
			fprintf(f, " 0x%llx\n", (unsigned long long)chunk->phys[i]);
	}
}

static void write_vmalloc(const struct kho *k, const char *path)
{
	FILE *f = NULL;

	for (size_t i = 0; i < k->nareas; i++) {
		if (!k->areas[i].live)
			continue;
		if (!f)
			f = open_or_die(path, "w");
		print_area(f, i, &k->areas[i].desc);
	}
	if (f)
		close_or_die(f, path);
	else
		unlink(path);           /* a leftover of an earlier run would be a lie */
}

void output_write(struct kho *k, const char *log, const char *dir, const char *full_fdt_page)
{
	uint8_t *fdt = phys_to_virt(k->fdt);
	size_t totalsize = has_fdt(k) ? fdt_totalsize(fdt) : 0;
	char *path;

	if (full_fdt_page)
		write_bytes(full_fdt_page, fdt, PAGE_SIZE);
	/* What follows the FDT in its page are leftovers of edits, no part of the format. */
	memset(fdt + totalsize, 0, PAGE_SIZE - totalsize);

	make_dirs(dir);
	path = path_in(dir, "handover.dtb");
	if (has_fdt(k))
		write_bytes(path, fdt, totalsize);
	else
		unlink(path);           /* as below: nothing was handed over */
	free(path);
	write_memory(k, path = path_in(dir, "memory.hexdump"));
	free(path);
	write_walk(k, path = path_in(dir, "walk.txt"));
	free(path);
	write_bytes(path = path_in(dir, "log.txt"), log, strlen(log));
	free(path);
	write_vmalloc(k, path = path_in(dir, "vmalloc.txt"));
	free(path);
}
