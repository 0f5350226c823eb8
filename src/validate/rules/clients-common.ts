import { type ClientComponent, pageSizeName, type Target } from '../../abi/index.js';
import { hex, printable } from '../../bytes/index.js';
import type { DecodedClient } from '../../clients/index.js';
import type { ValidationContext } from '../context.js';
import type { Rule } from '../rule.js';
import { VERSION_RULES } from './clients-faults.js';
import { type Facts, owned, say } from './clients-place.js';
import { type ReaderVerdict, readersOf, versionVerdict } from './clients-readers.js';
import { CLIENT as C } from './clients-table.js';

/** References that other rules look at. */
const ELSEWHERE = /^(memfd folio|kho_test folio|reserve_mem region|vmalloc )/;

/** Problems after which the reader stops listing them. */
const PROBLEM_LIMIT = 1000;

/** Why the map cannot say what is preserved; undefined when it can. */
export function noCoverage({ map, memory }: ValidationContext): string | undefined {
  if (memory === undefined) return 'needs memory';
  if (map === undefined) return 'the map cannot be read';
  return map.root === 0n ? 'there is no map' : undefined;
}

/** Rules of one client that hold whoever it is. */
export function checkCommon(context: ValidationContext, client: DecodedClient): void {
  const length = blobLength(context, client);
  checkBlob(context, client, length);
  checkReferences(context, client);
  const { component, format, version, problems } = client;
  if (component !== undefined) {
    const told = problems.some(({ fault }) => fault === 'version' || fault === 'flb-node-absent');
    if (!told && format !== undefined) checkVersion(context, client, component, format);
    if (!readersOf(context.target!, component).some((reader) => reader.format !== undefined))
      context.reportMemory(C['client-no-reader'], {
        message: `no kernel that takes ${context.target!.abi.id} has ${component}`,
        path: `/${printable(client.name)}`,
        ...(version === undefined ? {} : { address: version.address, found: printable(version.value) }),
      });
  }
  if (problems.length >= PROBLEM_LIMIT)
    context.reportMemory(C['client-limit'], {
      message: `more than ${PROBLEM_LIMIT} problems; the rest is not listed`,
      path: `/${printable(client.name)}`,
    });
}

/** Bytes that the client itself has at its address: totalsize of a device tree, or the size of its structure. */
function blobLength({ memory, target }: ValidationContext, client: DecodedClient): bigint | undefined {
  const { address, data } = client;
  const head = memory?.read(address, 8);
  if (head === undefined || client.component === undefined) return undefined;
  const words = new DataView(head.buffer, head.byteOffset);
  if (words.getUint32(0) === 0xd00dfeed) return BigInt(words.getUint32(4));
  const reader = readersOf(target!, client.component).findLast(({ format }) => format !== undefined)?.format;
  const name =
    data?.kind === 'luo' ? 'luo_root' : data?.kind === 'kexec-metadata' ? data.kind.replace('-', '_') : '';
  if (reader === undefined || !(name in reader.file.structs)) return undefined;
  return BigInt(reader.struct(name, target!.pageShift).size);
}

function checkBlob(context: ValidationContext, client: DecodedClient, length: bigint | undefined): void {
  const { address, size, name } = client;
  const path = `/${printable(name)}`;
  if (length !== undefined && size !== undefined && size > length)
    context.reportMemory(C['client-blob-size-large'], {
      message: 'blob-size is more than there is',
      path,
      address,
      found: `${size} bytes`,
      expected: `${length} bytes`,
    });
  // An address that no memory has is named by a rule of the root node.
  if (noCoverage(context) !== undefined || address === 0n || address >= 1n << 52n) return;
  const bytes = size ?? length ?? 1n;
  const covered = context.coverage(address, bytes);
  if (covered === 'all' || covered === 'unknown') return;
  context.reportMemory(C['client-blob-not-preserved'], {
    message: covered === 'part' ? 'only a part of the blob is preserved' : 'the blob is not preserved',
    path,
    address,
    found: size === undefined && length === undefined ? hex(address) : `${bytes} bytes at ${hex(address)}`,
    erratum: 'B14',
    window: context.window(address),
  });
}

/** Everything else that a client points to: blocks, headers, structures. */
function checkReferences(context: ValidationContext, client: DecodedClient): void {
  if (noCoverage(context) !== undefined) return;
  const rule = C['client-not-preserved'];
  for (const { what, path, address, bytes } of client.references) {
    if (ELSEWHERE.test(what)) continue;
    const covered = context.coverage(address, bytes);
    if (covered === 'all' || covered === 'unknown') continue;
    if (context.full(rule)) {
      context.count(rule, 1);
      continue;
    }
    const extent = covered === 'part' ? 'only a part of it is preserved' : 'it is not preserved';
    context.reportMemory(rule, {
      message: owned(client, path, `${what}: ${extent}`),
      path,
      address,
      found: `${bytes} bytes at ${hex(address)}, pages of ${pageSizeName(context.target!.pageShift)}`,
      erratum: 'B14',
      window: context.window(address),
    });
  }
}

function checkVersion(
  context: ValidationContext,
  client: DecodedClient,
  component: ClientComponent,
  format: string,
): void {
  const { version, address } = client;
  reportVersion(context, component, format, version?.value, () => ({
    message: `this is ${format}`,
    path: `/${printable(client.name)}`,
    address: version?.address ?? address,
  }));
}

/** Verdicts of versions that were asked for before: a hostile dump has a million files. */
const verdicts = new WeakMap<Target, Map<string, ReaderVerdict | undefined>>();

function verdictOf(
  target: Target,
  component: ClientComponent,
  format: string,
  version: string | undefined,
): ReaderVerdict | undefined {
  const known = verdicts.get(target) ?? new Map<string, ReaderVerdict | undefined>();
  verdicts.set(target, known);
  // A format has one version; what else a blob may say beside it changes nothing.
  if (!known.has(format)) known.set(format, versionVerdict(readersOf(target, component), format, version));
  return known.get(format);
}

/**
 * Reports a known format that is not the one of every receiver. When some of them take it as it is, it is no error: the sender was one of
 * those. Then a panic of the others is a warning, and anything less a note.
 */
export function reportVersion(
  context: ValidationContext,
  component: ClientComponent,
  format: string,
  version: string | undefined,
  place: () => { readonly message: string; readonly path: string; readonly address: bigint },
): void {
  const rule: Rule | undefined = VERSION_RULES[component];
  const found = verdictOf(context.target!, component, format, version);
  if (rule === undefined || found === undefined || found.others === 0) return;
  const partly = found.panics ? 'warning' : 'note';
  const severity = found.taken > 0 ? partly : found.severity;
  const facts = (): Facts => {
    const { address, ...rest } = place();
    return { ...rest, address, hint: found.text, window: context.window(address, 8) };
  };
  say(context, rule, facts, severity);
}
