/** What `npm run bench` measures, and the limits. A new benchmark is an entry here and one in bench-worker.mjs. */
import { writeBenchBlob } from './bench-blob.mjs';
import { hasCommand, onSparseDump, scanDenseDump } from './bench-dumps.mjs';
import { againstTool, peakMemory, sideBySide, throughput } from './bench-forms.mjs';

const MILLION = 1e6;
const GIB = 2 ** 30;

/** Made once, for the cases that use it. */
let blobPath;
const blob = () => {
  blobPath ??= writeBenchBlob();
  return blobPath;
};

export const CASES = [
  sideBySide({
    name: 'add-seq',
    title: '10 million sequential pages, one by one',
    size: 10 * MILLION,
    most: 1,
  }),
  sideBySide({
    name: 'add-random',
    title: '10 million random pages within 1 TiB',
    size: 10 * MILLION,
    most: 1.5,
  }),
  sideBySide({
    name: 'fill-dense',
    title: '1 TiB of pages: in bulk, C page by page',
    size: 1024 * GIB,
    most: 0.05,
  }),
  sideBySide({
    name: 'walk-random',
    title: 'walk of the random tree, page by page',
    size: 10 * MILLION,
    most: 2,
  }),
  sideBySide({
    name: 'walk-dense',
    title: 'walk of 64 GiB: as runs, C page by page',
    size: 64 * GIB,
    most: 0.1,
  }),
  throughput({
    name: 'scan-leaves',
    title: 'scan of leaves with one bit each',
    bytes: GIB / 4,
    least: 3,
  }),
  againstTool({
    name: 'fdt-decode',
    title: '1 MiB DTB: decode, against fdtdump',
    blob,
    tool: 'fdtdump',
    args: [],
    most: 1,
  }),
  againstTool({
    name: 'fdt-encode',
    title: '1 MiB DTB: encode, against fdtdump',
    blob,
    tool: 'fdtdump',
    args: [],
    most: 1,
  }),
  peakMemory({
    name: 'handover-rss',
    title: 'peak memory of a 1 TiB handover, above its tree',
    script: 'scripts/bench-handover.mjs',
    mostMib: 64,
  }),
  scanDenseDump({
    name: 'scan-fdt',
    title: 'search of a 4 GiB dump for the root FDT',
    least: 0.5,
  }),
  onSparseDump({
    name: 'big-inspect',
    title: 'inspect 64 GiB, 10 million pages: MiB and time',
    args: (dump) => ['inspect', '--memory', dump],
    mostSeconds: 15,
    mostMib: 300,
  }),
  ...(hasCommand('validate')
    ? [
        onSparseDump({
          name: 'big-validate',
          title: 'validate 64 GiB, 10 million pages: MiB and time',
          args: (dump) => ['validate', dump],
          mostSeconds: 15,
          mostMib: 300,
        }),
      ]
    : []),
];
