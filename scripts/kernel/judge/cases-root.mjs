/**
 * Cases of the judge: root FDT, memory map, handoff and scratch. Data only. `damage` is a list of changes (damage.mjs carries them
 * out) to the handover of `scenario`, default everything.scenario. `why` explains a difference between prediction and kernel,
 * where there is one.
 */
export const ROOT_CASES = [
  { id: 'root-v3', about: 'root string kho-v3', damage: [['fdt', 'root', '/', 'compatible', 'kho-v3\0']] },
  { id: 'root-v2', about: 'root string kho-v2', damage: [['fdt', 'root', '/', 'compatible', 'kho-v2\0']] },
  {
    id: 'root-list',
    about: 'root string is a list that holds kho-v4',
    damage: [['fdt', 'root', '/', 'compatible', 'vmalloc-v1\0kho-v4\0']],
  },
  {
    id: 'root-composite',
    about: 'composite string of a patch series: kho-v4;radix-v1;vmalloc-v1',
    damage: [['fdt', 'root', '/', 'compatible', 'kho-v4;radix-v1;vmalloc-v1\0']],
  },
  { id: 'root-no-string', about: 'no root string', damage: [['drop', 'root', '/', 'compatible']] },
  {
    id: 'root-open-string',
    why: 'Finding. libfdt compares with the length of the property and takes a string without its NUL: accepted.',
    about: 'root string without its NUL',
    damage: [['fdt', 'root', '/', 'compatible', 'kho-v4']],
  },
  { id: 'map-zero', about: 'map address 0', damage: [['fdt', 'root', '/', 'preserved-memory-map', 0n]] },
  { id: 'map-missing', about: 'no map property', damage: [['drop', 'root', '/', 'preserved-memory-map']] },
  {
    id: 'map-short',
    about: 'map property of 4 bytes',
    damage: [['fdt', 'root', '/', 'preserved-memory-map', '\0\0\0\x40']],
  },
  {
    id: 'map-empty-tree',
    about: 'map address leads to a page of zeros: nothing is preserved',
    damage: [['fdt', 'root', '/', 'preserved-memory-map', 'spare']],
  },
  {
    id: 'map-wrong-page',
    about: 'map address leads to the FDT page',
    damage: [['fdt', 'root', '/', 'preserved-memory-map', 'root']],
  },
  {
    id: 'map-outside',
    about: 'map address outside memory',
    damage: [['fdt', 'root', '/', 'preserved-memory-map', 0x7_0000_0000n]],
  },
  { id: 'fdt-magic', about: 'wrong magic', damage: [['be32', 'root', 0, 0xd00dfeee]] },
  { id: 'fdt-totalsize-tiny', about: 'totalsize 16', damage: [['be32', 'root', 4, 16]] },
  { id: 'fdt-totalsize-cut', about: 'totalsize cuts off the strings', damage: [['be32', 'root', 4, 233]] },
  {
    id: 'fdt-version',
    about: 'needs a reader of version 18',
    damage: [
      ['be32', 'root', 24, 18],
      ['be32', 'root', 20, 18],
    ],
  },
  {
    id: 'fdt-struct-outside',
    about: 'structure block beyond the blob',
    damage: [['be32', 'root', 8, 0x1_0000]],
  },
  { id: 'fdt-first-tag', about: 'the first tag is no tag', damage: [['be32', 'root', 0x38, 0x77]] },
  { id: 'fdt-zeros', about: 'FDT page of zeros', damage: [['fill', 'root', 4096, 0]] },
  { id: 'key-0', about: 'key 0 in the map', damage: [['key', 0n]] },
  { id: 'key-1', about: 'key 1 in the map: the order bit is bit 0', damage: [['key', 1n]] },
  {
    id: 'key-wide',
    about: 'key with the order bit above the position of order 0',
    damage: [['key', 1n << 54n]],
  },
  {
    id: 'key-outside',
    why: 'Finding. No kernel checks that a preserved block is memory: writing its mark oopses early in boot.',
    about: 'a page outside memory is preserved',
    damage: [['block', 0x7_0000_0000n, 0]],
  },
  {
    id: 'key-scratch',
    why: 'A preserved page inside scratch is accepted; nothing warns.',
    about: 'a page inside a scratch area is preserved',
    damage: [['block', 'scratch 1', 0]],
  },
  {
    id: 'key-two-orders',
    about: 'a page and the block of order 3 around it are preserved',
    damage: [['block', 'page 3', 3]],
  },
  {
    id: 'unprotected-fdt',
    about: 'the FDT page is not preserved',
    damage: [['unpreserve', 'root']],
  },
  {
    id: 'scratch-none',
    why: 'Mapping 0 bytes fails with a warning of early_ioremap, then the boot is cold.',
    about: 'scratch array of 0 bytes',
    damage: [['handoff', 'scratchSize', 0n]],
  },
  { id: 'scratch-half', about: 'scratch array of 8 bytes', damage: [['handoff', 'scratchSize', 8n]] },
  {
    id: 'scratch-remainder',
    about: 'scratch array with a remainder of 8 bytes',
    damage: [['handoff', 'scratchSize', 56n]],
  },
  { id: 'scratch-one', about: 'only the first scratch area', damage: [['handoff', 'scratchSize', 16n]] },
  { id: 'scratch-empty-area', about: 'a scratch area of 0 bytes', damage: [['area', 2, { size: 0n }]] },
  {
    id: 'scratch-tiny',
    about: 'scratch areas of 64 KiB',
    damage: [0, 1, 2].map((index) => ['area', index, { size: 0x1_0000n }]),
  },
  {
    id: 'scratch-outside',
    why: 'Finding. memblock_add makes memory of any area: the kernel allocates its page tables where no memory is.',
    about: 'a scratch area outside memory',
    damage: [['area', 2, { address: 0x7_0000_0000n }]],
  },
  {
    id: 'scratch-twice',
    about: 'the same scratch area twice',
    damage: [['area', 2, { address: 'scratch 1' }]],
  },
  {
    id: 'scratch-odd',
    why: 'Finding. An area that begins inside a page is accepted and ends in an oops when struct pages are set up.',
    about: 'a scratch area that begins inside a page',
    damage: [['area', 2, { shift: 0x800n }]],
  },
  {
    id: 'scratch-over-pages',
    why: 'Finding. An area over preserved pages is accepted; here nothing was lost, because the kernel had other areas to allocate from.',
    about: 'a scratch area over the pages of the handover',
    damage: [['area', 2, { address: 'root' }]],
  },
  {
    id: 'handoff-no-fdt',
    why: 'Finding. The kernel maps whatever address it is told and reads it. On arm64 without memory there this is an external abort before any console works: the machine stands still without a word. kho_populate\'s "failed to memremap FDT" cannot be reached this way.',
    about: 'FDT address outside memory',
    damage: [['handoff', 'fdtAddress', 0x7_0000_0000n]],
  },
  {
    id: 'handoff-fdt-size-0',
    why: 'Mapping 0 bytes fails with a warning of early_ioremap, then the boot is cold.',
    about: 'FDT size 0',
    damage: [['handoff', 'fdtSize', 0n]],
  },
  {
    id: 'other-page-size',
    about: 'a handover of 16K pages',
    handoverPageShift: 14,
    kernels: ['arm64 4K'],
    damage: [],
  },
  { id: 'other-abi-v3', about: 'a handover of kho-v3', abi: 'kho-v3', scenario: 'plain', damage: [] },
  {
    id: 'other-abi-v1',
    about: 'a handover of kho-v1, Linux 6.19',
    abi: 'kho-v1-6.19',
    scenario: 'plain-v1',
    damage: [],
  },
];
