/**
 * Readers meet damaged and hostile input. Whatever the bytes, each gives a result or a KhoError with exit status 2 that says
 * where; nothing else is thrown, nothing hangs, and an error in a file names the file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BufferSource,
  checkFdt,
  decodeHandover,
  dtcView,
  ElfMemory,
  encodeScenario,
  findRootFdts,
  getAbi,
  KhoError,
  makeTarget,
  type PhysicalMemory,
  parseScenario,
  readFdt,
  readFdtPage,
  readHexdump,
  walkText,
  writeDtc,
  writeElfCore,
  writeHexdump,
} from '../../src/index.js';
import { inspectReport, inspectText } from '../../src/report/index.js';

const ROOT = join(import.meta.dirname, '../..');
const BLOBS = [
  ...readdirSync(join(ROOT, 'test/fixtures/dtb'))
    .filter((name) => name.endsWith('.dtb'))
    .map((name) => join(ROOT, 'test/fixtures/dtb', name)),
  join(ROOT, 'golden/kho-v2/le-4k/22-fdt-3/handover.dtb'),
  join(ROOT, 'golden/kho-v4/be-16k/54-fdt-vector-two/handover.dtb').replace('be-16k', 'le-4k'),
  join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k/debugfs-in-fdt.dtb'),
].map((path) => readFileSync(path));

/** A change to bytes: flip bits, put a word that is often special, cut, repeat a part. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('word' as const),
    at: fc.nat(),
    value: fc.constantFrom(0, 1, 2, 3, 4, 9, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff, 0xd00dfeed),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('copy' as const), at: fc.nat(), from: fc.nat(), length: fc.nat(64) }),
);

type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function mutate(good: Buffer, changes: readonly Change[]): Buffer {
  let bytes = Buffer.from(good);
  for (const each of changes) {
    if (bytes.length < 8) break;
    const at = each.at % bytes.length;
    if (each.kind === 'flip') bytes[at]! ^= 1 << each.bit;
    else if (each.kind === 'word') bytes.writeUInt32BE(each.value, Math.min(at & ~3, bytes.length - 4));
    else if (each.kind === 'cut') bytes = bytes.subarray(0, at);
    else bytes.copy(bytes, at, each.from % bytes.length, (each.from % bytes.length) + each.length);
  }
  return bytes;
}

/** Runs a reader; a KhoError with exit status 2 is a good answer, anything else that is thrown is a defect of ours. */
function survives<Result>(work: () => Result): Result | KhoError {
  try {
    return work();
  } catch (error) {
    if (error instanceof KhoError && error.exitStatus === 2) {
      expect(error.message.length).toBeGreaterThan(10);
      return error;
    }
    throw error;
  }
}

const changes = fc.array(change, { minLength: 1, maxLength: 6 });
const RUNS = { numRuns: 1500 };

