import { type ClientAbi, encodeStruct } from '../abi/index.js';
import { KhoError, printable, writeU64 } from '../bytes/index.js';
import type { MemfdFile } from './formats.js';
import type { ClientMemory } from './host.js';
import { type ShapedNode, writeShape } from './shape.js';
import { ArrayContainer, BlockChain, type EntryContainer } from './write-container.js';
import { writeMemfd } from './write-memfd.js';

/** EEXIST, as the kernel returns it. */
const EEXIST = -17;

interface Session {
  readonly name: string;
  /** Address of its entry. */
  readonly at: bigint;
  files: EntryContainer | undefined;
  readonly tokens: Set<bigint>;
}

/**
 * The Live Update Orchestrator of the first kernel: registered at boot, then sessions with files, and FLBs. The address of a
 * chain of sessions is written by `finish`, as the kernel does at reboot.
 *
 * Source: kernel/liveupdate/luo_core.c, luo_session.c, luo_file.c and luo_flb.c, Linux 6.19 to 7.3.
 */
export class LuoClient {
  readonly #memory: ClientMemory;
  readonly #abi: ClientAbi;
  readonly #memfd: ClientAbi | undefined;
  readonly #number: bigint;
  readonly #sessions: EntryContainer;
  readonly #flbs: EntryContainer | undefined;
  /** Address of the structure with the addresses; undefined where the device tree has them. */
  readonly #root: bigint | undefined;
  readonly #list: Session[] = [];
  readonly #flbNames = new Set<string>();
  readonly #blob: { address: bigint; size: number };

