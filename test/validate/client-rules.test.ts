/**
 * Sound handovers with one change, and the rule that must say so. That every rule has such a case is asserted in clients.test.ts;
 * here the places to damage come from the decoder, there from the scenario.
 */
import { describe, expect, test } from 'vitest';
import {
  type DecodedClient,
  decodeHandover,
  type EncodedHandover,
  encodeScenario,
  getAbi,
  type LuoData,
  type MemblockData,
  makeTarget,
  parseScenario,
  writeU64,
} from '../../src/index.js';
import { allRules, type ValidationReport, validate } from '../../src/validate/index.js';

const NAMES = new Map(allRules().map(({ id, name }) => [id, name]));

const BASE = [
  'init kernel',
  'kho-test 0 1',
  'luo session vm',
  'luo memfd 0xa1 16384 0x2000:4',
  'luo memfd 0xa2 8192 0x3000:2',
  'luo session other',
  'luo flb one 0x1234 3',
  'memblock n1 0x40000000 0x10000',
  'memblock n2 0x50000000 0x10000',
  '',
].join('\n');

function encode(text = BASE, abi = 'kho-v4'): EncodedHandover {
  return encodeScenario(parseScenario(text, 'test'), makeTarget(getAbi(abi), 'little', 12));
}

interface Writer {
  u64(at: bigint, value: bigint): void;
  bytes(at: bigint, bytes: Uint8Array): void;
}

function run(made: EncodedHandover): ValidationReport {
  const input = { path: 'x', kind: 'test', bytes: 0, sha256: null };
  const report = validate({
    inputs: [input],
    fdt: { bytes: made.fdt, input: 0 },
    fdtAddress: made.fdtAddress,
    memory: { memory: made.producer.store, input: 0 },
    told: { abi: made.target.abi, byteOrder: 'little', pageShift: 12 },
    tool: { name: 'kho-abi', version: 'test' },
    started: null,
  });
  return report;
}

const names = (report: ValidationReport): string[] => report.findings.map(({ rule }) => NAMES.get(rule)!);

/** Changes a handover at places that its own decoder names, and validates it. */
function changed(change: (write: Writer, clients: Clients) => void, made = encode()): string[] {
  const bytes = (at: bigint, data: Uint8Array): void => made.producer.store.write(at, data);
  const decoded = decodeHandover(made.fdt, {
    memory: made.producer.store,
    fdtAddress: made.fdtAddress,
    abi: made.target.abi,
    pageShift: 12,
  });
  change(
    {
      bytes,
      u64: (at, value) => {
        const word = new Uint8Array(8);
        writeU64(word, 0, value, 'little');
        bytes(at, word);
      },
    },
    new Clients(decoded.clients),
  );
  return names(run(made));
}

class Clients {
  readonly list: readonly DecodedClient[];
  constructor(list: readonly DecodedClient[]) {
    this.list = list;
  }
  named(name: string): DecodedClient {
    return this.list.find((client) => client.name === name)!;
  }
  get luo(): LuoData {
    return this.named('LUO').data as LuoData;
  }
  get memblock(): MemblockData {
    return this.named('memblock').data as MemblockData;
  }
  get memfd() {
    return this.luo.sessions[0]!.files[0]!.memfd!;
  }
}

test('a sound handover has no finding about clients but the two forms of a self-test with two folios', () => {
  expect(names(run(encode())).filter((name) => !name.startsWith('map'))).toEqual(['kho-test-list-ambiguous']);
});

const text = (value: string): Uint8Array => Buffer.from(value, 'latin1');

