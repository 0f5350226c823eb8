/**
 * What is fuzzed: for each reader how to make an input and how to run it. An input is bytes, so that it can be kept as a file. A run ends
 * well when nothing but a KhoError comes out of it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as kho from '../../dist/index.js';
import { FORMATS, inspectReport, inspectText, renderReport } from '../../dist/report/index.js';
import { validate } from '../../dist/validate/index.js';
import { fuzzBlob, seedBlobs } from './fuzz-blobs.mjs';
import { fuzzCore } from './fuzz-dumps.mjs';
import { fuzzGzip, fuzzHexdump, fuzzScenario } from './fuzz-texts.mjs';

/** Longest time for one input, in milliseconds: the readers' work is linear in an input of some MiB. */
export const TIME_LIMIT_MS = 2000;
/** Resident bytes that a process may have after any input. */
export const MEMORY_LIMIT = 700 * 2 ** 20;
/** Preserved blocks up to which a walk is printed. */
const WALK_LIMIT = 100_000;

let seeds;

export const TARGETS = {
  fdt: {
    make: (random) => {
      seeds ??= seedBlobs();
      return fuzzBlob(seeds, random.word(), random.word());
    },
    run: (bytes) => {
      const refused = kho.checkFdt(bytes).defects.some(({ severity }) => severity === 'error');
      const tree = attempt(() => kho.readFdt(bytes, { source: 'fuzz' }));
      if ((tree === undefined) !== refused) throw new Error('checker and reader disagree');
      if (tree !== undefined) kho.writeDtc(kho.dtcView(tree).tree);
      const handover = attempt(() => kho.decodeHandover(bytes));
      if (handover !== undefined) render(handover);
    },
  },
  core: {
    make: fuzzCore,
    run: (bytes) => {
      const memory = attempt(() => new kho.ElfMemory(new kho.BufferSource('fuzz', bytes)));
      if (memory !== undefined) handovers(memory);
    },
  },
  validate: {
    make: (random) => (random.oneIn(4) ? TARGETS.fdt.make(random) : fuzzCore(random)),
    run: (bytes) => {
      const memory = attempt(() => new kho.ElfMemory(new kho.BufferSource('fuzz', bytes)));
      if (memory === undefined) return judge({ fdt: { bytes, input: 0 } });
      for (const { address } of kho.findRootFdts(memory).slice(0, 4)) {
        const fdt = attempt(() => kho.readFdtPage(memory, address));
        if (fdt !== undefined)
          judge({ fdt: { bytes: fdt, input: 0 }, fdtAddress: address, memory: { memory, input: 0 } });
      }
    },
  },
  vmalloc: {
    make: fuzzCore,
    run: (bytes) => {
      const memory = attempt(() => new kho.ElfMemory(new kho.BufferSource('fuzz', bytes)));
      if (memory !== undefined) areas(memory);
    },
  },
  hexdump: {
    make: fuzzHexdump,
    run: (bytes) => {
      const memory = attempt(() => kho.readHexdump(bytes.toString('latin1'), 'fuzz'));
      if (memory !== undefined) handovers(memory);
    },
  },
  gzip: {
    make: fuzzGzip,
    run: async (bytes) => {
      const folder = mkdtempSync(join(tmpdir(), 'kho-abi-fuzz-'));
      try {
        const path = join(folder, 'input');
        writeFileSync(path, bytes);
        const dump = await kho.openMemory(path).catch(onlyKho);
        if (dump === undefined) return;
        handovers(dump.memory);
        dump.close();
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  scenario: {
    make: fuzzScenario,
    run: (bytes) => {
      const scenario = attempt(() => kho.parseScenario(bytes.toString('latin1'), 'fuzz'));
      if (scenario === undefined) return;
      for (const abi of kho.allAbis())
        attempt(() => kho.encodeScenario(scenario, kho.makeTarget(abi, 'little', 12)));
    },
  },
};

/** Every root FDT of a dump, decoded and rendered; with and without what the dump says of its target. */
function handovers(memory) {
  for (const { address } of kho.findRootFdts(memory).slice(0, 4)) {
    const bytes = attempt(() => kho.readFdtPage(memory, address));
    if (bytes === undefined) continue;
    const plain = {
      source: 'fuzz',
      hints: {},
      ranges: () => memory.ranges(),
      read: (at, length) => memory.read(at, length),
    };
    for (const told of [memory, plain]) {
      const handover = attempt(() => kho.decodeHandover(bytes, { memory: told, fdtAddress: address }));
      if (handover !== undefined) render(handover);
    }
  }
}

/** Every rule, and the report in every format. */
function judge(subject) {
  const inputs = [{ path: 'fuzz', kind: 'fuzz', bytes: 0, sha256: null }];
  const tool = { name: 'kho-abi', version: '0' };
  const report = validate({ inputs, told: {}, tool, started: null, ...subject });
  for (const format of Object.keys(FORMATS)) renderReport(format, report);
}

function render(handover) {
  const walk = (handover.contents?.statistics.blocks ?? WALK_LIMIT) < WALK_LIMIT;
  inspectText(handover);
  JSON.stringify(inspectReport(handover, { fdt: 'fuzz' }, { walk }));
}

/** The chunk list at each page that could be a chunk, for several descriptors. */
function areas(memory) {
  const target = kho.makeTarget(
    kho.getAbi('kho-v4'),
    memory.hints.byteOrder ?? 'little',
    memory.hints.pageShift ?? 12,
  );
  const pageSize = BigInt(2 ** target.pageShift);
  for (const { start } of memory.ranges().slice(0, 50)) {
    const first = (start / pageSize) * pageSize;
    for (const totalPages of [1, 512, 1 << 20, 0xffff_ffff])
      for (const order of [0, 9, 52, 255])
        attempt(() => kho.readVmalloc(target, memory, { first, totalPages, flags: 0, order }));
  }
}

function attempt(work) {
  try {
    return work();
  } catch (error) {
    return onlyKho(error);
  }
}

function onlyKho(error) {
  if (error instanceof kho.KhoError && error.message.length > 10) return undefined;
  throw error;
}
