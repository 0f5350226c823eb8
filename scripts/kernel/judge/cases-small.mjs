/** Cases of the judge: subtrees, kexec-metadata, memblock, kho_test. Data only; see cases-root.mjs. */
export const SMALL_CASES = [
  ...['LUO', 'kexec-metadata', 'kho_test', 'memblock'].flatMap((name) => [
    {
      id: `${name}-no-size`,
      about: `${name} without blob-size`,
      damage: [['drop', 'root', `/${name}`, 'blob-size']],
    },
    {
      id: `${name}-no-address`,
      about: `${name} without preserved-data`,
      damage: [['drop', 'root', `/${name}`, 'preserved-data']],
    },
    { id: `${name}-absent`, about: `no ${name}`, damage: [['remove', 'root', `/${name}`]] },
  ]),
  {
    id: 'LUO-short-size',
    about: 'LUO with a blob-size of 4 bytes',
    damage: [['fdt', 'root', '/LUO', 'blob-size', '\x20\0\0\0']],
  },
  {
    id: 'subtree-unit-address',
    why: 'libfdt takes LUO@1 for LUO.',
    about: 'LUO named LUO@1',
    damage: [['rename', 'root', '/LUO', 'LUO@1']],
  },
  {
    id: 'subtree-unknown',
    about: 'a subtree that no client knows',
    damage: [['rename', 'root', '/kexec-metadata', 'elsewhere']],
  },
  {
    id: 'metadata-version',
    about: 'kexec-metadata of version 2',
    damage: [['set', 'metadata', 'version', 2]],
  },
  {
    id: 'metadata-size-3',
    about: 'kexec-metadata of 3 bytes',
    damage: [['fdt', 'root', '/kexec-metadata', 'blob-size', 3n]],
  },
  {
    id: 'metadata-size-72',
    about: 'kexec-metadata of 72 bytes',
    damage: [['fdt', 'root', '/kexec-metadata', 'blob-size', 72n]],
  },
  {
    id: 'metadata-size-74',
    about: 'kexec-metadata of 74 bytes',
    damage: [['fdt', 'root', '/kexec-metadata', 'blob-size', 74n]],
  },
  {
    id: 'metadata-open-string',
    about: 'kexec-metadata with a release of 65 characters and no NUL',
    damage: [['text', 'metadata', 'previous_release', 'r'.repeat(65)]],
  },
  {
    id: 'metadata-count',
    about: 'kexec-metadata with the largest count',
    damage: [['set', 'metadata', 'kexec_count', 0xffff_ffff]],
  },
  {
    id: 'memblock-string',
    about: 'memblock with another string',
    damage: [['fdt', 'memblock', '/', 'compatible', 'memblock-v2\0']],
  },
  {
    id: 'memblock-region-string',
    about: 'a region with another string',
    damage: [['fdt', 'memblock', '/trace', 'compatible', 'reserve-mem-v2\0']],
  },
  {
    id: 'memblock-region-renamed',
    about: 'a region under another name',
    damage: [['rename', 'memblock', '/trace', 'other']],
  },
  {
    id: 'memblock-no-start',
    about: 'a region without start',
    damage: [['drop', 'memblock', '/trace', 'start']],
  },
  {
    id: 'memblock-short-size',
    about: 'a region with a size of 4 bytes',
    damage: [['fdt', 'memblock', '/trace', 'size', '\0\0\x10\0']],
  },
  {
    id: 'memblock-odd-start',
    about: 'a region that begins inside a page',
    damage: [['fdt', 'memblock', '/trace', 'start', 'page 0 + 0x800']],
  },
  {
    id: 'memblock-size',
    about: 'a region of another size than the command line asks for',
    damage: [['fdt', 'memblock', '/trace', 'size', 0x200000n]],
  },
  {
    id: 'memblock-unpreserved',
    why: 'The region is reserved anew before anybody can take it: it comes back although the map does not hold it.',
    about: 'a region that the map does not hold',
    damage: [['unpreserve', 'region trace']],
  },
  { id: 'memblock-magic', about: 'memblock is no FDT', damage: [['be32', 'memblock', 0, 0x1234]] },
  {
    id: 'kho_test-string',
    about: 'kho_test with another string',
    damage: [['fdt', 'kho_test', '/', 'compatible', 'kho-test-v2\0']],
  },
  {
    id: 'kho_test-magic',
    about: 'kho_test with another magic',
    damage: [['fdt', 'kho_test', '/', 'magic', '!!!!']],
  },
  { id: 'kho_test-no-magic', about: 'kho_test without magic', damage: [['drop', 'kho_test', '/', 'magic']] },
  {
    id: 'kho_test-checksum',
    about: 'kho_test with another checksum',
    damage: [['fdt', 'kho_test', '/data', 'csum', '\x01\x02\x03\x04']],
  },
  {
    id: 'kho_test-content',
    about: 'a folio of kho_test with another byte',
    damage: [['byte', 'folio 1', 100, 0x5a]],
  },
  {
    id: 'kho_test-unpreserved',
    about: 'a folio of kho_test that the map does not hold',
    damage: [['unpreserve', 'folio 1']],
  },
  {
    id: 'kho_test-order',
    about: 'a folio of kho_test whose order the list has wrong',
    damage: [['byte', 'folio-entry 1', 0, 2]],
  },
  {
    id: 'kho_test-no-list',
    about: 'kho_test without folios_info',
    damage: [['drop', 'kho_test', '/data', 'folios_info']],
  },
  {
    id: 'kho_test-fewer',
    about: 'kho_test with nr_folios one too small',
    damage: [['fdt', 'kho_test', '/data', 'nr_folios', '\x04\0\0\0']],
  },
  {
    id: 'kho_test-list-cut',
    about: 'the list of kho_test has lost its first page',
    damage: [['set', 'chunk kho_test', 'phys', 0n]],
  },
];
