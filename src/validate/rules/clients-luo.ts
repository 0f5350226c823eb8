import { clientAbisOf, fieldOf, getClientAbi } from '../../abi/index.js';
import { hex, readU64 } from '../../bytes/index.js';
import type { DecodedClient, LuoData, LuoSession } from '../../clients/index.js';
import type { ValidationContext } from '../context.js';
import { reportVersion } from './clients-common.js';
import { LUO_RULES as L, MEMFD_RULES as M } from './clients-luo-table.js';
import { fileText, quoted, say, sessionText } from './clients-place.js';

/** Rules of LUO that its reader has no opinion on. */
export function checkLuo(context: ValidationContext, client: DecodedClient, data: LuoData): void {
  const { liveupdateNumber: number, sessionsAddress, flbs, sessions } = data;
  if (number?.value === 0n)
    say(context, L['luo-number-zero'], () => ({
      message: 'liveupdate_num is 0',
      path: '/LUO',
      address: number.address,
      expected: '1 after a cold boot, one more after each live update',
    }));
  const used = flbs.filter(({ count }) => count.value > 0n);
  if (sessionsAddress?.value === 0n && used.length > 0)
    say(context, L['luo-sessions-zero'], () => ({
      message: `sessions_pa is 0, but FLB ${quoted(used[0]!.name.value)} has ${used[0]!.count.value} users`,
      path: '/LUO/sessions',
      address: sessionsAddress.address,
      window: context.window(sessionsAddress.address, 8),
      hint: 'was the dump made before the reboot?',
    }));
  checkFlbs(context, client, data);
  checkShort(context, client, '/LUO/sessions', 'sessions', sessions);
  for (const [index, session] of sessions.entries()) checkSession(context, client, session, index);
}

function checkFlbs(context: ValidationContext, client: DecodedClient, data: LuoData): void {
  const names = new Set<string>();
  for (const [index, { name, address }] of data.flbs.entries()) {
    if (names.has(name.value))
      say(context, L['luo-flb-duplicate'], () => ({
        message: `a second FLB named ${quoted(name.value)}`,
        path: `/LUO/flbs/${index}`,
        address,
        window: context.window(address, 8),
      }));
    names.add(name.value);
  }
  // The number of pages is not in the model: nothing else depends on it.
  const { memory, target } = context;
  const at = data.flbsAddress?.value;
  const abi = client.format === undefined ? undefined : getClientAbi(client.format);
  if (memory === undefined || at === undefined || at === 0n || abi?.file.capacities.flbs === undefined)
    return;
  const layout = abi.struct('luo_flb_header_ser', target!.pageShift);
  const bytes = memory.read(at, layout.size);
  if (bytes === undefined) return;
  const { offset } = fieldOf(layout, 'pgcnt');
  const pages = readU64(bytes, offset, target!.byteOrder);
  if (pages === 1n) return;
  say(context, L['luo-flb-pages'], () => ({
    message: 'pgcnt of the FLBs is not 1',
    path: '/LUO/flbs',
    address: at + BigInt(offset),
    length: 8,
    found: `${pages}`,
    expected: '1',
    window: context.window(at + BigInt(offset), 8),
  }));
}

function checkSession(
  context: ValidationContext,
  client: DecodedClient,
  session: LuoSession,
  index: number,
): void {
  const path = `/LUO/sessions/${index}/files`;
  checkShort(context, client, path, 'files', session.files, sessionText(session));
  const tokens = new Set<bigint>();
  for (const [number, file] of session.files.entries()) {
    const { token, compatible, memfd } = file;
    const text = (): string => fileText(session, file, number);
    if (tokens.has(token.value))
      say(context, L['luo-token-duplicate'], () => ({
        message: `${text()}: another file of the session has this token`,
        path: `${path}/${number}`,
        address: token.address,
        found: hex(token.value),
        window: context.window(token.address, 8),
      }));
    tokens.add(token.value);
    const known = clientAbisOf('memfd').find(({ file: abi }) => abi.version.value === compatible.value);
    if (known !== undefined)
      reportVersion(context, 'memfd', known.id, compatible.value, () => ({
        message: `${text()}: this is ${known.id}`,
        path: `${path}/${number}`,
        address: compatible.address,
      }));
    else if (!compatible.value.startsWith('memfd-'))
      say(context, L['luo-handler-unknown'], () => ({
        message: `${text()}: no released kernel has a handler for it`,
        path: `${path}/${number}`,
        address: compatible.address,
        window: context.window(compatible.address, 8),
        hint: 'sound if the next kernel has the driver that registers the handler',
      }));
    if (memfd !== undefined && memfd.position.value > memfd.size.value)
      say(context, M['memfd-position'], () => ({
        message: `${text()}: the position is beyond the end`,
        path: `${path}/${number}`,
        address: memfd.position.address,
        found: `${memfd.position.value}`,
        expected: `at most ${memfd.size.value}`,
      }));
  }
}

/** Blocks before the last one that are not full: entries tell by their addresses in which page they stand. */
function checkShort(
  context: ValidationContext,
  client: DecodedClient,
  path: string,
  name: 'sessions' | 'files',
  entries: readonly { readonly address: bigint }[],
  owner?: string,
): void {
  const abi = client.format === undefined ? undefined : getClientAbi(client.format);
  if (abi?.file.luo?.[name] !== 'blocks' || entries.length === 0) return;
  const { pageShift } = context.target!;
  const { entries: capacity } = abi.capacity(name, pageShift);
  const page = (address: bigint): bigint => (address >> BigInt(pageShift)) << BigInt(pageShift);
  let count = 0;
  for (const [index, { address }] of entries.entries()) {
    count++;
    const next = entries[index + 1];
    if (next === undefined || page(next.address) === page(address)) continue;
    if (count < capacity)
      say(context, L['luo-block-short'], () => ({
        message: `${owner === undefined ? '' : `${owner}: `}a block of ${name} that is not the last is not full`,
        path,
        address: page(address),
        found: `${count} entries`,
        expected: `${capacity}`,
      }));
    count = 0;
  }
}
