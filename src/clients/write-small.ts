import { type ClientAbi, encodeStruct } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import type { BootClients, ClientFormats, MemblockRegion } from './formats.js';
import type { ClientMemory } from './host.js';
import { writeShape } from './shape.js';

/** EINVAL, as the kernel returns it. */
const EINVAL = -22;

/** Registers kexec-metadata: one folio with the structure. Gives the result of registering. */
export function registerMetadata(
  memory: ClientMemory,
  abi: ClientAbi,
  { release, count }: NonNullable<BootClients['metadata']>,
): number {
  const struct = abi.struct('kexec_metadata', memory.target.pageShift);
  const values = { version: Number(abi.file.version.value), previous_release: release, kexec_count: count };
  const bytes = encodeStruct(struct, values, memory.target.byteOrder);
  const address = memory.takePreserved();
  memory.write(address, bytes);
  return memory.host.addSubtree(abi.file.subtree!, address, BigInt(bytes.length));
}

/** memblock's reserve_mem regions: a page with a device tree, and the regions themselves. */
export class MemblockClient {
  readonly #memory: ClientMemory;
  readonly #abi: ClientAbi;
  readonly #formats: ClientFormats;
  readonly #regions: readonly MemblockRegion[];
  readonly #page: bigint;

  /** Takes the page. @throws KhoError `E_SCENARIO` for regions that no kernel makes */
  constructor(
    memory: ClientMemory,
    abi: ClientAbi,
    formats: ClientFormats,
    regions: readonly MemblockRegion[],
  ) {
    this.#memory = memory;
    this.#abi = abi;
    this.#formats = formats;
    this.#regions = regions;
    this.#check();
    this.#page = memory.take();
  }

  /** From 6.19 on: page, regions and registration at boot. */
  registerAtBoot(): number {
    this.#memory.must(this.#memory.host.preservePages(this.#memory.pfn(this.#page), 1), 'preserving a page');
    const result = this.#preserveRegions();
    return result === 0 ? this.#register() : result;
  }

  /** Up to 6.18: the notifier that finalize calls. */
  registerAtFinalize(): number {
    const result = this.#preserveRegions();
    if (result !== 0) return result;
    this.#memory.must(this.#memory.host.preserveFolio(this.#memory.pfn(this.#page), 0), 'preserving a folio');
    return this.#register();
  }

  #preserveRegions(): number {
    const { target, host, pageSize } = this.#memory;
    for (const { start, size } of this.#regions) {
      if (this.#formats.partialPage === 'refused' && size % BigInt(pageSize) !== 0n) return EINVAL;
      const pages = Number(size >> BigInt(target.pageShift));
      if (pages === 0) continue;
      const result = host.preservePages(this.#memory.pfn(start), pages);
      if (result !== 0) return result;
    }
    return 0;
  }

  #register(): number {
    const bytes = writeShape(
      this.#abi,
      this.#memory.target,
      {},
      this.#regions.map(({ name, start, size }) => ({ path: '/*', name, values: { start, size } })),
    );
    this.#memory.write(this.#page, bytes);
    return this.#memory.host.addSubtree(this.#abi.file.subtree!, this.#page, BigInt(bytes.length));
  }

  #check(): void {
    const { regions, nameLength } = this.#abi.file.limits as { regions: number; nameLength: number };
    if (this.#regions.length > regions) {
      throw new KhoError('E_SCENARIO', 'too many memblock regions', { expected: `at most ${regions}` });
    }
    const unit = BigInt(this.#memory.pageSize);
    for (const { name, start, size } of this.#regions) {
      if (name.length === 0 || name.length > nameLength) {
        throw new KhoError('E_SCENARIO', 'a region has a name of 1 to 15 characters', { found: name });
      }
      if (start % unit !== 0n || size === 0n || start + size > 1n << 64n) {
        throw new KhoError('E_SCENARIO', 'a region begins at a page and is not empty', {
          found: `${hex(start)}, ${hex(size)} bytes`,
          expected: `a multiple of ${hex(unit)}`,
        });
      }
    }
    if (new Set(this.#regions.map(({ name }) => name)).size !== this.#regions.length)
      throw new KhoError('E_SCENARIO', 'two regions have one name');
  }
}