describe('device tree blobs', () => {
  test('mutated: the checker never throws, the reader agrees with it, writers take what was read', () => {
    fc.assert(
      fc.property(fc.constantFrom(...BLOBS), changes, (good, list) => {
        const bytes = mutate(good, list);
        const { defects } = checkFdt(bytes);
        const tree = survives(() => readFdt(bytes, { source: 'mutated.dtb' }));
        // One rule book: what the checker calls an error the reader refuses, and nothing else.
        expect(tree instanceof KhoError).toBe(defects.some(({ severity }) => severity === 'error'));
        if (tree instanceof KhoError) expect(tree.message).toContain('mutated.dtb');
        else {
          const written = writeDtc(dtcView(tree).tree);
          expect(checkFdt(written).defects.filter(({ severity }) => severity === 'error')).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  test('pure noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const framed = Buffer.concat([Buffer.from('d00dfeed', 'hex'), bytes]);
        survives(() => readFdt(framed));
        survives(() => decodeHandover(framed));
        checkFdt(framed);
      }),
      RUNS,
    );
  });
});

/** A small handover with everything in it, as FDT and memory, for a target. */
function sample(abi: string, order: 'little' | 'big', shift: 12 | 14 | 16) {
  const text =
    'init kernel\npage 0x12340 4\nrange 0x7fe01 0x100\nvmalloc 0 1 0x200001:20:3\nsubtree LUO alloc 32\ndelpage 0x12340 4\n';
  return encodeScenario(parseScenario(text, 's'), makeTarget(getAbi(abi), order, shift));
}

describe('memory', () => {
  const samples = [
    sample('kho-v2', 'little', 12),
    sample('kho-v4', 'big', 12),
    sample('kho-v2', 'little', 14),
    sample('kho-v4', 'little', 16),
  ];
  const cores = samples.map((made) => Buffer.from(writeElfCore(made.memory, made.target)));
  const capture = gunzipSync(
    readFileSync(join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k-luo/memory.elf.gz')),
  );

  test('mutated ELF cores, from header to handover', () => {
    fc.assert(
      fc.property(fc.constantFrom(...cores.slice(0, 2), capture), changes, (good, list) => {
        const bytes = mutate(good, list);
        survives(() => {
          const memory = new ElfMemory(new BufferSource('mutated.elf', bytes));
          for (const { address } of findRootFdts(memory)) {
            survives(() => {
              const handover = decodeHandover(readFdtPage(memory, address), { memory, fdtAddress: address });
              inspectText(handover);
              inspectReport(handover, { fdt: 'x' }, { walk: true });
            });
          }
        });
      }),
      { numRuns: 400 },
    );
  });

  test('headers of an ELF core, word by word', () => {
    const header = cores[0]!.subarray(0, 64 + 56 * 2);
    for (let at = 0; at < header.length; at += 4) {
      for (const value of [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
        const bytes = Buffer.from(cores[0]!);
        bytes.writeUInt32LE(value, at);
        survives(() => {
          const memory = new ElfMemory(new BufferSource('x', bytes));
          memory.read(0x1_0000_0000n, 4096);
          findRootFdts(memory);
        });
      }
    }
  });

  test('mutated pages: pointers to anywhere, keys of any kind, cycles', () => {
    // Only words inside the pages change, so that the walk itself is what is tried.
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.boolean()), {
          minLength: 1,
          maxLength: 5,
        }),
        (made, words) => {
          const pages = new Map<bigint, Buffer>();
          for (const { start, end } of made.memory.ranges()) {
            for (let at = start; at < end; at += BigInt(2 ** made.target.pageShift)) {
              pages.set(at, Buffer.from(made.memory.read(at, 2 ** made.target.pageShift)!));
            }
          }
          const addresses = [...pages.keys()];
          for (const [page, slot, value, known] of words) {
            const bytes = pages.get(addresses[page % addresses.length]!)!;
            const at = (slot * 8) % bytes.length;
            const word = known ? addresses[Number(value % BigInt(addresses.length))]! : value;
            if (made.target.byteOrder === 'little') bytes.writeBigUInt64LE(word, at);
            else bytes.writeBigUInt64BE(word, at);
          }
          const memory: PhysicalMemory = {
            source: 'mutated',
            hints: made.memory.hints,
            ranges: () => made.memory.ranges(),
            read: (address, length) => pages.get(address)?.subarray(0, length),
          };
          survives(() => {
            const handover = decodeHandover(made.fdt, { memory, fdtAddress: made.fdtAddress });
            walkText(handover.map!);
            inspectText(handover);
          });
        },
      ),
      { numRuns: 600 },
    );
  });

  test('mutated hexdumps', () => {
    const text = Buffer.from(writeHexdump(samples[0]!.memory, { byteOrder: 'little', pageShift: 12 }));
    fc.assert(
      fc.property(changes, (list) => {
        survives(() => readHexdump(mutate(text, list).toString('latin1'), 'mutated.hexdump').ranges());
      }),
      { numRuns: 300 },
    );
  });
});

describe('scenarios', () => {
  const texts = readdirSync(join(ROOT, 'golden/scenarios'))
    .filter((name) => name.endsWith('.scenario') && !name.startsWith('60'))
    .map((name) => readFileSync(join(ROOT, 'golden/scenarios', name)));

  test('mutated texts', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), changes, (good, list) => {
        const found = survives(() =>
          parseScenario(mutate(good, list).toString('latin1'), 'mutated.scenario'),
        );
        if (found instanceof KhoError) expect(found.message).toMatch(/^mutated\.scenario:\d+:\d+: /);
      }),
      RUNS,
    );
  });

  test('words in any order', () => {
    const word = fc.constantFrom(
      'page',
      'pages',
      'range',
      'vmalloc',
      'delvmalloc',
      'subtree',
      'alloc',
      'rmsubtree',
      'scratch',
      'delpage',
      '0',
      '1',
      '3',
      '0x10',
      '0x1000',
      '0xffffffffffffffff',
      '5:2',
      '1:1:1',
      'raw:2',
      'LUO',
      '#',
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 8 }),
        fc.constantFrom(12, 14, 16),
        (lines, shift) => {
          survives(() => {
            const scenario = parseScenario(lines.map((line) => line.join(' ')).join('\n'), 's');
            encodeScenario(scenario, makeTarget(getAbi('kho-v2'), 'big', shift as 12));
          });
        },
      ),
      { numRuns: 800 },
    );
  });
});
