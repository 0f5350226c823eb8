/*
 * Shared declarations of the C witness: a second, independent producer of Kexec Handover (KHO) bytes.
 *
 * Everything here is deliberately plain: native structs, native byte order, `unsigned long` bitmaps and
 * the real libfdt. Compile it for another CPU and it writes that CPU's bytes without a line of
 * conversion code, which is what makes it a witness.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#ifndef PAGE_SHIFT
#error "compile with -DPAGE_SHIFT=12, 14 or 16"
#endif
#if PAGE_SHIFT != 12 && PAGE_SHIFT != 14 && PAGE_SHIFT != 16
#error "PAGE_SHIFT must be 12, 14 or 16"
#endif

#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define BITS_PER_WORD (8 * sizeof(unsigned long))

/* The first page frame number that no 64-bit address reaches. */
#define PFN_LIMIT (UINT64_C(1) << (64 - PAGE_SHIFT))

_Static_assert(sizeof(unsigned long) == 8, "KHO exists on 64-bit machines only");

#define HOST_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* Exit codes of the program. */
enum { EXIT_FAULT = 1, EXIT_SCENARIO = 2, EXIT_LIBFDT = 3, EXIT_REFUSED = 4, EXIT_NOT_FOR_US = 5 };

/* The negative numbers that a kernel operation returns. */
enum {
	E_NOENT = -2, E_TOOBIG = -7, E_NOMEM = -12, E_BUSY = -16, E_EXIST = -17, E_INVAL = -22, E_OPNOTSUPP = -95
};

/* ---- scenario.c: the text file ---- */

enum op_kind {
	OP_PAGE, OP_PAGES, OP_RANGE, OP_DELPAGE, OP_DELRANGE, OP_VMALLOC, OP_DELVMALLOC,
	OP_SUBTREE, OP_SUBTREE_ALLOC, OP_RMSUBTREE, OP_SCRATCH, OP_FINALIZE, OP_ABORT,
	OP_LUO_SESSION, OP_LUO_MEMFD, OP_LUO_FILE, OP_LUO_FLB
};

struct run { uint64_t start, count, step; };    /* vmalloc heads; scratch areas use start and count */

struct folios { uint64_t pfn, count, order, index; };   /* a run of a memfd; index is that of the first */

struct op {
	enum op_kind kind;
	unsigned line;
	char *text;             /* the words, joined by single blanks */
	char *name;             /* subtree, session, compatible of a file, FLB */
	uint64_t a, b, c, d;    /* the numbers, in the order of the line; addresses of pages as PFNs */
	struct run *runs;
	size_t nruns;
	struct folios *folios;
	size_t nfolios;         /* runs, not folios */
};

enum { MAX_REGIONS = 8 };

/* What the lines say about clients that are there from boot on. */
struct client_lines {
	bool metadata;
	uint32_t kexec_count;
	unsigned *test_orders;          /* one for each folio of the self-test */
	size_t ntest;
	bool luo;
	uint64_t liveupdate_num;
	const struct luo_format *luo_format;    /* NULL: none */
	struct region { char *name; uint64_t phys, size; } regions[MAX_REGIONS];
	size_t nregions;
};

struct scenario {
	const char *file;
	bool applies;           /* to this ABI, page size and byte order */
	uint64_t base;
	char uts[65];
	bool kernel_init;
	uint64_t *numa;         /* PFNs at which a node begins */
	size_t nnuma;
	struct op *ops;
	size_t nops;
	struct client_lines clients;
};

void scenario_read(struct scenario *sc, const struct abi *abi, const char *file);

/* ---- arena.c: simulated physical memory ---- */

enum page_state { PAGE_HOLE, PAGE_USED, PAGE_FREED };

extern uint64_t arena_base;
extern uint64_t arena_pages;            /* pages handed out so far, holes included */
extern uint8_t *arena_state;            /* one enum page_state for each page */
extern uintptr_t arena_offset;          /* virtual minus physical address */

void arena_open(uint64_t base, uint64_t bytes);
void arena_recycle(void);
uint64_t arena_alloc(unsigned order);
uint64_t arena_folio(unsigned order);
void arena_free(uint64_t phys, unsigned order);

static inline void *phys_to_virt(uint64_t phys)
{
	return (void *)((uintptr_t)phys + arena_offset);
}

/* ---- the state of the first kernel ---- */

struct vmalloc_desc {           /* 16 bytes that a client embeds in its own data */
	uint64_t first;
	uint32_t total_pages;
	uint16_t flags;
	uint16_t order;
};
_Static_assert(sizeof(struct vmalloc_desc) == 16, "wire format");

struct area { struct vmalloc_desc desc; bool live; };

struct kho {
	const struct abi *abi;
	const struct scenario *sc;      /* NULL in a benchmark */
	uint64_t root;                  /* physical address of the radix root */
	uint64_t fdt;                   /* and of the root FDT's page */
	struct area *areas;
	size_t nareas;
	struct scratch { uint64_t addr, size; } *scratch;
	size_t nscratch;
	uint64_t scratch_array;         /* physical address of the array of them */
	const char *warning;            /* what the line being executed made the kernel warn of */

