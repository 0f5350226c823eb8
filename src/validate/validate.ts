import { type Abi, allReleases, makeTarget, type Target } from '../abi/index.js';
import { type ByteOrder, KhoError } from '../bytes/index.js';
import { type DecodedClient, decodeClient } from '../clients/index.js';
import { checkFdt } from '../fdt/index.js';
import {
  cpuU64,
  detectByteOrder,
  detectTarget,
  type RootModel,
  readRoot,
  type ScratchArea,
} from '../handover/index.js';
import type { PhysicalMemory, PhysicalRange } from '../memory/index.js';
import { blobMemory } from './blob-memory.js';
import { FindingCollector, type ReportFrame } from './collector.js';
import type { FindingFacts, ReportInput, ReportProblem, ValidationReport } from './finding.js';
import { makeContext } from './make-context.js';
import { type MapSurvey, surveyMap } from './map-survey.js';
import { checkProfile, type FoundComponent, type Profile } from './profile.js';
import type { Rule } from './rule.js';
import { cutOffFacts, DEBUGFS_CUT_OFF } from './rules/fdt.js';
import { RULE_TABLES } from './rules/index.js';
import { FORMAT_AMBIGUOUS, ROOT_UNREADABLE, SUBTREE_LENGTH, TARGET_ASSUMED } from './rules/root.js';
import type { Suppressions } from './suppress.js';
import { markedWindow } from './window.js';

/** What is validated. Indices point into `inputs`. */
export interface ValidationSubject {
  readonly inputs: readonly ReportInput[];
  readonly fdt?: { readonly bytes: Uint8Array; readonly input: number };
  /** The FDT file of debugfs that was cut off, where the whole FDT comes from elsewhere. */
  readonly cutOff?: { readonly bytes: Uint8Array; readonly input: number };
  /** The blob is a client's own device tree and not the root. */
  readonly subBlob?: boolean;
  readonly fdtAddress?: bigint;
  readonly memory?: { readonly memory: PhysicalMemory; readonly input: number };
  /** Sub-blobs by the name of their subtree, where there is no dump. */
  readonly blobs?: ReadonlyMap<string, Uint8Array>;
  readonly scratch?: {
    readonly areas: readonly ScratchArea[];
    readonly bytes?: number;
    readonly array?: bigint;
    readonly input: number;
  };
  readonly ram?: readonly PhysicalRange[];
  readonly told: { readonly abi?: Abi; readonly byteOrder?: ByteOrder; readonly pageShift?: 12 | 14 | 16 };
  readonly profile?: Profile;
  readonly suppressions?: Suppressions;
  readonly tool: ReportFrame['tool'];
  readonly started: string | null;
  /** Called as the work goes on. */
  readonly progress?: (what: string) => void;
}

/**
 * Runs every rule over what there is, without stopping at the first damage: what cannot be read becomes a finding, and the rules
 * that need it are skipped with a reason.
 */
export function validate(subject: ValidationSubject): ValidationReport {
  const run = new Run(subject);
  return run.report();
}

class Run {
  readonly #subject: ValidationSubject;
  readonly #collector: FindingCollector;
  #root: RootModel | undefined;
  #target: Target | undefined;
  #map: MapSurvey | undefined;
  #clients: readonly DecodedClient[] = [];

