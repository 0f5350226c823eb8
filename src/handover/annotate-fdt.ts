import type { Abi, ClientAbi, Target } from '../abi/index.js';
import { hex, printable } from '../bytes/index.js';
import {
  align4,
  FDT_BARE_NAMES_VERSION,
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_NOP,
  FDT_PROP,
  type FdtHeader,
  headerSize,
  RESERVE_ENTRY_SIZE,
  readHeader,
} from '../fdt/index.js';
import { type AnnotatedField, numberAt, numberText, structFields } from './annotate.js';

/** What a format says of one property: how its bytes are to be read. */
export interface PropertyRule {
  readonly type: string;
  readonly role: string;
}

/** Finds the rule of a property by the path of its node (`/`, `/data`) and its name. */
export type PropertyRules = (path: string, name: string) => PropertyRule | undefined;

/** Rules of a root FDT. */
export function rootRules(abi: Abi): PropertyRules {
  return (path, name) =>
    (path === '/' ? abi.file.fdt.root : abi.file.fdt.subtree).find((rule) => rule.name === name);
}

/** Rules of a client's device tree; `/*` in its file stands for any node below the root. */
export function clientRules(abi: ClientAbi | undefined): PropertyRules {
  const nodes = abi?.file.fdt?.nodes ?? [];
  return (path, name) => {
    const node =
      nodes.find((candidate) => candidate.path === path) ??
      (path === '/' ? undefined : nodes.find((candidate) => candidate.path === '/*'));
    return node?.properties.find((rule) => rule.name === name);
  };
}

/** Header fields in their order (devicetree specification v0.4, section 5.2); all are big-endian words. */
const HEADER_FIELDS = [
  'magic',
  'totalsize',
  'off_dt_struct',
  'off_dt_strings',
  'off_mem_rsvmap',
  'version',
  'last_comp_version',
  'boot_cpuid_phys',
  'size_dt_strings',
  'size_dt_struct',
] as const;

/** Tokens of one blob at most. */
const MAX_TOKENS = 1 << 20;

/**
 * Names header fields, reservations, tokens and strings of a blob, as far as it can be read.
 *
 * @param target byte order of numbers in properties, and the layout of structures in them; undefined: properties stay bytes
 * @param node only this node below the root, with what is in it
 */
export function fdtFields(
  bytes: Uint8Array,
  rules: PropertyRules,
  target: Target | undefined,
  node?: string,
): { fields: AnnotatedField[]; omitted: string[] } {
  const header = readHeader(bytes, () => {});
  const fields: AnnotatedField[] = [];
  const omitted: string[] = [];
  for (const [index, name] of HEADER_FIELDS.entries()) {
    if (4 * index + 4 > Math.min(bytes.length, header === undefined ? 40 : headerSize(header.version))) break;
    const value = hex(numberAt(bytes, 4 * index, 4, 'big'));
    fields.push({ offset: 4 * index, length: 4, name, value });
  }
  if (header === undefined || header.version < FDT_BARE_NAMES_VERSION) {
    omitted.push('what follows the header: it is none of version 16 or 17');
    return { fields: node === undefined ? fields : [], omitted };
  }
  reservations(bytes, header, fields);
  const from = fields.length;
  const { start, end } = new TokenWalk(bytes, header, rules, target, fields, omitted).walk(node);
  if (node !== undefined) return { fields: fields.slice(Math.max(from, start), end), omitted };
  stringFields(bytes, header, fields);
  return { fields: fields.sort((a, b) => a.offset - b.offset), omitted };
}

function reservations(bytes: Uint8Array, header: FdtHeader, fields: AnnotatedField[]): void {
  const last = Math.min(
    header.end,
    ...[header.offStruct, header.offStrings].filter((at) => at > header.offReserve),
  );
  for (
    let at = header.offReserve, index = 0;
    at + RESERVE_ENTRY_SIZE <= last;
    at += RESERVE_ENTRY_SIZE, index++
  ) {
    const address = numberAt(bytes, at, 8, 'big');
    const size = numberAt(bytes, at + 8, 8, 'big');
    const value = size === 0n ? 'end of the reservations' : `${hex(address)}, ${size} bytes`;
    fields.push({ offset: at, length: RESERVE_ENTRY_SIZE, name: `reserve[${index}]`, value });
    if (size === 0n) return;
  }
}

function stringFields(bytes: Uint8Array, header: FdtHeader, fields: AnnotatedField[]): void {
  for (let at = header.offStrings; at < header.stringsEnd; ) {
    const end = bytes.indexOf(0, at);
    const next = end < 0 || end >= header.stringsEnd ? header.stringsEnd : end + 1;
    fields.push({ offset: at, length: next - at, name: 'string', value: quoted(bytes.subarray(at, next)) });
    at = next;
  }
}

/** Walks the structure block token by token; stops at the first that cannot be one. */
class TokenWalk {
  readonly #names: string[] = [];
  readonly #bytes: Uint8Array;
  readonly #header: FdtHeader;
  readonly #rules: PropertyRules;
  readonly #target: Target | undefined;
  readonly #fields: AnnotatedField[];
  readonly #omitted: string[];

  constructor(
    bytes: Uint8Array,
    header: FdtHeader,
    rules: PropertyRules,
    target: Target | undefined,
    fields: AnnotatedField[],
    omitted: string[],
  ) {
    this.#bytes = bytes;
    this.#header = header;
    this.#rules = rules;
    this.#target = target;
    this.#fields = fields;
    this.#omitted = omitted;
  }

