import {
  type Abi,
  type ClientOutcome,
  getClientAbi,
  type PageShift,
  pageSizeName,
  type Release,
} from '../abi/index.js';
import { mapGeometry } from '../map/index.js';
import { logText } from './log-text.js';

/**
 * What becomes of a component when one kernel hands over to another. `corrupts`: the next kernel notices nothing and works with
 * wrong memory.
 */
export type Verdict = 'compatible' | 'degraded' | 'refused' | 'corrupts' | 'panic';

/** Verdicts from the best to the worst. */
export const VERDICTS: readonly Verdict[] = ['compatible', 'degraded', 'refused', 'corrupts', 'panic'];

/** One component of a pair of kernels. */
export interface ComponentVerdict {
  readonly component: string;
  /** Format that the sender writes and the receiver reads; undefined: it has no such component. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly verdict: Verdict;
  readonly reason: string;
}

/** Two kernels and every component that the first one has. */
export interface PairVerdict {
  readonly from: Release;
  readonly to: Release;
  readonly pageShift: PageShift;
  /** The root FDT and the map first; then clients. */
  readonly components: readonly ComponentVerdict[];
  /** The worst of all. */
  readonly verdict: Verdict;
  /** What has to be so for the verdict to hold. */
  readonly conditions: readonly string[];
}

/** Outcomes of clients as verdicts. */
const CLIENT_VERDICTS: Record<ClientOutcome, Verdict> = {
  restored: 'compatible',
  fresh: 'degraded',
  ignored: 'degraded',
  error: 'degraded',
  'open-fails': 'refused',
  panic: 'panic',
};

/**
 * The verdict for a pair: what the next kernel makes of the bytes of the one before, component by component. Both run on the same
 * architecture with the same page size, and with Kexec Handover on.
 */
export function pairKernels(from: Release, to: Release, pageShift: PageShift): PairVerdict {
  const root = rootVerdict(from.kho, to.kho, pageShift);
  const components = [
    root,
    ...Object.keys(from.clients).map((component) => clientVerdict(component, from, to, root)),
  ];
  const worst = Math.max(...components.map(({ verdict }) => VERDICTS.indexOf(verdict)));
  return {
    from,
    to,
    pageShift,
    components,
    verdict: VERDICTS[worst]!,
    conditions: conditions(from, to, root),
  };
}

/** Root FDT and memory map. */
function rootVerdict(from: Abi, to: Abi, pageShift: PageShift): ComponentVerdict {
  const answer = (verdict: Verdict, reason: string): ComponentVerdict => ({
    component: 'kho',
    from: from.id,
    to: to.id,
    verdict,
    reason,
  });
  if (from.compatible !== to.compatible) {
    const line = logText(to.file.receiver.log.incompatible.replace('0x%llx', '0x…'), to.compatible, 1);
    return answer(
      'refused',
      `'${from.compatible}' is not '${to.compatible}': cold boot, all is lost ("${line}")`,
    );
  }
  const sent = mapGeometry(from, pageShift);
  const read = mapGeometry(to, pageShift);
  if (sent.kind === 'chunks' && read.kind === 'chunks') {
    if (sent.bitmapBytes > read.bitmapBytes) {
      const share = sent.bitmapBytes / read.bitmapBytes;
      return answer(
        'corrupts',
        `accepted, 1/${share} honoured: only the first ${read.bits} of ${sent.bits} bits of each bitmap are read, the rest is overwritten`,
      );
    }
    if (sent.bitmapBytes < read.bitmapBytes) {
      return answer(
        'corrupts',
        `accepted, wrong bits: ${read.bitmapBytes} bytes of each bitmap are read where ${sent.bitmapBytes} are valid`,
      );
    }
  }
  if (sent.kind === 'radix' && read.kind === 'radix') {
    if (sent.depth < read.depth)
      return answer(
        'panic',
        `a tree of ${sent.depth} levels is read as one of ${read.depth}: bitmaps are taken for tables of addresses`,
      );
    if (sent.depth > read.depth)
      return answer(
        'corrupts',
        `a tree of ${sent.depth} levels is read as one of ${read.depth}: a table of addresses is taken for a bitmap`,
      );
    if (sent.lostOrderBit !== undefined)
      return answer(
        'corrupts',
        `order-0 pages lose their order bit in ${pageSizeName(pageShift)} trees (erratum ${sent.lostOrderBit.erratum}): the next kernel reserves wrong memory or crashes`,
      );
  }
  return answer('compatible', `both write and read '${to.compatible}' the same way`);
}

function clientVerdict(
  component: string,
  from: Release,
  to: Release,
  root: ComponentVerdict,
): ComponentVerdict {
  const sent = from.clients[component]!;
  const read = to.clients[component];
  const answer = (verdict: Verdict, reason: string): ComponentVerdict => ({
    component,
    from: sent,
    to: read,
    verdict,
    reason,
  });
  if (root.verdict === 'refused') return answer('refused', 'cold boot: the client learns nothing');
  if (root.verdict === 'corrupts' || root.verdict === 'panic')
    return answer(root.verdict, 'its memory is not protected, see kho');
  if (read === undefined)
    return answer(
      'degraded',
      'the next kernel has no such client: the blob is not looked at, its memory stays withheld',
    );
  if (read === sent) return answer('compatible', 'the same format');
  const [a, b] = [getClientAbi(sent).file, getClientAbi(read).file];
  const same = b.sameVersion?.find((entry) => entry.from === sent);
  if (same !== undefined) return answer(CLIENT_VERDICTS[same.outcome], same.reason);
  return answer(
    CLIENT_VERDICTS[b.mismatch.outcome],
    `'${a.version.value}' is not '${b.version.value}': ${b.mismatch.reason}`,
  );
}

function conditions(from: Release, to: Release, root: ComponentVerdict): string[] {
  const list: string[] = [];
  if (root.verdict === 'refused') return list;
  if (from.kho.file.finalize !== undefined) {
    const effect =
      to.kho.file.receiver.zeroMap === 'cold boot' && from.kho.file.fdt.writer === 'in-place'
        ? 'else the map address is 0 and the next kernel boots cold'
        : 'else nothing is handed over';
    list.push(`${from.name} must be finalized before kexec, ${effect}`);
  }
  if (to.kho.file.receiver.blockSize === 'signed 32-bit')
    list.push(`no block of 2 GiB or more: ${to.name} computes its size in 32 bits (erratum B6)`);
  const repeats = to.kho.erratum('B11');
  if (repeats !== undefined) list.push(`no vmalloc area of order 1 or more: ${repeats.effect}`);
  return list;
}
