/** Small fingerprints and tree reports made by hand: what the renderers and verdicts are tested with. */
import { loadTreeMap } from '../../src/abi/index.js';
import {
  type ComponentPrint,
  compareFingerprints,
  type Fingerprint,
  type SourcePlace,
  type StructPrint,
  type TreeReport,
} from '../../src/kernel/index.js';

export const TARGETS = ['le-4k', 'le-16k', 'le-64k'] as const;
const ABI = 'include/linux/kho/abi';

/** Members as `name bytes`, packed one behind the other. */
export function struct(...members: string[]): StructPrint {
  let at = 0;
  const fields = members.map((member) => {
    const [name, bytes] = member.split(' ') as [string, string];
    const bits = Number(bytes) * 8;
    at += bits;
    return { name, type: `u${bits}`, kind: 'integer' as const, bit: at - bits, bits };
  });
  return { size: at / 8, fields };
}

/** What differs from the tree that these tests begin with. */
export interface TreeParts {
  kho?: string;
  luo?: string;
  /** Depth of the map with 16K pages. */
  depth16?: number;
  vmalloc?: StructPrint;
  session?: StructPrint;
  names?: Record<string, string>;
  source?: Record<string, string>;
  docs?: string;
  targets?: readonly string[];
}

export const VMALLOC = struct('first 8', 'total_pages 4', 'flags 2', 'order 2');
/** An array of the same with a wider count, so that what follows it moves. */
export const VMALLOC_WIDE = struct('first 8', 'total_pages 8', 'flags 2', 'order 2');
/** Holds a kho_vmalloc. */
export const session = (vmallocBytes: number): StructPrint => {
  const made = struct('name 64', `files ${vmallocBytes}`);
  return {
    ...made,
    fields: made.fields.map((field) =>
      field.name === 'files'
        ? { ...field, type: 'struct kho_vmalloc', kind: 'struct', tag: 'kho_vmalloc' }
        : field,
    ),
  };
};

/** A tree with core, radix, vmalloc and luo. */
export function print(parts: TreeParts = {}): Fingerprint {
  const targets = parts.targets ?? TARGETS;
  const part = (
    title: string,
    more: Partial<ComponentPrint>,
    of: (target: string) => Partial<ComponentPrint['targets'][string]> = () => ({}),
  ): ComponentPrint => ({
    title,
    guard: [],
    markers: [],
    names: {},
    source: {},
    docs: '0'.repeat(16),
    ...more,
    targets: Object.fromEntries(
      targets.map((target) => [target, { structs: {}, constants: {}, facts: {}, ...of(target) }]),
    ),
  });
  const depth = (target: string): number => (target.endsWith('-16k') ? (parts.depth16 ?? 4) : 4);
  return {
    components: {
      core: part('Root FDT', {
        markers: [
          {
            component: 'core',
            scheme: 'fdt-compatible',
            value: parts.kho ?? 'kho-v3',
            macro: 'KHO_FDT_COMPATIBLE',
          },
        ],
        names: parts.names ?? { KHO_SUB_TREE_PROP_NAME: 'fdt' },
        source: { 'macro KHO_SUB_TREE_PROP_NAME': '3'.repeat(16) },
        docs: parts.docs ?? '0'.repeat(16),
      }),
      radix: part(
        'Map of preserved memory',
        { guard: ['core'], source: parts.source ?? { 'enum kho_radix_consts': '1'.repeat(16) } },
        (target) => ({ facts: { depth: depth(target) } }),
      ),
      vmalloc: part('Preserved vmalloc areas', { guard: ['core'] }, () => ({
        structs: { kho_vmalloc: parts.vmalloc ?? VMALLOC },
      })),
      luo: part(
        'Live Update Orchestrator',
        {
          guard: ['core'],
          markers: [
            {
              component: 'luo',
              scheme: 'struct-string',
              value: parts.luo ?? 'luo-v5',
              macro: 'LUO_ABI_COMPATIBLE',
            },
          ],
        },
        () => ({ structs: { luo_session_ser: parts.session ?? session(16) } }),
      ),
    },
  };
}

