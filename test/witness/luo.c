/* The Live Update Orchestrator: sessions, their files, and FLBs, which belong to all files of one kind. */
#include <stdlib.h>
#include <string.h>

#include "clients.h"

struct session {
	struct luo_session_ser *ser;
	struct entries files;
};

struct luo {
	const struct luo_format *format;
	uint64_t blob;
	uint64_t header;                /* of the sessions and FLBs, where the tree points to it */
	struct entries sessions;
	struct entries flbs;
	struct session *list;
	size_t nsessions;
};

static struct entries session_entries(const struct luo_format *f)
{
	return (struct entries){
		.chain = f->session_chain,
		.order = 4,
		.header = f->session_chain ? sizeof(struct kho_block_header_ser) :
					     sizeof(struct luo_session_header_ser),
		.size = sizeof(struct luo_session_ser),
	};
}

static struct entries file_entries(const struct luo_format *f)
{
	return (struct entries){
		.chain = f->file_chain,
		.order = 1,
		.header = f->file_chain ? sizeof(struct kho_block_header_ser) : 0,
		.size = sizeof(struct luo_file_ser),
	};
}

/* ---- boot ---- */

static uint64_t write_tree(const struct kho *k, const struct luo *luo)
{
	struct tree *tree = tree_begin(PAGE_SIZE);

	tree_string(tree, "compatible", luo->format->compatible);
	if (luo->format->root == LUO_TREE_AND_HEADER) {
		tree_value(tree, "luo-abi-header", luo->header);
		return tree_end(tree, luo->blob);
	}
	tree_value(tree, "liveupdate-number", k->sc->clients.liveupdate_num);
	tree_node(tree, "luo-session");
	tree_string(tree, "compatible", "luo-session-v2");
	tree_value(tree, "luo-session-header", luo->sessions.first);
	tree_node_end(tree);
	if (luo->format->has_flbs) {
		tree_node(tree, "luo-flb");
		tree_string(tree, "compatible", "luo-flb-v1");
		tree_value(tree, "luo-flb-header", luo->flbs.first);
		tree_node_end(tree);
	}
	return tree_end(tree, luo->blob);
}

/* The blob and what it points to that is no block; returns the blob's size. */
static uint64_t write_root(const struct kho *k, const struct luo *luo)
{
	uint64_t number = k->sc->clients.liveupdate_num;

	if (luo->format->root == LUO_STRUCT) {
		struct luo_root *root = phys_to_virt(luo->blob);

		strncpy(root->compatible, luo->format->compatible, sizeof(root->compatible) - 1);
		root->liveupdate_num = number;
		root->sessions_pa = luo->sessions.first;
		root->flbs_pa = luo->flbs.first;
		return sizeof(*root);
	}
	if (luo->format->root == LUO_TREE_AND_HEADER)
		*(struct luo_abi_header *)phys_to_virt(luo->header) = (struct luo_abi_header){
			.liveupdate_num = number,
			.sessions_pa = luo->sessions.first,
			.flbs_pa = luo->flbs.first,
		};
	return write_tree(k, luo);
}

int luo_boot(struct kho *k)
{
	struct luo *luo = xrealloc(NULL, 1, sizeof(*luo));
	const struct luo_format *format = k->sc->clients.luo_format;

	k->luo = luo;
	*luo = (struct luo){ .format = format, .sessions = session_entries(format) };
	luo->flbs = (struct entries){
		.header = sizeof(struct luo_flb_header_ser), .size = sizeof(struct luo_flb_ser)
	};

	luo->blob = take_and_preserve(k, 0);
	if (format->root == LUO_TREE_AND_HEADER)
		luo->header = take_and_preserve(k, 0);
	if (!format->session_chain)
		entries_take(k, &luo->sessions);
	if (format->has_flbs) {
		entries_take(k, &luo->flbs);
		((struct luo_flb_header_ser *)phys_to_virt(luo->flbs.first))->pgcnt = 1;
	}
	return client_register(k, "LUO", luo->blob, write_root(k, luo));
}

/* ---- lines ---- */

static int add_session(struct kho *k, struct luo *luo, const char *name)
{
	struct session *s;

	/* A chain grows before the name is judged, and keeps the block (erratum B9). */
	entries_reserve(k, &luo->sessions);
	for (size_t i = 0; i < luo->nsessions; i++)
		if (!strncmp(luo->list[i].ser->name, name, sizeof(s->ser->name)))
			return E_EXIST;

	luo->list = xrealloc(luo->list, luo->nsessions + 1, sizeof(*luo->list));
	s = &luo->list[luo->nsessions++];
	s->files = file_entries(luo->format);
	s->ser = entries_add(&luo->sessions);
	strncpy(s->ser->name, name, sizeof(s->ser->name) - 1);
	if (!luo->format->session_chain)
		((struct luo_session_header_ser *)phys_to_virt(luo->sessions.first))->count++;
	return 0;
}

static int add_file(struct kho *k, struct luo *luo, const struct op *op)
{
	struct session *s = &luo->list[luo->nsessions - 1];
	const char *compatible = op->name;
	uint64_t data = op->b;
	struct luo_file_ser *file;

	entries_reserve(k, &s->files);
	if (op->kind == OP_LUO_MEMFD) {
		compatible = k->abi->memfd->compatible;
		data = memfd_preserve(k, op);
	}
	file = entries_add(&s->files);
	strncpy(file->compatible, compatible, sizeof(file->compatible) - 1);
	file->data = data;
	file->token = op->a;
	s->ser->files = s->files.first;
	s->ser->count++;
	return 0;
}

static int add_flb(struct kho *k, struct luo *luo, const struct op *op)
{
	struct luo_flb_header_ser *header = phys_to_virt(luo->flbs.first);
	struct luo_flb_ser *flb;

	entries_reserve(k, &luo->flbs);
	flb = entries_add(&luo->flbs);
	strncpy(flb->name, op->name, sizeof(flb->name) - 1);
	flb->data = op->a;
	flb->count = op->b;
	header->count++;
	return 0;
}

int luo_execute(struct kho *k, const struct op *op)
{
	switch (op->kind) {
	case OP_LUO_SESSION:
		return add_session(k, k->luo, op->name);
	case OP_LUO_MEMFD:
	case OP_LUO_FILE:
		return add_file(k, k->luo, op);
	case OP_LUO_FLB:
		return add_flb(k, k->luo, op);
	default:
		abort();
	}
}

/* Where sessions are a chain, its head becomes known only now: it is written at reboot. */
void luo_end(struct kho *k)
{
	const struct luo *luo = k->luo;

	if (luo->format->session_chain && luo->nsessions)
		((struct luo_root *)phys_to_virt(luo->blob))->sessions_pa = luo->sessions.first;
}
