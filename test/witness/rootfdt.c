/*
 * The root FDT, edited in place by the real libfdt in the order of calls of the kernel. The order
 * matters: it decides where blocks, strings and new nodes end up.
 */
#include <libfdt.h>
#include <string.h>

#include "witness.h"

#define PROP_MAP "preserved-memory-map"
#define PROP_DATA "preserved-data"
#define PROP_SIZE "blob-size"

static void must(int err, const char *what)
{
	if (err < 0)
		die(EXIT_LIBFDT, "%s: %s", what, fdt_strerror(err));
}

/* Payloads are native memory, not the big endian cells that libfdt's u64 helpers write. */
void rootfdt_create(struct kho *k)
{
	void *fdt;

	k->fdt = arena_alloc(0);
	fdt = phys_to_virt(k->fdt);
	must(fdt_create(fdt, (int)PAGE_SIZE), "fdt_create");
	must(fdt_finish_reservemap(fdt), "fdt_finish_reservemap");
	must(fdt_begin_node(fdt, ""), "fdt_begin_node");
	must(fdt_property_string(fdt, "compatible", k->abi->compatible), "compatible");
	must(fdt_property(fdt, PROP_MAP, &k->root, sizeof(k->root)), PROP_MAP);
	must(fdt_end_node(fdt), "fdt_end_node");
	must(fdt_finish(fdt), "fdt_finish");
}

/* preserved-data is set first; setprop puts each new property in front, so blob-size leads on the wire. */
static int set_properties(const struct kho *k, void *fdt, int node, uint64_t phys, uint64_t size)
{
	int err = fdt_setprop(fdt, node, PROP_DATA, &phys, sizeof(phys));

	if (err >= 0 && k->abi->has_blob_size)
		err = fdt_setprop(fdt, node, PROP_SIZE, &size, sizeof(size));
	return err;
}

int rootfdt_add(struct kho *k, const char *name, uint64_t phys, uint64_t size)
{
	void *fdt = phys_to_virt(k->fdt);
	int err, node;

	err = fdt_open_into(fdt, fdt, (int)PAGE_SIZE);
	if (err < 0)
		return err;

	node = fdt_add_subnode(fdt, 0, name);
	if (node < 0) {
		err = node == -FDT_ERR_EXISTS ? E_EXIST : E_NOMEM;
	} else {
		err = set_properties(k, fdt, node, phys, size);
		/* Older releases return libfdt's own number and leave the node without the property. */
		if (err < 0 && k->abi->drops_half_node) {
			fdt_del_node(fdt, node);
			err = E_NOMEM;
		}
	}
	fdt_pack(fdt);
	return err;
}

/* Packs even if nothing was found: the layout of the page may change all the same. */
int rootfdt_remove(struct kho *k, uint64_t phys)
{
	void *fdt = phys_to_virt(k->fdt);
	int err, node;

	err = fdt_open_into(fdt, fdt, (int)PAGE_SIZE);
	if (err < 0)
		return err;

	fdt_for_each_subnode(node, fdt, 0) {
		int len;
		const void *value = fdt_getprop(fdt, node, PROP_DATA, &len);

		/* Values are only 4-byte aligned in an FDT: compare bytes. */
		if (value && len == (int)sizeof(phys) && !memcmp(value, &phys, sizeof(phys))) {
			fdt_del_node(fdt, node);
			break;
		}
	}
	fdt_pack(fdt);
	return 0;
}
