import { makeRules } from './build.js';

const RETRIEVE = 'kho_retrieve_subtree, Linux 6.16 to 7.3';
const B14 = 'erratum B14, Linux 6.16 to 7.3';
const CONTRACT = 'include/linux/kho/abi/, Linux 6.19 to 7.3';

/** Rules that hold for every client: its blob, and what it points to. */
export const CLIENT = makeRules('clients', 'subtrees; needs memory', {
  'client-blob-not-preserved': [
    401,
    'error',
    'the blob of a subtree is not preserved',
    B14,
    'The next kernel takes the address from the root FDT and reads. What is not preserved is free memory to it, and by then may hold anything.',
  ],
  'client-not-preserved': [
    402,
    'error',
    'memory that a client points to is not preserved',
    B14,
    'No client compares its addresses with the map. The next kernel reads, and often frees, memory that somebody else may own by then.',
  ],
  'client-not-in-dump': [
    403,
    'error',
    'memory that a client points to is not in the dump',
    CONTRACT,
    'The address is wild, or the dump lacks pages that kernel 1 had. It is a warning when the map says that the memory is preserved: then the dump is at fault, and what stands there is not checked.',
  ],
  'client-address-zero': [
    404,
    'error',
    'an address that must not be 0 is 0',
    CONTRACT,
    'The next kernel takes physical address 0 for the structure and reads what stands there.',
  ],
  'client-address-misaligned': [
    405,
    'error',
    'an address is not page aligned',
    CONTRACT,
    'Blocks, headers and structures begin with a page, because they are preserved as pages. The next kernel does not check it and restores the page around the address.',
  ],
  'client-address-range': [
    406,
    'error',
    'an address and its length pass the end of all addresses',
    CONTRACT,
    'No memory is there: the bytes were read with the wrong byte order, or are damaged.',
  ],
  'client-reached-twice': [
    407,
    'error',
    'a block or structure is reached twice',
    'kernel/liveupdate/kho_block.c, Linux 7.2 and 7.3',
    'A cycle, or two owners of one page. Chains of blocks are tested for cycles and refused. Elsewhere the second owner restores a page that is already free or in use.',
  ],
  'client-tree': [
    408,
    'error',
    "a client's device tree is damaged",
    RETRIEVE,
    'libfdt fails, and the client treats it like another version: LUO panics, memblock allocates anew, the self-test fails.',
  ],
  'client-node-missing': [
    409,
    'error',
    "a node of a client's device tree is missing",
    CONTRACT,
    'Without the node LUO panics, and the self-test fails.',
  ],
  'client-property': [
    410,
    'error',
    'a property is missing or has the wrong length',
    CONTRACT,
    'Readers compare the length with that of the number they want. memblock allocates anew, LUO panics, the self-test fails.',
  ],
  'client-string-unterminated': [
    411,
    'error',
    'a compatible property is no terminated string',
    CONTRACT,
    'fdt_node_check_compatible finds no string in it: the version counts as another one.',
  ],
  'client-blob-size-small': [
    412,
    'warning',
    'blob-size is less than totalsize of the device tree',
    RETRIEVE,
    'Clients go by totalsize and get along. debugfs shows blob-size bytes only, and a check of the size refuses the blob.',
    'device trees under kho-v3 and later',
  ],
  'client-blob-size-large': [
    413,
    'note',
    'blob-size is more than the client needs',
    RETRIEVE,
    'Accepted: readers ask for a least size and ignore the rest.',
    'subtrees under kho-v3 and later; needs memory',
  ],
  'client-no-reader': [
    414,
    'note',
    'a client that no kernel of this root version has',
    'abi/releases.yaml',
    'The subtree is ignored, and its memory stays withheld until the next cold boot.',
    'subtrees of known clients',
  ],
  'client-area-unread': [
    415,
    'note',
    'a vmalloc area is damaged, and what it holds was not checked',
    'kho_restore_vmalloc, Linux 6.18 to 7.3',
    'The rules of vmalloc areas say what is wrong with it. An ABI without preserved vmalloc areas cannot have one at all: there it is an error.',
    'memfds and the self-test',
  ],
  'client-limit': [
    416,
    'note',
    'there is more than is checked',
    'limits of this program',
    'No kernel writes so much. What is beyond the limit was not looked at.',
    'all clients',
  ],
});
