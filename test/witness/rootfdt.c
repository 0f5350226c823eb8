/*
 * The root FDT, written by the real libfdt in the order of calls of the kernel: all at once in the
 * first releases, edited in place in the others. The order matters: it decides where blocks, strings
 * and new nodes end up.
 */
#include <libfdt.h>
#include <string.h>

#include "witness.h"

#define PROP_MAP "preserved-memory-map"
#define PROP_SIZE "blob-size"

static void must(int err, const char *what)
{
	if (err < 0)
		die(EXIT_LIBFDT, "%s: %s", what, fdt_strerror(err));
}

/* Payloads are native memory, not the big endian cells that libfdt's u64 helpers write. */
void rootfdt_create(struct kho *k)
{
	void *fdt = phys_to_virt(k->fdt);

	must(fdt_create(fdt, (int)PAGE_SIZE), "fdt_create");
	must(fdt_finish_reservemap(fdt), "fdt_finish_reservemap");
	must(fdt_begin_node(fdt, ""), "fdt_begin_node");
	must(fdt_property_string(fdt, "compatible", k->abi->compatible), "compatible");
	must(fdt_property(fdt, PROP_MAP, &k->root, sizeof(k->root)), PROP_MAP);
	must(fdt_end_node(fdt), "fdt_end_node");
	must(fdt_finish(fdt), "fdt_finish");
}

/* The address is set first; setprop puts each new property in front, so blob-size leads on the wire. */
static int set_properties(const struct kho *k, void *fdt, int node, uint64_t phys, uint64_t size)
{
	int err = fdt_setprop(fdt, node, k->abi->subtree_property, &phys, sizeof(phys));

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
		const void *value = fdt_getprop(fdt, node, k->abi->subtree_property, &len);

		/* Values are only 4-byte aligned in an FDT: compare bytes. */
		if (value && len == (int)sizeof(phys) && !memcmp(value, &phys, sizeof(phys))) {
			fdt_del_node(fdt, node);
			break;
		}
	}
	fdt_pack(fdt);
	return 0;
}

/* The value changes where it is: the layout stays as it was. */
void rootfdt_set_map(struct kho *k, uint64_t phys)
{
	must(fdt_setprop_inplace(phys_to_virt(k->fdt), 0, PROP_MAP, &phys, sizeof(phys)), PROP_MAP);
}

static int write_subtree(const struct kho *k, void *fdt, const struct subtree *s)
{
	int err = fdt_begin_node(fdt, s->name);

	if (!err)
		err = fdt_property(fdt, k->abi->subtree_property, &s->phys, sizeof(s->phys));
	if (!err)
		err = fdt_end_node(fdt);
	return err;
}

/*
 * The whole FDT. The list of chunks is made behind the subtrees and its address put into the place kept
 * for it, so subtrees that do not fit are found before any chunk is taken. Returns libfdt's own number.
 */
int rootfdt_write(struct kho *k)
{
	void *fdt = phys_to_virt(k->fdt), *map;
	int err = 0;

	must(fdt_create(fdt, (int)PAGE_SIZE), "fdt_create");
	must(fdt_finish_reservemap(fdt), "fdt_finish_reservemap");
	must(fdt_begin_node(fdt, ""), "fdt_begin_node");
	must(fdt_property_string(fdt, "compatible", k->abi->compatible), "compatible");
	must(fdt_property_placeholder(fdt, PROP_MAP, sizeof(k->chunks), &map), PROP_MAP);
	for (size_t i = 0; !err && i < k->nearly; i++)
		err = write_subtree(k, fdt, &k->early[i]);
	for (size_t i = 0; !err && i < k->nqueue; i++)
		err = write_subtree(k, fdt, &k->queue[i]);
	if (err)
		return err;

	k->chunks = chunks_build(k);
	memcpy(map, &k->chunks, sizeof(k->chunks));     /* only 4-byte aligned */
	err = fdt_end_node(fdt);
	if (!err)
		err = fdt_finish(fdt);
	return err;
}