	/* kho-v1 only */
	struct bitmap { unsigned order; uint64_t index, phys; } *bitmaps;       /* by order, then index */
	size_t nbitmaps;
	uint64_t slab_next;             /* the next slot for a bitmap that is less than a page */
	uint64_t slab_left;             /* slots left in its page */
	uint64_t chunks;                /* physical address of the first chunk of the list, 0 without one */
	bool finalized;
	struct subtree { const char *name; uint64_t phys; } *queue;     /* oldest first */
	size_t nqueue;
	struct subtree early[2];        /* of clients that register themselves at finalize: they come first */
	size_t nearly;

	/* clients */
	struct { uint64_t tree, list, *folios; unsigned tree_order; } test;
	uint64_t memblock;              /* physical address of its tree */
	struct luo *luo;
};

/* ---- radix.c: the tree ---- */

typedef void (*block_fn)(void *ctx, uint64_t phys, int order);

uint64_t radix_key(uint64_t phys, unsigned order);
void radix_add(const struct abi *abi, uint64_t root, uint64_t key);
bool radix_del(const struct abi *abi, uint64_t root, uint64_t key);
void radix_walk(const struct abi *abi, uint64_t root, block_fn fn, void *ctx);

/* ---- chunks.c: the bitmaps of kho-v1 and their list ---- */

void chunks_add(struct kho *k, uint64_t pfn, unsigned order);
bool chunks_del(struct kho *k, uint64_t pfn, unsigned order);
uint64_t chunks_build(struct kho *k);
void chunks_free(uint64_t first);
void chunks_forget(struct kho *k);
void chunks_walk(const struct abi *abi, uint64_t first, block_fn fn, void *ctx);

/* ---- preserve.c: folios and page ranges, in whichever map the release has ---- */

int preserve_folio(struct kho *k, uint64_t pfn, unsigned order);
uint64_t take_and_preserve(struct kho *k, unsigned order);
void unpreserve_folio(struct kho *k, uint64_t pfn, unsigned order);
int preserve_range(struct kho *k, uint64_t pfn, uint64_t nr);
void unpreserve_range(struct kho *k, uint64_t pfn, uint64_t nr);
void map_walk(const struct kho *k, block_fn fn, void *ctx);

/* ---- vmalloc.c ---- */

#define VM_FLAG_ALLOC UINT64_C(0x2)             /* flag values of the kernel's vm_struct */
#define VM_FLAG_HUGE UINT64_C(0x400)

#define CHUNK_SLOTS (PAGE_SIZE / 8 - 1)

struct vmalloc_chunk {          /* exactly one page */
	uint64_t next;
	uint64_t phys[CHUNK_SLOTS];
};
_Static_assert(sizeof(struct vmalloc_chunk) == PAGE_SIZE, "wire format");

int vmalloc_preserve(struct kho *k, const struct op *op);
int vmalloc_preserve_own(struct kho *k, uint64_t phys, uint64_t pages, struct vmalloc_desc *desc);
int vmalloc_unpreserve(struct kho *k, uint64_t index);

/* ---- rootfdt.c ---- */

void rootfdt_create(struct kho *k);
int rootfdt_add(struct kho *k, const char *name, uint64_t phys, uint64_t size);
int rootfdt_remove(struct kho *k, uint64_t phys);
void rootfdt_set_map(struct kho *k, uint64_t phys);
int rootfdt_write(struct kho *k);

/* ---- clients.c: those of the kernel itself ---- */

int clients_boot(struct kho *k);
int clients_finalize(struct kho *k);
int client_register(struct kho *k, const char *name, uint64_t phys, uint64_t size);
void clients_end(struct kho *k);
int luo_execute(struct kho *k, const struct op *op);

/* ---- finalize.c: when what is written ---- */

int subtree_add(struct kho *k, const char *name, uint64_t phys, uint64_t size);
int subtree_remove(struct kho *k, uint64_t phys);
bool is_frozen(const struct kho *k);
bool has_fdt(const struct kho *k);
int handover_finalize(struct kho *k);
int handover_abort(struct kho *k);

/* ---- run.c: executes a scenario; the log comes back as a malloc'ed string ---- */

char *run_scenario(struct kho *k);

/* ---- output.c ---- */

void output_write(struct kho *k, const char *log, const char *dir, const char *full_fdt_page);
FILE *open_or_die(const char *path, const char *mode);
void close_or_die(FILE *f, const char *path);

/* ---- layout.c and bench.c: separate commands ---- */
int layout_main(int argc, char **argv);
int bench_main(int argc, char **argv);

/* ---- main.c: ways to stop ---- */

extern const char *current_file;        /* the scenario that is being executed, for messages */
extern unsigned current_line;

_Noreturn void die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void scenario_fault(const char *what);
_Noreturn void refuse(const char *erratum, const char *why);
void *xrealloc(void *old, size_t count, size_t size);

#endif