describe('LUO and memfd', () => {
  test.each<[string, (write: Writer, clients: Clients) => void]>([
    ['client-not-in-dump', ({ u64 }, { luo }) => u64(luo.flbsAddress!.address, 0x7_0000_0000n)],
    ['luo-version', ({ bytes }, clients) => bytes(clients.named('LUO').address, text('luo-v9'))],
    [
      'kho-test-folio-entry',
      ({ u64 }, clients) => {
        const { data } = clients.named('kho_test');
        // Order 63 in the low bits of an entry of the list.
        if (data?.kind === 'kho-test') u64(data.folios[0]!.at, data.folios[0]!.address | 63n);
      },
    ],
    ['memfd-folio-not-preserved', ({ u64 }, { memfd }) => u64(memfd.runs[0]!.address, 0x6000n | (3n << 52n))],
    ['luo-block-count', ({ u64 }, { luo }) => u64(luo.sessionsAddress!.value + 8n, 0n)],
    ['luo-block-count', ({ u64 }, { luo }) => u64(luo.sessionsAddress!.value + 8n, 52n)],
    [
      'client-reached-twice',
      ({ u64 }, { luo }) => u64(luo.sessionsAddress!.value, luo.sessionsAddress!.value),
    ],
    ['luo-array-overflow', ({ u64 }, { luo }) => u64(luo.flbsAddress!.value + 8n, 64n)],
    ['luo-session-duplicate', ({ bytes }, { luo }) => bytes(luo.sessions[1]!.name.address, text('vm\0\0\0'))],
    ['luo-files-count', ({ u64 }, { luo }) => u64(luo.sessions[0]!.count.address, 3n)],
    ['luo-files-null', ({ u64 }, { luo }) => u64(luo.sessions[0]!.filesAddress.address, 0n)],
    [
      'memfd-version',
      ({ bytes }, { luo }) => bytes(luo.sessions[0]!.files[0]!.compatible.address, text('memfd-v9')),
    ],
    ['memfd-seals', ({ bytes }, { memfd }) => bytes(memfd.seals!.address, Uint8Array.of(0x40))],
    ['memfd-flags', ({ bytes }, { memfd }) => bytes(memfd.flags!.address, Uint8Array.of(1))],
    ['vmalloc-first', ({ u64 }, { memfd }) => u64(memfd.folios.address, 0n)],
    ['memfd-list-overflow', ({ u64 }, { memfd }) => u64(memfd.folioCount.address, 257n)],
    ['memfd-entry-pfn-zero', ({ u64 }, { memfd }) => u64(memfd.runs[0]!.address, 3n << 52n)],
    [
      'memfd-folio-overlap',
      ({ u64 }, { luo }) => u64(luo.sessions[0]!.files[1]!.memfd!.runs[0]!.address, 0x2000n | (3n << 52n)),
    ],
    ['memfd-index-beyond', ({ u64 }, { memfd }) => u64(memfd.size.address, 4096n)],
  ])('%s', (name, change) => {
    expect(changed(change)).toContain(name);
  });

  test('luo-too-small', () => {
    const made = encode('init kernel\nluo session vm\n');
    // blob-size of LUO is the first property of its node; 32 becomes 16.
    const at = made.fdt.indexOf(32, made.fdt.indexOf('LUO'.charCodeAt(0), 0x60));
    made.fdt[at] = 16;
    expect(names(run(made))).toContain('luo-too-small');
  });

  test('luo-block-limit', () => {
    const made = encode('init kernel\nluo session vm\n');
    const names = changed(({ u64, bytes }, { luo }) => {
      // A chain of 10001 blocks with one session each, outside the arena.
      const first = luo.sessionsAddress!.value;
      const base = 0x20_0000_0000n;
      const entry = made.producer.store.read(first + 16n, 80)!.slice();
      for (let block = 0; block < 10_001; block++) {
        const block0 = base + BigInt(block) * 4096n;
        u64(block0, block0 + 4096n);
        u64(block0 + 8n, 1n);
        entry.set(text(`s${block}\0`));
        bytes(block0 + 16n, entry);
      }
      u64(first, base);
    }, made);
    expect(names).toContain('luo-block-limit');
  });

  test('an empty last block, as a refused session name leaves it (erratum B9)', () => {
    const sessions = Array.from({ length: 51 }, (_, index) => `luo session s${index}`);
    expect(names(run(encode(['init kernel', ...sessions, 'luo session s0'].join('\n'))))).toContain(
      'luo-block-empty-last',
    );
  });

  test('luo-node: 6.19 writes no luo-flb node', () => {
    const report = run(encode('init kernel\nluo session vm\n', 'kho-v1-6.19'));
    expect(names(report)).toContain('luo-flb-node-absent');
  });

  test('memfd-folio-head: the folio lies inside a larger block', () => {
    const made = encode('init kernel\npage 0x4000 4\nluo session vm\nluo memfd 0xa1 4096 0x2000:1\n');
    expect(
      changed(({ u64 }, { memfd }) => u64(memfd.runs[0]!.address, 0x4001n | (3n << 52n)), made),
    ).toContain('memfd-folio-order');
  });
});

describe('memblock', () => {
  test.each<[string, (write: Writer, clients: Clients) => void]>([
    [
      'reserve-mem-overlap',
      ({ u64 }, { memblock }) => u64(memblock.regions[1]!.start!.address, 0x4000_8000n),
    ],
    [
      'reserve-mem-alignment',
      ({ u64 }, { memblock }) => u64(memblock.regions[0]!.start!.address, 0x4000_0800n),
    ],
    [
      'reserve-mem-not-preserved',
      ({ u64 }, { memblock }) => u64(memblock.regions[0]!.size!.address, 0x2_0000n),
    ],
    [
      'reserve-mem-not-preserved',
      ({ u64 }, { memblock }) => u64(memblock.regions[0]!.start!.address, 0x6000_0000n),
    ],
    [
      'reserve-mem-version',
      ({ bytes }, { memblock }) => bytes(memblock.regions[0]!.compatible!.address, text('reserve-mem-v9')),
    ],
    // The length of `start`, eight bytes before its value, becomes 4: the tree stays sound.
    [
      'client-property',
      ({ bytes }, { memblock }) => bytes(memblock.regions[0]!.start!.address - 8n, Uint8Array.of(0, 0, 0, 5)),
    ],
  ])('%s', (name, change) => {
    expect(changed(change)).toContain(name);
  });

  test('memblock-tail (erratum B13)', () => {
    expect(names(run(encode('init kernel\nmemblock n1 0x40000000 0x1800\n')))).toContain(
      'reserve-mem-partial-page',
    );
  });
});

describe('self-test and metadata', () => {
  test.each<[string, (write: Writer, clients: Clients) => void]>([
    [
      'kho-test-checksum',
      ({ bytes }, clients) => {
        const { data } = clients.named('kho_test');
        if (data?.kind === 'kho-test') bytes(data.folios[0]!.address + 64n, Uint8Array.of(1));
      },
    ],
    [
      'kho-test-magic',
      ({ bytes }, clients) => {
        const { data } = clients.named('kho_test');
        if (data?.kind === 'kho-test') bytes(data.magic!.address, Uint8Array.of(0));
      },
    ],
    [
      'metadata-version',
      ({ bytes }, clients) => bytes(clients.named('kexec-metadata').address, Uint8Array.of(2)),
    ],
  ])('%s', (name, change) => {
    expect(changed(change)).toContain(name);
  });

  test('metadata-too-small', () => {
    const made = encode('init kernel\n');
    const at = made.fdt.indexOf(73, 0x60);
    made.fdt[at] = 72;
    expect(names(run(made))).toContain('metadata-too-small');
  });
});
