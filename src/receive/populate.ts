import type { Target } from '../abi/index.js';
import { printable, readU64 } from '../bytes/index.js';
import { checkFdt, type FdtDefectId, type FdtTree, property, readFdt, stringList } from '../fdt/index.js';
import { logText } from './log-text.js';
import { inRam, type NextMachine } from './next-machine.js';
import { receiveScratch } from './receive-scratch.js';
import { ends, type Step } from './step.js';

/** Error numbers of the kernel. */
const EFAULT = -14;
const EINVAL = -22;
const ENOENT = -2;

/** What fdt_check_header returns for a defect of the header; other defects it does not see. */
const HEADER_ERRORS: Partial<Record<FdtDefectId, number>> = {
  'fdt-magic': -9,
  'fdt-too-short': -8,
  'fdt-version': -10,
  'fdt-totalsize': -8,
  'fdt-block-bounds': -8,
};

/** What kho_populate finds, and the tree where it got so far. */
export interface Populate {
  readonly steps: readonly Step[];
  readonly tree: FdtTree | undefined;
  /** Address of the map as the receiver reads it. */
  readonly map: bigint | undefined;
}

/**
 * The first part of the next kernel's work, early in boot: map the FDT, check its header, its version, the map property.
 *
 * @param fdt bytes of the FDT, undefined when the dump does not hold them
 * @param target the receiver: its ABI, byte order and page size
 * @param machine what is known of the receiver's machine
 * Source: kho_populate, Linux 6.16 to 7.3.
 */
export function populate(
  fdt: Uint8Array | undefined,
  fdtAddress: bigint,
  target: Target,
  machine: NextMachine = {},
): Populate {
  const { receiver } = target.abi.file;
  const { log } = receiver;
  const steps: Step[] = [];
  const step = (what: string, outcome: Step['outcome'], text?: string, why?: string): void => {
    steps.push({
      part: 'kho_populate',
      what,
      outcome,
      ...(text === undefined ? {} : { log: text }),
      ...(why === undefined ? {} : { why }),
    });
  };
  const stop = (what: string, error: number, text: string | undefined, why: string): Populate => {
    step(what, 'cold boot', text, why);
    steps.push({
      part: 'kho_populate',
      what: 'give up',
      outcome: 'cold boot',
      log: logText(log.closing, error),
    });
    return { steps, tree: undefined, map: undefined };
  };

  if (machine.fdtSize === 0n)
    return stop(
      'map the FDT',
      EFAULT,
      logText(log.mapFdt, fdtAddress),
      'its size is 0: nothing cannot be mapped',
    );
  if (fdt === undefined && machine.holes !== undefined && !inRam(machine, fdtAddress, 4096n)) {
    const why = 'there is no memory at its address; the kernel maps it without a look';
    if (machine.holes === 'ones')
      return stop('check the header', EINVAL, logText(log.invalid, fdtAddress, FDT_ERR_BADMAGIC), why);
    step('check the header', 'panic', undefined, `${why}, and reading it stops the machine`);
    return { steps, tree: undefined, map: undefined };
  }
  if (fdt === undefined)
    return stop('map the FDT', EFAULT, logText(log.mapFdt, fdtAddress), 'its page is not there');
  step('map the FDT', 'ok');
  const headerError = headerErrorOf(fdt);
  if (headerError !== 0)
    return stop(
      'check the header',
      EINVAL,
      logText(log.invalid, fdtAddress, headerError),
      'the header is damaged',
    );
  step('check the header', 'ok');
  let tree: FdtTree;
  try {
    tree = readFdt(fdt);
  } catch (error) {
    const code = beginsWithNode(fdt) ? FDT_ERR_BADSTRUCTURE : FDT_ERR_BADOFFSET;
    const text = logText(log.incompatible, fdtAddress, target.abi.compatible, code);
    return stop('compare the version', EINVAL, text, (error as Error).message);
  }
  const versionError = versionErrorOf(tree, target.abi.compatible);
  if (versionError.code !== 0) {
    const text = logText(log.incompatible, fdtAddress, target.abi.compatible, versionError.code);
    return stop('compare the version', EINVAL, text, versionError.why);
  }
  step('compare the version', 'ok', undefined, `the list holds '${target.abi.compatible}'`);
  const mapName = target.abi.file.fdt.root.find(({ role }) => role === 'phys')!.name;
  const found = property(tree.root, mapName);
  const value = found?.value.length === 8 ? readU64(found.value, 0, target.byteOrder) : undefined;
  if (receiver.mapProperty === 'checked at boot' && value === undefined)
    return stop(
      'read the map property',
      ENOENT,
      log.mapMissing,
      found === undefined ? `there is no ${mapName}` : `${mapName} has ${found.value.length} bytes`,
    );
  if (value === 0n && receiver.zeroMap === 'cold boot')
    return stop('read the map property', ENOENT, undefined, `${mapName} is 0`);
  step('read the map property', receiver.mapProperty === 'checked at boot' ? 'ok' : 'not checked');
  steps.push(...receiveScratch(target, machine, machine.scratchAddress));
  if (!steps.some(ends)) step('done', 'ok', log.success);
  return { steps, tree, map: value ?? 0n };
}

const FDT_ERR_BADOFFSET = -4;
const FDT_ERR_BADMAGIC = -9;
const FDT_ERR_BADSTRUCTURE = -11;

/** Whether the structure block begins with a node: libfdt asks that first. */
function beginsWithNode(fdt: Uint8Array): boolean {
  const view = new DataView(fdt.buffer, fdt.byteOffset, fdt.length);
  const at = view.getUint32(8);
  return at + 4 <= fdt.length && view.getUint32(at) === 1;
}

function headerErrorOf(fdt: Uint8Array): number {
  for (const { id } of checkFdt(fdt).defects) {
    const code = HEADER_ERRORS[id];
    if (code !== undefined) return code;
  }
  return 0;
}

/** What fdt_node_check_compatible returns: 0 when the list holds the string, 1 when it does not, -1 without property. */
function versionErrorOf(tree: FdtTree, compatible: string): { code: number; why: string } {
  const found = property(tree.root, 'compatible');
  if (found === undefined) return { code: -1, why: 'there is no compatible property' };
  const list = stringList(found.value) ?? [Buffer.from(found.value).toString('latin1')];
  if (list.includes(compatible)) return { code: 0, why: '' };
  return { code: 1, why: `the FDT says ${list.map((text) => `'${printable(text)}'`).join(', ')}` };
}

/** Whether kho_populate gave up. */
export function gaveUp({ steps }: Populate): boolean {
  return steps.some(ends);
}
