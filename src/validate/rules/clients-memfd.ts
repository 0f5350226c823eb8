import { getClientAbi } from '../../abi/index.js';
import { hex } from '../../bytes/index.js';
import type { LuoData, MemfdRun } from '../../clients/index.js';
import type { ValidationContext } from '../context.js';
import type { PreservedSet } from '../preserved.js';
import { noCoverage } from './clients-common.js';
import { MEMFD_RULES as M } from './clients-luo-table.js';
import { fileText } from './clients-place.js';
import { CLIENT as C } from './clients-table.js';

/** Steps over folios for one handover, and stretches that are compared: enough for files of TiB, little enough for a hostile dump. */
const MAX_STEPS = 1 << 21;
const MAX_STRETCHES = 1 << 18;

/** A memfd for people. */
interface Owner {
  readonly text: string;
  readonly path: string;
  /** Bytes of a folio entry. */
  readonly entry: number;
}

/** Folios without a gap in memory and in the file. */
interface Stretch {
  readonly pfn: number;
  readonly index: number;
  readonly pages: number;
  readonly owner: Owner;
  /** Where the first of its entries is, as near as the run tells. */
  readonly at: bigint;
}

/** Rules that need the entries of all memfds and the map: a folio has no order but that of its preserved block. */
export function checkMemfds(context: ValidationContext, data: LuoData): void {
  const walk = noCoverage(context) === undefined ? new FolioWalk(context, context.map!.preserved) : undefined;
  for (const [number, session] of data.sessions.entries()) {
    for (const [index, file] of session.files.entries()) {
      if (file.memfd === undefined) continue;
      const path = `/LUO/sessions/${number}/files/${index}/folios`;
      const abi = getClientAbi(file.memfd.format);
      const flags = abi.file.limits.folioFlags!;
      const entry = abi.struct('memfd_luo_folio_ser', context.target!.pageShift).size;
      const owner = { text: fileText(session, file, index), path, entry };
      for (const run of file.memfd.runs) {
        if (run.flags !== flags) checkFlags(context, owner, run, flags);
        walk?.run(owner, run);
      }
      walk?.endOfFile();
    }
  }
  walk?.finish();
}

function checkFlags(context: ValidationContext, owner: Owner, run: MemfdRun, wanted: number): void {
  const rule = M['memfd-folio-flags'];
  if (context.full(rule)) {
    context.count(rule, 1);
    return;
  }
  context.reportMemory(rule, {
    message: `${owner.text}: ${run.count} folios from PFN ${hex(run.pfn)} on have flags ${hex(run.flags)}`,
    path: owner.path,
    address: run.address,
    found: hex(run.flags),
    expected: hex(wanted),
    window: context.window(run.address, owner.entry),
  });
}

class FolioWalk {
  readonly #context: ValidationContext;
  readonly #preserved: PreservedSet;
  readonly #all: Stretch[] = [];
  #fileStart = 0;
  #steps = 0;

  constructor(context: ValidationContext, preserved: PreservedSet) {
    this.#context = context;
    this.#preserved = preserved;
  }

  /** Finds the blocks of a run's folios. */
  run(owner: Owner, run: MemfdRun): void {
    const { stride, count } = run;
    for (let done = 0; done < count; ) {
      if (++this.#steps > MAX_STEPS) return;
      const pfn = Number(run.pfn) + done * stride;
      const index = Number(run.index) + done * stride;
      const at = this.#entryAt(run.address, owner, done);
      const head = this.#preserved.heads(pfn, stride, count - done);
      const place = { pfn, index, at, owner };
      if (head === undefined) {
        const missing = this.#missing(pfn, stride, count - done);
        this.#reportMissing(place, missing);
        this.#add(place, 1, stride, missing.count);
        done += missing.count;
      } else {
        this.#add(place, 2 ** head.order, stride, head.count);
        done += head.count;
      }
    }
  }

  /** Folios for the same pages of one file. */
  endOfFile(): void {
    const own = this.#all.slice(this.#fileStart);
    this.#fileStart = this.#all.length;
    this.#overlaps(
      own,
      ({ index }) => index,
      (a, b) => this.#reportIndex(a, b),
    );
  }

