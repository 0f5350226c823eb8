import { crc32 } from 'node:zlib';
import type { LuoFile, MemfdData } from '../clients/index.js';
import type { Handover } from '../handover/index.js';
import type { PageStore } from '../memory/index.js';
import type { Expectation, ExpectedFile, ExpectedMemory } from './expectation.js';

/** Contents above this are not written and not compared. */
const MOST_BYTES = 64n << 20n;

/**
 * Says what the next kernel must give back, and fills what a scenario leaves open: the contents of memfds and of memblock
 * regions, which no scenario describes and few dumps have.
 *
 * @param fill whether pages that are missing get contents; else what they hold is not compared
 */
export function expectationOf(handover: Handover, memory: PageStore, fill: boolean): Expectation {
  const expectation: { -readonly [Key in keyof Expectation]: Expectation[Key] } = {
    sessions: [],
    memory: [],
    regions: [],
    metadata: undefined,
    khoTest: false,
  };
  const context = { handover, memory, fill };
  for (const { data } of handover.clients) {
    if (data?.kind === 'kexec-metadata')
      expectation.metadata = { release: data.previousRelease.value, count: data.kexecCount.value };
    else if (data?.kind === 'kho-test')
      expectation.khoTest = data.status === 'match' || data.status === 'match-folded';
    else if (data?.kind === 'memblock') {
      expectation.regions = data.regions.map(({ name }) => name.value);
      expectation.memory = data.regions.flatMap(({ start, size }) =>
        start === undefined || size === undefined ? [] : regionContent(start.value, size.value, context),
      );
    } else if (data?.kind === 'luo')
      expectation.sessions = data.sessions.map(({ name, files }) => ({
        name: name.value,
        files: files.flatMap((file) => expectedFile(file, context)),
      }));
  }
  return expectation;
}

interface Context {
  readonly handover: Handover;
  readonly memory: PageStore;
  readonly fill: boolean;
}

function expectedFile({ token, memfd }: LuoFile, context: Context): ExpectedFile[] {
  if (memfd === undefined) return [];
  const { size, position, seals } = memfd;
  return [
    {
      token: token.value,
      size: size.value,
      position: position.value,
      seals: seals?.value,
      crc: size.value > MOST_BYTES ? undefined : memfdCrc(memfd, context),
    },
  ];
}

/** CRC of a memfd's content, holes read as zeros; undefined when pages are missing. */
function memfdCrc(memfd: MemfdData, context: Context): number | undefined {
  const { memory } = context;
  if (memfd.omitted > 0) return undefined;
  const pages = new Map<bigint, bigint>();
  for (const { pfn, index, count, stride } of memfd.runs) {
    for (let number = 0; number < count; number++) {
      const step = BigInt(number * stride);
      const order = orderOf(context.handover, pfn + step, memory.pageShift);
      for (let page = 0n; page < 1n << BigInt(order); page++) {
        const address = (pfn + step + page) << BigInt(memory.pageShift);
        if (!present(address, memory.pageSize, context)) return undefined;
        pages.set(index + step + page, address);
      }
    }
  }
  let crc = 0;
  const zeros = new Uint8Array(memory.pageSize);
  for (let at = 0n; at < memfd.size.value; at += BigInt(memory.pageSize)) {
    const address = pages.get(at >> BigInt(memory.pageShift));
    const bytes = address === undefined ? zeros : memory.read(address, memory.pageSize)!;
    const left = memfd.size.value - at;
    crc = crc32(left < BigInt(bytes.length) ? bytes.subarray(0, Number(left)) : bytes, crc);
  }
  return crc;
}

/** Order of the preserved block that begins at a page; 0 when none does. */
function orderOf({ contents }: Handover, pfn: bigint, pageShift: number): number {
  const address = pfn << BigInt(pageShift);
  let best = 0;
  for (const run of contents?.runs ?? []) {
    const bytes = 1n << BigInt(run.order + pageShift);
    const end = run.address + BigInt(run.count) * bytes;
    if (run.address <= address && address < end && (address - run.address) % bytes === 0n)
      best = Math.max(best, run.order);
  }
  return best;
}

function regionContent(start: bigint, size: bigint, context: Context): ExpectedMemory[] {
  const { memory } = context;
  if (size > MOST_BYTES) return [];
  for (let at = start; at < start + size; at += BigInt(memory.pageSize))
    if (!present(at, memory.pageSize, context)) return [];
  return [{ address: start, bytes: size, crc: crc32(memory.read(start, Number(size))!) }];
}

/** Whether a page is there, or could be made. */
function present(address: bigint, bytes: number, { memory, fill }: Context): boolean {
  if (memory.read(address, bytes) !== undefined) return true;
  if (fill) memory.write(address, pattern(address, bytes));
  return fill;
}

/** Contents that differ from page to page and from word to word. */
export function pattern(address: bigint, bytes: number): Uint8Array {
  const words = new Uint32Array(bytes / 4);
  let state = Number((address >> 12n) & 0xffff_ffffn) >>> 0;
  for (let index = 0; index < words.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[index] = state ^ (state >>> 15);
  }
  return new Uint8Array(words.buffer);
}
