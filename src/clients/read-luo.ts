import { type ClientAbi, clientAbisOf } from '../abi/index.js';
import { printable } from '../bytes/index.js';
import type { ReadContext } from './context.js';
import type { Located, LuoData, LuoFile, LuoFlb, LuoSession } from './model.js';
import { arrayEntries, blockEntries } from './read-container.js';
import { readLuoRoot } from './read-luo-root.js';
import { readMemfd } from './read-memfd.js';
import type { ReadResult } from './read-small.js';

/**
 * Reads LUO's state in any of its forms: a device tree, a device tree that points to a structure, or a structure.
 * Source: kernel/liveupdate/luo_core.c, luo_session.c, luo_file.c and luo_flb.c, Linux 6.19 to 7.3.
 */
export function readLuo(
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
): ReadResult<LuoData> {
  const root = readLuoRoot(context, address, size, path);
  if (root === undefined || !('abi' in root)) return { version: root?.version };
  const { abi, version, number, sessions, flbs } = root;
  return {
    format: abi.id,
    version,
    data: {
      kind: 'luo',
      liveupdateNumber: number,
      sessionsAddress: sessions,
      flbsAddress: flbs,
      sessions: sessions === undefined ? [] : readSessions(context, abi, sessions, `${path}/sessions`),
      flbs: flbs === undefined ? [] : readFlbs(context, abi, flbs, `${path}/flbs`),
    },
  };
}

function readSessions(
  context: ReadContext,
  abi: ClientAbi,
  head: Located<bigint>,
  path: string,
): LuoSession[] {
  // Kernels without sessions may leave the address 0; only nodes of a device tree always lead to a block.
  if (head.value === 0n && abi.file.luo!.root !== 'fdt') return [];
  const places =
    abi.file.luo!.sessions === 'blocks'
      ? blockEntries(context, abi, 'sessions', head.value, path)
      : arrayEntries(context, abi, 'sessions', head.value, path);
  const names = new Set<string>();
  const sessions: LuoSession[] = [];
  for (const [index, address] of places.entries()) {
    const at = `${path}/${index}`;
    if (!context.spend(at)) break;
    const fields = context.struct<{ name: string; files: bigint; count: bigint }>(
      abi,
      'luo_session_ser',
      address,
      at,
    );
    if (fields === undefined) continue;
    const { name, files: filesAddress, count } = fields;
    if (names.has(name.value)) {
      const text = `a second session named '${printable(name.value)}'`;
      context.problem('session-duplicate', at, text, { address, receiver: [abi, 'duplicate-session'] });
    }
    names.add(name.value);
    const files = readFiles(context, abi, filesAddress, count, `${at}/files`);
    sessions.push({ address, name, filesAddress, count, files });
  }
  return sessions;
}

function readFiles(
  context: ReadContext,
  abi: ClientAbi,
  head: Located<bigint>,
  count: Located<bigint>,
  path: string,
): LuoFile[] {
  const chained = abi.file.luo!.files === 'blocks';
  if (head.value === 0n) {
    if (count.value !== 0n) {
      const text = `files is 0 but count is ${count.value}`;
      const row = chained ? { receiver: [abi, 'files-null'] as const } : {};
      context.problem('files-null', path, text, { address: count.address, ...row });
    }
    return [];
  }
  const places = chained
    ? blockEntries(context, abi, 'files', head.value, path)
    : arrayEntries(context, abi, 'files', head.value, path, count.value);
  if (chained && BigInt(places.length) !== count.value) {
    const text = `count is ${count.value}; the blocks hold ${places.length}`;
    context.problem('files-count', path, text, { address: count.address, receiver: [abi, 'files-count'] });
  }
  const files: LuoFile[] = [];
  for (const [index, address] of places.entries()) {
    const at = `${path}/${index}`;
    if (!context.spend(at)) break;
    const fields = context.struct<{ compatible: string; data: bigint; token: bigint }>(
      abi,
      'luo_file_ser',
      address,
      at,
    );
    if (fields === undefined) continue;
    const format = memfdFormat(context, fields.compatible, at);
    const memfd = format === undefined ? undefined : readMemfd(context, format, fields.data.value, at);
    files.push({ address, ...fields, memfd });
  }
  return files;
}

/** Format of a memfd; undefined for files of others, and with a problem for a memfd of an unknown version. */
function memfdFormat(context: ReadContext, compatible: Located<string>, path: string): ClientAbi | undefined {
  const known = clientAbisOf('memfd');
  const found = known.find(({ file }) => file.version.value === compatible.value);
  if (found === undefined && compatible.value.startsWith('memfd-')) {
    const text = `unknown version: '${printable(compatible.value)}'; known are ${known.map(({ id }) => id).join(', ')}`;
    const receiver = [known.at(-1)!, 'version'] as const;
    context.problem('memfd-version', path, text, { address: compatible.address, receiver });
  }
  return found;
}

function readFlbs(context: ReadContext, abi: ClientAbi, head: Located<bigint>, path: string): LuoFlb[] {
  const flbs: LuoFlb[] = [];
  for (const [index, address] of arrayEntries(context, abi, 'flbs', head.value, path).entries()) {
    const at = `${path}/${index}`;
    if (!context.spend(at)) break;
    const fields = context.struct<{ name: string; data: bigint; count: bigint }>(
      abi,
      'luo_flb_ser',
      address,
      at,
    );
    if (fields !== undefined) flbs.push({ address, ...fields });
  }
  return flbs;
}