/** Lines of the tree's items, written by hand. */
export const PLACES: ReadonlyMap<string, SourcePlace> = new Map([
  ['file core', { file: `${ABI}/kexec_handover.h`, line: 1 }],
  ['file radix', { file: `${ABI}/radix.h`, line: 1 }],
  ['file vmalloc', { file: `${ABI}/vmalloc.h`, line: 1 }],
  ['file luo', { file: `${ABI}/luo.h`, line: 1 }],
  ['macro KHO_FDT_COMPATIBLE', { file: `${ABI}/kexec_handover.h`, line: 90 }],
  ['macro KHO_SUB_TREE_PROP_NAME', { file: `${ABI}/kexec_handover.h`, line: 96 }],
  ['macro LUO_ABI_COMPATIBLE', { file: `${ABI}/luo.h`, line: 40 }],
  ['enum kho_radix_consts', { file: `${ABI}/radix.h`, line: 52 }],
  ['constant KHO_TREE_MAX_DEPTH', { file: `${ABI}/radix.h`, line: 52 }],
  ['struct kho_vmalloc', { file: `${ABI}/vmalloc.h`, line: 70 }],
  ['struct luo_session_ser', { file: `${ABI}/luo.h`, line: 120 }],
]);

/** A report on `after`, compared with `before`; without it, of a tree that was not compared. */
export function report(after: Fingerprint, before?: Fingerprint, more: Partial<TreeReport> = {}): TreeReport {
  return {
    tool: { name: 'kho-abi', version: '9.8.7' },
    tree: { path: 'linux', revision: null, release: '7.3.4' },
    compilers: [{ arch: 'x86_64', command: 'gcc', version: 'gcc 14.2.0' }],
    targets: TARGETS,
    headers: [{ path: `${ABI}/radix.h`, bytes: 2345, sha256: 'ab'.repeat(32) }],
    print: after,
    places: PLACES,
    registry: [],
    lints: [],
    disagreements: [],
    notes: [],
    against: before === undefined ? null : { kind: 'baseline', name: `${ABI}/kho-abi.baseline.json` },
    comparison: before === undefined ? null : compareFingerprints(before, after, loadTreeMap()),
    ...(before === undefined ? {} : { before }),
    ...more,
  };
}

/** The known case: depth of the map with 16K pages fixed, version kept. */
export const DEPTH: TreeReport = report(print({ depth16: 5 }), print());
/** A member of kho_vmalloc grew, no version did; sessions hold one. */
export const VMALLOC_GREW: TreeReport = report(
  print({ vmalloc: VMALLOC_WIDE, session: session(20) }),
  print(),
);
/** Nothing changed. */
export const SAME: TreeReport = report(print(), print());
/** Nothing to compare with. */
export const ALONE: TreeReport = report(print());

/** A report with something of everything. */
export const EVERYTHING: TreeReport = report(
  print({
    depth16: 5,
    luo: 'luo-v6',
    names: { KHO_SUB_TREE_PROP_NAME: 'preserved-data' },
    docs: '2'.repeat(16),
  }),
  print({ targets: [...TARGETS, 'be-4k'] }),
  {
    tree: { path: '.', revision: 'abcdef012345', release: null },
    lints: [
      {
        rule: 'comment-version',
        component: 'core',
        place: { file: `${ABI}/kexec_handover.h`, line: 20 },
        message: 'the comment says kho-v2',
        found: 'kho-v2',
        expected: 'kho-v3',
        hint: 'write kho-v3',
      },
    ],
    disagreements: [
      {
        pageShift: 12,
        byteOrder: 'little',
        arches: ['x86_64', 'arm'],
        item: 'struct luo_session_ser',
        first: '80 bytes',
        second: '76 bytes',
      },
    ],
    notes: [{ place: { file: `${ABI}/luo.h`, line: 7 }, text: 'linux/uuid.h was replaced by an empty file' }],
    registry: [
      {
        component: 'kho',
        parts: ['core', 'radix', 'vmalloc'],
        versions: ['kho-v3'],
        exact: [],
        nearest: 'kho-v3',
        sameVersion: true,
        departures: [
          {
            class: 'wire',
            component: 'radix',
            targets: ['le-16k'],
            item: 'fact depth',
            message: 'depth was 4, is 5',
            affects: [],
          },
        ],
        readiness: 'kho-abi would take it for kho-v3 and misread it: 1 difference; it needs a file in abi/',
      },
      {
        component: 'luo',
        parts: ['luo'],
        versions: ['luo-v5'],
        exact: ['luo-v5'],
        sameVersion: true,
        departures: [],
        readiness: 'known: kho-abi reads and writes it',
      },
    ],
  },
);
