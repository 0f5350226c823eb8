import { targetName } from '../abi/index.js';
import { KhoError, sha256 } from '../bytes/index.js';
import {
  type DtcBlob,
  type DtcRefusal,
  dtcCompile,
  dtcDecompile,
  dtcRewrite,
  dtcView,
  type FdtNode,
  type FdtTree,
  fdtgetBytes,
  readFdt,
  walkNodes,
  writeDtc,
} from '../fdt/index.js';
import { decodeHandover } from '../handover/index.js';
import { walkText } from '../map/index.js';
import { BufferSource, ElfMemory, type PhysicalMemory, readHexdump, writeElfCore } from '../memory/index.js';
import type { CellFiles } from './cell.js';
import type { Cell } from './corpus.js';
import { expectedSubtrees } from './expected-subtrees.js';
import type { Tally } from './tally.js';

/** What dtc and fdtget made of one blob. */
interface DtcAnswer {
  readonly rewritten: DtcBlob | DtcRefusal;
  readonly compiled: DtcBlob | DtcRefusal;
  readonly properties: readonly Uint8Array[];
  /** Two nodes have one name, and dtc wrongly took them without being forced. */
  readonly tookDuplicates: boolean;
}

/** A property and its path, as fdtget takes it. */
interface WantedProperty {
  readonly path: readonly [string, string];
  readonly value: Uint8Array;
}

/**
 * Sends root FDTs through the real dtc and fdtget. Many cells have the same blob: each distinct blob makes the journey once
 * in a run, and every cell compares with what came back.
 */
export class DtcRoundTrip {
  readonly #answers = new Map<string, Promise<DtcAnswer>>();

  /** Distinct blobs that were sent. */
  get blobs(): number {
    return this.#answers.size;
  }

  /** Sends a blob, unless it was sent before. */
  async send(fdt: Uint8Array, tree = readFdt(fdt)): Promise<DtcAnswer> {
    const key = sha256(fdt);
    let pending = this.#answers.get(key);
    if (pending === undefined) {
      pending = ask(fdt, wantedProperties(tree), hasDuplicates(tree));
      this.#answers.set(key, pending);
    }
    return pending;
  }

  async check(cell: Cell, fdt: Uint8Array, tally: Tally): Promise<void> {
    const tree = readFdt(fdt, { source: cell.path });
    const wanted = wantedProperties(tree);
    const { rewritten, compiled, properties, tookDuplicates } = await this.send(fdt, tree);
    tally.check(cell.path, 'dtc: refusal of duplicate names', !tookDuplicates, () => 'dtc took them');
    if (rewritten.refused || compiled.refused) {
      tally.check(
        cell.path,
        'dtc',
        false,
        () => `dtc refused: ${(rewritten.stderr + compiled.stderr).trim()}`,
      );
      return;
    }
    const ours = writeDtc(dtcView(tree).tree);
    tally.bytes(cell.path, 'our dtc layout against dtc -I dtb -O dtb', ours, rewritten.bytes);
    tally.bytes(cell.path, 'dtc to source and back', compiled.bytes, rewritten.bytes);
    for (const [index, { path, value }] of wanted.entries()) {
      tally.bytes(cell.path, `fdtget ${path.join(' ')}`, value, properties[index]!);
    }
  }
}

/** Kernels before 6.19 accept a second subtree of one name; dtc must be forced to take such a blob. */
function hasDuplicates({ root }: FdtTree): boolean {
  return new Set(root.children.map(({ name }) => name)).size < root.children.length;
}

async function ask(fdt: Uint8Array, wanted: readonly WantedProperty[], force: boolean): Promise<DtcAnswer> {
  const [rewritten, compiled, properties, tookDuplicates] = await Promise.all([
    dtcRewrite(fdt, { force }),
    dtcDecompile(fdt, { force }).then((source) => dtcCompile(source, { force })),
    fdtgetBytes(
      fdt,
      wanted.map(({ path }) => path),
    ),
    force ? dtcRewrite(fdt).then(({ refused }) => !refused) : false,
  ]);
  return { rewritten, compiled, properties, tookDuplicates };
}