  /** Folios that share memory, of one file or of several. */
  finish(): void {
    this.#overlaps(
      this.#all,
      ({ pfn }) => pfn,
      (a, b) => this.#reportShared(a, b),
    );
    if (this.#steps <= MAX_STEPS && this.#all.length < MAX_STRETCHES) return;
    this.#context.reportMemory(C['client-limit'], {
      message:
        'the folios of memfds are too scattered: not all of them were compared with the map and with each other',
      path: '/LUO',
    });
  }

  /**
   * Address of an entry some places after another one. Pages of the array need not follow each other in memory: beyond the page it is the other
   * one's address.
   */
  #entryAt(address: bigint, { entry }: Owner, ahead: number): bigint {
    const page = 1n << BigInt(this.#context.target!.pageShift);
    const later = address + BigInt(entry * ahead);
    return later / page === address / page ? later : address;
  }

  /** How many folios from here on have no block of their own, and whether their page is preserved at all. */
  #missing(pfn: number, stride: number, left: number): { inside: boolean; count: number } {
    const next = this.#preserved.next(pfn, pfn + left * stride);
    if (next === undefined) return { inside: false, count: left };
    if (next.start <= pfn) return { inside: true, count: 1 };
    return { inside: false, count: Math.min(left, Math.ceil((next.start - pfn) / stride)) };
  }

  #add(place: Omit<Stretch, 'pages'>, size: number, stride: number, count: number): void {
    const apart = stride !== size && count > 1;
    if (apart && stride < size) {
      // Each folio reaches into the next one.
      this.#reportShared({ ...place, pages: size }, { ...place, pfn: place.pfn + stride, pages: size });
    }
    if (!apart || stride < size) {
      this.#push({ ...place, pages: apart ? size + (count - 1) * stride : size * count });
      return;
    }
    for (let number = 0; number < count && this.#all.length < MAX_STRETCHES; number++) {
      const ahead = number * stride;
      const at = this.#entryAt(place.at, place.owner, number);
      this.#push({ ...place, pfn: place.pfn + ahead, index: place.index + ahead, pages: size, at });
    }
  }

  #push(stretch: Stretch): void {
    if (this.#all.length < MAX_STRETCHES) this.#all.push(stretch);
  }

  /** Calls `report` for each stretch that begins before one below it has ended. */
  #overlaps(
    list: readonly Stretch[],
    start: (stretch: Stretch) => number,
    report: (one: Stretch, other: Stretch) => void,
  ): void {
    const sorted = [...list].sort((a, b) => start(a) - start(b));
    let holder: Stretch | undefined;
    for (const stretch of sorted) {
      if (holder !== undefined && start(stretch) < start(holder) + holder.pages) report(stretch, holder);
      if (holder === undefined || start(stretch) + stretch.pages > start(holder) + holder.pages)
        holder = stretch;
    }
  }

  #reportMissing(place: Omit<Stretch, 'pages'>, { inside, count }: { inside: boolean; count: number }): void {
    const rule = inside ? M['memfd-folio-order'] : M['memfd-folio-not-preserved'];
    const context = this.#context;
    if (context.full(rule)) {
      context.count(rule, 1);
      return;
    }
    const { pfn, index, owner, at } = place;
    const more = count > 1 ? `, nor are the next ${count - 1} of the file` : '';
    const text = inside ? 'lies in the middle of a preserved block' : `is not preserved${more}`;
    context.reportMemory(rule, {
      message: `${owner.text}: the folio at PFN ${hex(pfn)} for page ${index} of the file ${text}`,
      path: owner.path,
      address: at,
      length: owner.entry,
      found: `PFN ${hex(pfn)}`,
      ...(inside ? { expected: 'a preserved block that begins there' } : { erratum: 'B14' }),
      window: context.window(at, owner.entry),
    });
  }

  #reportIndex(one: Stretch, other: Stretch): void {
    this.#report('memfd-index-overlap', one, {
      message: `${one.owner.text}: two folios are for page ${one.index} of the file`,
      found: `PFN ${hex(one.pfn)}, ${one.pages} pages from ${one.index}; PFN ${hex(other.pfn)}, ${other.pages} pages from ${other.index}`,
    });
  }

  #reportShared(one: Stretch, other: Stretch): void {
    const who = one.owner === other.owner ? 'another folio of the file' : other.owner.text;
    this.#report('memfd-folio-overlap', one, {
      message: `${one.owner.text}: the folio at PFN ${hex(one.pfn)} shares memory with ${who}`,
      found: `${one.pages} pages from PFN ${hex(one.pfn)}; ${other.pages} pages from PFN ${hex(other.pfn)}`,
    });
  }

  #report(
    name: 'memfd-index-overlap' | 'memfd-folio-overlap',
    { owner, at }: Stretch,
    facts: { message: string; found: string },
  ): void {
    const rule = M[name];
    if (this.#context.full(rule)) {
      this.#context.count(rule, 1);
      return;
    }
    this.#context.reportMemory(rule, {
      ...facts,
      path: owner.path,
      address: at,
      length: owner.entry,
      window: this.#context.window(at, owner.entry),
    });
  }
}
