/*
 * `layout IN.dtb OUT.dtb sw|edited`: lays any DTB out anew, as libfdt's sequential writer does it (sw)
 * or as an FDT looks after it was opened for edits and packed (edited).
 */
#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

static char *read_file(const char *path, size_t *size)
{
	FILE *f = open_or_die(path, "rb");
	char *bytes = NULL;
	size_t n = 0, room = 0, got;

	do {
		if (n == room)
			bytes = xrealloc(bytes, room = room ? 2 * room : 1 << 16, 1);
		got = fread(bytes + n, 1, room - n, f);
		n += got;
	} while (got);
	if (ferror(f))
		die(EXIT_FAULT, "%s: %s", path, strerror(errno));
	fclose(f);
	*size = n;
	return bytes;
}

static int copy_property(const void *in, int offset, void *out)
{
	const char *name;
	int len;
	const void *value = fdt_getprop_by_offset(in, offset, &name, &len);

	return value ? fdt_property(out, name, value, len) : len;
}

static int copy_nodes(const void *in, void *out)
{
	int offset = 0, next, err = 0;
	uint32_t tag;

	for (; (tag = fdt_next_tag(in, offset, &next)) != FDT_END; offset = next) {
		const char *name;

		switch (tag) {
		case FDT_BEGIN_NODE:
			name = fdt_get_name(in, offset, &err);
			err = name ? fdt_begin_node(out, name) : err;
			break;
		case FDT_PROP:
			err = copy_property(in, offset, out);
			break;
		case FDT_END_NODE:
			err = fdt_end_node(out);
			break;
		}
		if (err < 0)
			return err;
	}
	return 0;
}

static int write_sequentially(const void *in, void *out, int room)
{
	int err = fdt_create(out, room);

	for (int i = 0, n = fdt_num_mem_rsv(in); !err && i < n; i++) {
		uint64_t address, size;

		err = fdt_get_mem_rsv(in, i, &address, &size);
		if (!err)
			err = fdt_add_reservemap_entry(out, address, size);
	}
	if (!err)
		err = fdt_finish_reservemap(out);
	if (!err)
		err = copy_nodes(in, out);
	if (!err)
		err = fdt_finish(out);
	/* The writer knows no boot CPU; the number is content, not layout, so it is carried over. */
	if (!err)
		fdt_set_boot_cpuid_phys(out, fdt_boot_cpuid_phys(in));
	return err;
}

int layout_main(int argc, char **argv)
{
	size_t size, room;
	char *in, *out = NULL;
	FILE *f;
	int err;

	if (argc != 3 || (strcmp(argv[2], "sw") && strcmp(argv[2], "edited")))
		die(EXIT_FAULT, "usage: kho-witness layout IN.dtb OUT.dtb sw|edited");
	in = read_file(argv[0], &size);
	err = fdt_check_full(in, size);
	if (err)
		die(EXIT_LIBFDT, "%s: %s", argv[0], fdt_strerror(err));

	/* Names shared in ways the writer does not know may need more room than they did. */
	for (room = size + (1 << 12); ; room *= 2) {
		if (room > INT32_MAX / 2)
			die(EXIT_LIBFDT, "%s: too large for libfdt", argv[0]);
		out = xrealloc(out, room, 1);
		err = write_sequentially(in, out, (int)room);
		if (err != -FDT_ERR_NOSPACE)
			break;
	}
	if (!err && !strcmp(argv[2], "edited")) {
		char *edited = xrealloc(NULL, 2 * room, 1);

		err = fdt_open_into(out, edited, (int)(2 * room));
		if (!err)
			err = fdt_pack(edited);
		free(out);
		out = edited;
	}
	if (err)
		die(EXIT_LIBFDT, "%s: %s", argv[0], fdt_strerror(err));

	f = open_or_die(argv[1], "wb");
	fwrite(out, 1, fdt_totalsize(out), f);
	close_or_die(f, argv[1]);
	free(out);
	free(in);
	return 0;
}