/** Whether fdtget, asked for this node, finds an earlier one. */
function shadowed({ root }: FdtTree, node: FdtNode): boolean {
  const found = root.children.find(
    ({ name }) => name === node.name || (!node.name.includes('@') && name.split('@')[0] === node.name),
  );
  return found !== node;
}

function wantedProperties(tree: FdtTree): WantedProperty[] {
  const wanted: WantedProperty[] = [];
  for (const { node, depth } of walkNodes(tree)) {
    // A root FDT has one level of nodes below the root.
    const path = depth === 0 ? '/' : `/${node.name}`;
    // fdtget finds the first of two nodes with one name, and a node with a unit address by its plain name.
    if (depth > 0 && shadowed(tree, node)) continue;
    for (const { name, value } of node.properties) wanted.push({ path: [path, name], value });
  }
  return wanted;
}

/**
 * Reads the golden files back as a stranger would: the hexdump as a dump, the blob as what debugfs gives. First with what the
 * header says, then without any hint: then the reader may say that it cannot tell, but must never be wrong.
 */
export function checkDecode(
  cell: Cell,
  golden: ReadonlyMap<string, Uint8Array>,
  made: CellFiles,
  tally: Tally,
): void {
  const handover = made.handover!;
  const text = (name: string): string => Buffer.from(golden.get(name) ?? []).toString('utf8');
  const memory = readHexdump(text('memory.hexdump'), `${cell.path}/memory.hexdump`);
  const fdt = golden.get('handover.dtb')!;
  const told = decodeHandover(fdt, { memory, fdtAddress: handover.fdtAddress, source: cell.path });
  const readings = [told, ...told.alternatives].filter(({ abis }) => abis.includes(cell.target.abi));
  tally.check(cell.path, 'decode: ABI', readings.length === 1, () =>
    told.abis.map(({ id }) => id).join(', '),
  );
  tally.text(cell.path, 'decode: target', targetName(told.target!), targetName(cell.target));
  tally.text(cell.path, 'decode: walk', walkText((readings[0] ?? told).map!), text('walk.txt'));
  const subtrees = told.subtrees.map(({ name, address, size }) => `${name} ${address} ${size ?? ''}`.trim());
  tally.text(cell.path, 'decode: subtrees', subtrees.join('\n'), expectedSubtrees(made.handover!).join('\n'));
  checkBlind(cell, fdt, { ...withoutHints(memory) }, handover.fdtAddress, tally);
}

function withoutHints(memory: PhysicalMemory): PhysicalMemory {
  return {
    source: memory.source,
    hints: {},
    read: (at, length) => memory.read(at, length),
    ranges: () => memory.ranges(),
  };
}

function checkBlind(
  cell: Cell,
  fdt: Uint8Array,
  memory: PhysicalMemory,
  fdtAddress: bigint,
  tally: Tally,
): void {
  let seen: string;
  try {
    seen = targetName(decodeHandover(fdt, { memory, fdtAddress, source: cell.path }).target!);
  } catch (error) {
    if (!(error instanceof KhoError)) throw error;
    seen = error.code === 'E_AMBIGUOUS' ? targetName(cell.target) : error.message;
  }
  tally.text(cell.path, 'decode without hints: target', seen, targetName(cell.target));
}

/** Writes the memory as an ELF core, reads it back and compares every page. */
export function checkElf(cell: Cell, made: CellFiles, tally: Tally): void {
  const handover = made.handover!;
  const elf = writeElfCore(handover.memory, cell.target);
  const read = new ElfMemory(new BufferSource(`${cell.path}/memory.elf`, elf));
  const shown = (memory: PhysicalMemory): string =>
    memory
      .ranges()
      .map(({ start, end }) => `${start}-${end}`)
      .join(' ');
  tally.text(cell.path, 'ELF core: ranges', shown(read), shown(handover.memory));
  tally.text(
    cell.path,
    'ELF core: hints',
    `${read.hints.byteOrder} ${read.hints.pageShift}`,
    `${cell.target.byteOrder} ${cell.target.pageShift}`,
  );
  for (const { start, end } of handover.memory.ranges()) {
    const length = Number(end - start);
    tally.bytes(
      cell.path,
      'ELF core: bytes',
      read.read(start, length) ?? new Uint8Array(),
      handover.memory.read(start, length)!,
    );
  }
}
