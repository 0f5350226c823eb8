import { type ClientAbi, type ClientComponent, getClientAbi, type Target } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import type { BootClients, ClientFormats, MemfdFile } from './formats.js';
import { type ClientHost, ClientMemory } from './host.js';
import { KhoTestClient } from './write-kho-test.js';
import { LuoClient } from './write-luo.js';
import { MemblockClient, registerMetadata } from './write-small.js';

/** A registration and what it gave: 0 or the kernel's error. */
export interface Registration {
  readonly client: ClientComponent;
  readonly result: number;
}

/**
 * The clients of the first kernel. `boot` once, right after init; the operations in the order of their lines; `finalize` whenever
 * the handover is finalized (nothing happens where clients register at boot); `finish` once at the end.
 *
 * Order of pages and keys: golden/scenarios/README.md, section Clients.
 */
export class KernelClients {
  readonly #memory: ClientMemory;
  readonly #formats: ClientFormats;
  #khoTest: KhoTestClient | undefined;
  #luo: LuoClient | undefined;
  #memblock: MemblockClient | undefined;

  constructor(target: Target, host: ClientHost, formats: ClientFormats) {
    this.#memory = new ClientMemory(target, host);
    this.#formats = formats;
  }

  /**
   * Registers metadata, self-test, LUO and memblock, in this order; where clients register at finalize it only takes their pages.
   *
   * @throws KhoError `E_SCENARIO` for a client that this ABI does not have
   */
  boot(plan: BootClients): Registration[] {
    const { metadata, khoTest, luo, memblock } = plan;
    const formats = this.#formats;
    const atBoot = formats.registeredAt === 'boot';
    const done: Registration[] = [];
    if (metadata !== undefined) {
      const abi = existing(formats.metadata, 'kexec-metadata');
      done.push({ client: 'kexec-metadata', result: registerMetadata(this.#memory, abi, metadata) });
    }
    if (khoTest !== undefined) {
      this.#khoTest = new KhoTestClient(this.#memory, existing(formats.khoTest, 'kho-test'), khoTest, atBoot);
      if (atBoot) done.push({ client: 'kho-test', result: this.#khoTest.register() });
    }
    if (luo !== undefined) {
      this.#luo = new LuoClient(this.#memory, existing(formats.luo, 'luo'), formats.memfd, luo.number);
      done.push({ client: 'luo', result: this.#luo.register() });
    }
    if (memblock !== undefined && memblock.length > 0) {
      const abi = existing(formats.memblock, 'memblock');
      this.#memblock = new MemblockClient(this.#memory, abi, formats, memblock);
      if (atBoot) done.push({ client: 'memblock', result: this.#memblock.registerAtBoot() });
    }
    return done;
  }

  /** The notifiers that finalize calls, self-test first; stops at the first error. */
  finalize(): Registration[] {
    const done: Registration[] = [];
    if (this.#formats.registeredAt === 'boot') return done;
    if (this.#khoTest !== undefined)
      done.push({ client: 'kho-test', result: this.#khoTest.registerAtFinalize() });
    if (this.#memblock !== undefined && done.every(({ result }) => result === 0))
      done.push({ client: 'memblock', result: this.#memblock.registerAtFinalize() });
    return done;
  }

  session(name: string): number {
    return this.#liveUpdate().session(name);
  }

  memfd(file: MemfdFile): number {
    return this.#liveUpdate().memfd(file);
  }

  file(compatible: string, token: bigint, data: bigint): number {
    return this.#liveUpdate().file(compatible, token, data);
  }

  flb(name: string, data: bigint, count: bigint): number {
    return this.#liveUpdate().flb(name, data, count);
  }

  /** What happens at reboot. */
  finish(): void {
    this.#luo?.finish();
  }

  #liveUpdate(): LuoClient {
    if (this.#luo === undefined) throw new KhoError('E_SCENARIO', 'LUO is not there');
    return this.#luo;
  }
}

function existing(abi: ClientAbi | undefined, component: ClientComponent): ClientAbi {
  if (abi === undefined) throw new KhoError('E_SCENARIO', `this ABI has no ${component}`);
  return abi;
}

/** Client formats by their ids, as an ABI file or a `client` line names them. */
export interface FormatIds {
  readonly registeredAt: ClientFormats['registeredAt'];
  readonly partialPage: ClientFormats['partialPage'];
  readonly metadata?: string | undefined;
  readonly khoTest?: string | undefined;
  readonly luo?: string | undefined;
  readonly memfd?: string | undefined;
  readonly memblock?: string | undefined;
}

/** Loads the formats that the ids name. @throws KhoError `E_USAGE` for an unknown id or one of another component */
export function clientFormats(ids: FormatIds): ClientFormats {
  const load = (id: string | undefined, component: ClientComponent): ClientAbi | undefined => {
    if (id === undefined) return undefined;
    const abi = getClientAbi(id);
    if (abi.component === component) return abi;
    throw new KhoError('E_USAGE', `not a format of ${component}`, { found: id });
  };
  return {
    registeredAt: ids.registeredAt,
    partialPage: ids.partialPage,
    metadata: load(ids.metadata, 'kexec-metadata'),
    khoTest: load(ids.khoTest, 'kho-test'),
    luo: load(ids.luo, 'luo'),
    memfd: load(ids.memfd, 'memfd'),
    memblock: load(ids.memblock, 'memblock'),
  };
}