  /** Gives the fields that belong to the node of that name, as indices. */
  walk(wanted: string | undefined): { start: number; end: number } {
    const { structEnd, offStruct } = this.#header;
    let start = -1;
    let end = -1;
    let tokens = 0;
    for (let at = offStruct; at + 4 <= structEnd && tokens < MAX_TOKENS; tokens++) {
      const tag = Number(numberAt(this.#bytes, at, 4, 'big'));
      const before = this.#fields.length;
      const next = this.#token(tag, at);
      if (next === undefined) {
        this.#omitted.push(`what follows ${hex(at)}: it cannot be read as a token`);
        break;
      }
      if (tag === FDT_BEGIN_NODE && this.#names.length === 2 && this.#names[1] === wanted && start < 0)
        start = before;
      if (tag === FDT_END_NODE && this.#names.length === 1 && start >= 0 && end < 0)
        end = this.#fields.length;
      if (tag === FDT_END) break;
      at = next;
    }
    return { start, end: end < 0 ? (start < 0 ? 0 : this.#fields.length) : end };
  }

  #token(tag: number, at: number): number | undefined {
    const bytes = this.#bytes;
    const push = (length: number, name: string, value = ''): void =>
      void this.#fields.push({ offset: at, length, name, value });
    switch (tag) {
      case FDT_BEGIN_NODE: {
        const end = bytes.indexOf(0, at + 4);
        if (end < 0 || end >= this.#header.structEnd) return undefined;
        const next = align4(end + 1 - this.#header.offStruct) + this.#header.offStruct;
        this.#names.push(Buffer.from(bytes.subarray(at + 4, end)).toString('latin1'));
        push(next - at, 'FDT_BEGIN_NODE', quoted(bytes.subarray(at + 4, end + 1)));
        return next;
      }
      case FDT_PROP:
        return this.#property(at);
      case FDT_END_NODE:
        this.#names.pop();
        push(4, 'FDT_END_NODE');
        return at + 4;
      case FDT_NOP:
        push(4, 'FDT_NOP');
        return at + 4;
      case FDT_END:
        push(4, 'FDT_END');
        return at + 4;
      default:
        return undefined;
    }
  }

  #property(at: number): number | undefined {
    const bytes = this.#bytes;
    const { structEnd, offStruct, offStrings, stringsEnd } = this.#header;
    if (at + 12 > structEnd) return undefined;
    const length = Number(numberAt(bytes, at + 4, 4, 'big'));
    const nameAt = offStrings + Number(numberAt(bytes, at + 8, 4, 'big'));
    const start = at + 12;
    if (start + length > structEnd) return undefined;
    const nameEnd = bytes.indexOf(0, nameAt);
    const known = nameAt < stringsEnd && nameEnd >= 0 && nameEnd < stringsEnd;
    const name = known ? Buffer.from(bytes.subarray(nameAt, nameEnd)).toString('latin1') : '?';
    const shown = printable(name);
    this.#fields.push({ offset: at, length: 12, name: 'FDT_PROP', value: `${shown}, ${length} bytes` });
    // No format has nodes of a third level.
    const rule = this.#names.length > 2 ? undefined : this.#rules(`/${this.#names.slice(1).join('/')}`, name);
    this.#fields.push(...this.#valueFields(start, length, shown, rule));
    return align4(start + length - offStruct) + offStruct;
  }

  #valueFields(
    start: number,
    length: number,
    name: string,
    rule: PropertyRule | undefined,
  ): AnnotatedField[] {
    if (length === 0) return [];
    const bytes = this.#bytes.subarray(start, start + length);
    const target = this.#target;
    const plain = { offset: start, length, name, ...(rule === undefined ? {} : { role: rule.role }) };
    const size = rule?.type === 'u32' ? 4 : 8;
    if (target === undefined || rule === undefined || rule.type === 'string')
      return [{ ...plain, value: isText(bytes) ? quoted(bytes) : '' }];
    if (rule.type === 'kho_vmalloc') {
      const descriptor = target.abi.file.vmalloc?.descriptor;
      const layout = descriptor === undefined ? undefined : target.abi.struct(descriptor, target.pageShift);
      if (layout === undefined || layout.size !== length) return [{ ...plain, value: '' }];
      return structFields(layout, this.#bytes, target.byteOrder, start).fields.map((field) => ({
        ...field,
        name: `${name}.${field.name}`,
      }));
    }
    if (length % size !== 0 || (rule.type !== 'u64-array' && length !== size))
      return [{ ...plain, value: '' }];
    return Array.from({ length: length / size }, (_, index) => ({
      offset: start + index * size,
      length: size,
      name: length === size ? name : `${name}[${index}]`,
      value: numberText(numberAt(this.#bytes, start + index * size, size, target.byteOrder), rule.role),
      role: rule.role,
    }));
  }
}

/** One or more NUL-terminated strings of printable characters. */
function isText(bytes: Uint8Array): boolean {
  return /^([\x20-\x7e]+\0)+$/.test(Buffer.from(bytes).toString('latin1'));
}

function quoted(bytes: Uint8Array): string {
  const texts = Buffer.from(bytes).toString('latin1').replace(/\0$/, '').split('\0');
  return texts.map((text) => `'${printable(text)}'`).join(', ');
}