  /** Takes and preserves what LUO takes at boot, in this order: blob, header structure, block of sessions, page of FLBs. */
  constructor(memory: ClientMemory, abi: ClientAbi, memfd: ClientAbi | undefined, number: bigint) {
    this.#memory = memory;
    this.#abi = abi;
    this.#memfd = memfd;
    this.#number = number;
    const shape = this.#shape;
    const blob = memory.takePreserved();
    this.#root =
      shape.root === 'struct' ? blob : shape.root === 'fdt-header' ? memory.takePreserved() : undefined;
    this.#sessions = this.#container(shape.sessions, 'sessions');
    if (shape.flbs) {
      this.#flbs = new ArrayContainer(memory, abi, 'flbs');
      this.#u64(this.#flbs.address, 'luo_flb_header_ser', 'pgcnt', 1n);
    }
    if (this.#root !== undefined) this.#writeRoot(this.#root, shape.sessionsAddress === 'boot');
    this.#blob = { address: blob, size: this.#writeBlob(blob) };
  }

  register(): number {
    return this.#memory.host.addSubtree(this.#abi.file.subtree!, this.#blob.address, BigInt(this.#blob.size));
  }

  /** A new session: 0, or -17 when there is one of that name. */
  session(name: string): number {
    checkText('a session name', name, this.#abi.file.limits.nameLength!);
    this.#sessions.grow();
    if (this.#list.some((session) => session.name === name)) return EEXIST;
    const at = this.#sessions.add({ name });
    this.#list.push({ name, at, files: undefined, tokens: new Set() });
    return 0;
  }

  /** A file of the last session whose `data` is what the caller says. */
  file(compatible: string, token: bigint, data: bigint): number {
    return this.#addFile(compatible, token, () => data);
  }

  /** A memfd of the last session. */
  memfd(file: MemfdFile): number {
    const abi = this.#memfd;
    if (abi === undefined) throw new KhoError('E_SCENARIO', 'no memfd format goes with this ABI');
    return this.#addFile(`${abi.file.version.value}`, file.token, () => writeMemfd(this.#memory, abi, file));
  }

  /** State that belongs to all files of one kind. */
  flb(name: string, data: bigint, count: bigint): number {
    if (this.#flbs === undefined) throw new KhoError('E_SCENARIO', 'this LUO format has no FLBs');
    checkText('an FLB name', name, this.#abi.file.limits.flbNameLength!);
    if (this.#flbNames.has(name)) throw new KhoError('E_SCENARIO', 'two FLBs have one name', { found: name });
    this.#flbs.add({ name, data, count });
    this.#flbNames.add(name);
    return 0;
  }

  /** At reboot: the address of a chain of sessions goes into the root structure. */
  finish(): void {
    if (this.#root !== undefined && this.#list.length > 0) this.#writeRoot(this.#root, true);
  }

  #addFile(compatible: string, token: bigint, data: () => bigint): number {
    const session = this.#list.at(-1);
    if (session === undefined) throw new KhoError('E_SCENARIO', 'a file needs a session before it');
    checkText('a compatible string', compatible, this.#abi.file.limits.compatibleLength!);
    if (session.tokens.has(token))
      throw new KhoError('E_SCENARIO', 'two files of a session have one token', { found: `${token}` });
    session.files ??= this.#container(this.#shape.files, 'files');
    session.files.grow();
    session.files.add({ compatible, data: data(), token });
    session.tokens.add(token);
    this.#u64(session.at, 'luo_session_ser', 'files', session.files.address);
    this.#u64(session.at, 'luo_session_ser', 'count', BigInt(session.tokens.size));
    return 0;
  }

  #container(kind: 'array' | 'blocks', name: string): EntryContainer {
    return kind === 'array'
      ? new ArrayContainer(this.#memory, this.#abi, name)
      : new BlockChain(this.#memory, this.#abi, name);
  }

  #writeRoot(address: bigint, withSessions: boolean): void {
    const { target } = this.#memory;
    const inTree = this.#shape.root === 'fdt-header';
    const struct = this.#abi.struct(inTree ? 'luo_abi_header' : 'luo_root', target.pageShift);
    const values = {
      ...(inTree ? {} : { compatible: `${this.#abi.file.version.value}` }),
      liveupdate_num: this.#number,
      sessions_pa: withSessions ? this.#sessions.address : 0n,
      flbs_pa: this.#flbs?.address ?? 0n,
    };
    this.#memory.write(address, encodeStruct(struct, values, target.byteOrder));
  }

  /** The blob itself, as far as it is no root structure; gives its size. */
  #writeBlob(address: bigint): number {
    const { target } = this.#memory;
    const { root } = this.#shape;
    if (root === 'struct') return this.#abi.struct('luo_root', target.pageShift).size;
    const children: ShapedNode[] = [];
    if (root === 'fdt') {
      const values = { 'luo-session-header': this.#sessions.address };
      children.push({ path: '/luo-session', name: 'luo-session', values });
      if (this.#flbs !== undefined) {
        const flbs = { 'luo-flb-header': this.#flbs.address };
        children.push({ path: '/luo-flb', name: 'luo-flb', values: flbs });
      }
    }
    const top = root === 'fdt' ? { 'liveupdate-number': this.#number } : { 'luo-abi-header': this.#root! };
    const bytes = writeShape(this.#abi, target, top, children);
    this.#memory.write(address, bytes);
    return bytes.length;
  }

  #u64(at: bigint, struct: string, field: string, value: bigint): void {
    const { byteOrder, pageShift } = this.#memory.target;
    const placed = this.#abi.struct(struct, pageShift).fields.find(({ name }) => name === field)!;
    const bytes = new Uint8Array(8);
    writeU64(bytes, 0, value, byteOrder);
    this.#memory.write(at + BigInt(placed.offset), bytes);
  }

  get #shape(): NonNullable<ClientAbi['file']['luo']> {
    return this.#abi.file.luo!;
  }
}

function checkText(what: string, text: string, limit: number): void {
  if (text.length >= 1 && text.length <= limit) return;
  throw new KhoError('E_SCENARIO', `${what} has 1 to ${limit} characters`, {
    found: printable(text.slice(0, 80)),
  });
}