  constructor(subject: ValidationSubject) {
    this.#subject = subject;
    this.#collector = new FindingCollector(
      subject.suppressions === undefined ? {} : { suppressions: subject.suppressions },
    );
  }

  report(): ValidationReport {
    const { fdt, memory, progress } = this.#subject;
    if (fdt !== undefined && this.#subject.subBlob !== true) this.#readRoot(fdt.bytes);
    if (this.#root !== undefined && memory !== undefined) {
      progress?.('telling byte order, page size and format');
      this.#detect(this.#root, memory.memory);
    }
    if (this.#root !== undefined && this.#target !== undefined && memory !== undefined) {
      progress?.('reading the map');
      this.#map = surveyMap(this.#target, memory.memory, cpuU64(this.#root.mapBytes, this.#target.byteOrder));
      progress?.('reading the clients');
      this.#clients = this.#decode(this.#root, this.#target, memory.memory);
    }
    if (memory === undefined && this.#root !== undefined) this.#readBlobs(this.#root);
    this.#reportCutOff();
    const context = makeContext(this.#subject, this.#collector, {
      root: this.#root,
      target: this.#target,
      map: this.#map,
      clients: this.#clients,
    });
    for (const table of RULE_TABLES) {
      progress?.('checking rules');
      table.check(context);
    }
    const { inputs, tool, started, fdtAddress } = this.#subject;
    return this.#collector.report({
      tool,
      dtc: null,
      started,
      inputs,
      subject: {
        abi: this.#target?.abi.id ?? this.#root?.abis.at(-1)?.id ?? null,
        byteOrder: this.#target?.byteOrder ?? null,
        pageSize: this.#target === undefined ? null : 2 ** this.#target.pageShift,
        fdtAddress: fdtAddress ?? null,
      },
      receiver:
        this.#subject.subBlob === true
          ? 'readers of device trees (the blob alone; give the root FDT or a dump for more)'
          : receiverOf(this.#target?.abi ?? this.#root?.abis.at(-1)),
      problems: this.#profileProblems(),
    });
  }

  /** Clients from the sub-blobs that debugfs shows; what they point to is not there. */
  #readBlobs(root: RootModel): void {
    const { blobs, told } = this.#subject;
    const order = detectByteOrder(root, told).order;
    if (blobs === undefined || order === undefined) return;
    const memory = blobMemory(root, blobs, order);
    this.#target = makeTarget(told.abi ?? root.abis.at(-1)!, order, told.pageShift ?? 12);
    this.#clients = this.#decode(root, this.#target, memory);
  }

  #readRoot(bytes: Uint8Array): void {
    this.#collector.ran(ROOT_UNREADABLE);
    try {
      this.#root = readRoot(bytes, 'root FDT', this.#subject.told.abi, (fault) =>
        this.#reportError(SUBTREE_LENGTH, fault, this.#subject.fdt!.input),
      );
    } catch (error) {
      // Damage of the format has rules of its own; what is left is a sound tree that is no KHO root.
      if (!(error instanceof KhoError)) throw error;
      if (error.code === 'E_HANDOVER') this.#reportError(ROOT_UNREADABLE, error, this.#subject.fdt!.input);
    }
  }

  #detect(root: RootModel, memory: PhysicalMemory): void {
    const { told, fdtAddress } = this.#subject;
    try {
      const { targets } = detectTarget(root, memory, {
        ...told,
        ...(fdtAddress === undefined ? {} : { fdtAddress }),
      });
      this.#target = targets.at(-1);
      const ids = targets.map(({ abi }) => abi.id);
      if (
        targets.length > 1 &&
        targets.some(({ abi }) => abi.file.errata.some(({ ambiguous }) => ambiguous))
      ) {
        this.#add(FORMAT_AMBIGUOUS, this.#subject.fdt!.input, {
          message: `readable as ${ids.join(' and as ')}`,
          path: '/compatible',
          hint: 'say which one with --abi',
        });
      }
    } catch (error) {
      if (!(error instanceof KhoError)) throw error;
      this.#target = this.#fallback(root, memory);
      if (this.#target === undefined) this.#reportError(ROOT_UNREADABLE, error, this.#subject.memory!.input);
    }
  }

  /** A damaged map cannot tell byte order and page size: take what the caller or the dump says. */
  #fallback(root: RootModel, memory: PhysicalMemory): Target | undefined {
    const { told } = this.#subject;
    const { hints } = memory;
    const hinted = ([12, 14, 16] as const).find((shift) => shift === hints.pageShift);
    const byteOrder = told.byteOrder ?? hints.byteOrder ?? detectByteOrder(root, told).order;
    // x86_64 has pages of 4K only, and most machines have them.
    const pageShift = told.pageShift ?? hinted ?? 12;
    const abi = told.abi ?? root.abis.at(-1)!;
    if (byteOrder !== undefined && (told.pageShift ?? hinted) === undefined)
      this.#add(TARGET_ASSUMED, this.#subject.fdt!.input, {
        message: 'neither the map nor the dump tells the page size: what follows is for pages of 4K',
        path: `/${root.mapName}`,
        hint: 'say it with --page-size if the machine has others',
      });
    return byteOrder === undefined ? undefined : makeTarget(abi, byteOrder, pageShift, hints.machine);
  }

  #decode(root: RootModel, target: Target, memory: PhysicalMemory): DecodedClient[] {
    const seen = new Set<string>();
    return root.subtrees.flatMap(({ name, addressBytes, sizeBytes }) => {
      // Of several nodes with one name every reader sees the first; a hostile blob has a thousand.
      if (addressBytes === undefined || seen.has(name)) return [];
      seen.add(name);
      const size = sizeBytes === undefined ? undefined : cpuU64(sizeBytes, target.byteOrder);
      return [decodeClient(name, cpuU64(addressBytes, target.byteOrder), size, memory, target)];
    });
  }

  #reportCutOff(): void {
    const { cutOff } = this.#subject;
    const facts = cutOff === undefined ? undefined : cutOffFacts(cutOff.bytes, checkFdt(cutOff.bytes));
    if (facts === undefined) return;
    this.#add(DEBUGFS_CUT_OFF, cutOff!.input, { ...facts, hint: 'the whole FDT was taken from elsewhere' });
  }

  /** A reader's error as a finding. */
  #reportError(rule: Rule, error: KhoError, input: number): void {
    const { path, offset, address, found, expected, hint } = error.details;
    const { fdt } = this.#subject;
    this.#add(rule, input, {
      message: error.summary,
      path: path ?? '/',
      ...(offset === undefined ? {} : { offset }),
      ...(offset === undefined || fdt === undefined ? {} : { window: markedWindow(fdt.bytes, offset, 8) }),
      ...(address === undefined ? {} : { address }),
      ...(found === undefined ? {} : { found }),
      ...(expected === undefined ? {} : { expected }),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #add(rule: Rule, input: number, facts: Omit<FindingFacts, 'input'>): void {
    this.#collector.add(rule, { ...facts, input });
  }

  #profileProblems(): ReportProblem[] {
    const { profile } = this.#subject;
    if (profile === undefined || this.#root === undefined) return [];
    const found: FoundComponent[] = [
      { component: 'kho', version: this.#target?.abi.id ?? this.#root.abis.at(-1)!.id },
    ];
    for (const { component, format, version } of this.#clients) {
      const wire = version === undefined ? {} : { wire: version.value };
      if (component !== undefined) found.push({ component, version: format ?? null, ...wire });
    }
    return checkProfile(profile, found);
  }
}

/** Kernels for which the verdict holds: those that write and read this format. */
function receiverOf(abi: Abi | undefined): string {
  if (abi === undefined) return 'a kernel that is not known: the root FDT cannot be read';
  const names = allReleases()
    .filter(({ kho }) => kho.id === abi.id)
    .map(({ name }) => name);
  return names.length === 0 ? `kernels of ${abi.id}` : `Linux ${names.join(' and ')} (${abi.id})`;
}
