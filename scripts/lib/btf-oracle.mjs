/** What bpftool and pahole say of BTF, and our types in bpftool's words, so that both can be compared type by type. */
import { $ } from 'zx';

/** bpftool lies in a folder that only root has in its path. */
const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
const LIMIT = { quiet: true, nothrow: true, env, maxBuffer: 1 << 30 };

/** A program is not installed. */
export class MissingOracle extends Error {}

async function run(command, wanted, args) {
  const found = await $(LIMIT)`command -v ${command}`;
  if (found.exitCode !== 0)
    throw new MissingOracle(`${command} is not installed; Debian, Ubuntu: apt-get install ${wanted}`);
  return await $(LIMIT)`${command} ${args}`;
}

/** All types as bpftool lists them, 64-bit values as text. Undefined when bpftool cannot read the file; `why` is then told. */
export async function bpftoolTypes(path, why = () => {}) {
  const result = await run('bpftool', 'bpftool', ['-j', 'btf', 'dump', 'file', path]);
  if (result.exitCode !== 0) {
    why(`${result.stdout}${result.stderr}`.trim().split('\n')[0]);
    return undefined;
  }
  const { types } = JSON.parse(result.stdout.replace(/"val":(-?\d+)/g, '"val":"$1"'));
  for (const type of types) {
    // bpftool 7.1 widens unsigned 32-bit constants with their sign before it prints them as JSON; its plain text is right.
    if (type.kind !== 'ENUM' || type.encoding !== 'UNSIGNED') continue;
    for (const value of type.values) value.val = `${BigInt.asUintN(32, BigInt(value.val))}`;
  }
  return types;
}

/** Writes BTF into an object file from its debug information. */
export async function paholeEncode(path) {
  const result = await run('pahole', 'dwarves', ['-J', path]);
  if (result.exitCode !== 0) throw new Error(`pahole -J failed: ${result.stderr.trim()}`);
}

/** Sizes of structures by name, as pahole reads them from BTF. A name that has several sizes has all of them. */
export async function paholeSizes(path) {
  const result = await run('pahole', 'dwarves', ['-F', 'btf', '--sizes', path]);
  if (result.exitCode !== 0) throw new Error(`pahole --sizes failed: ${result.stderr.trim().split('\n')[0]}`);
  const sizes = new Map();
  for (const line of result.stdout.trim().split('\n')) {
    const [name, size] = line.split('\t');
    sizes.set(name, [...(sizes.get(name) ?? []), Number(size)]);
  }
  return sizes;
}

const ENCODINGS = { 0: '(none)', 1: 'SIGNED', 2: 'CHAR', 4: 'BOOL' };
const LINKAGES = ['static', 'global', 'extern'];
const named = (name) => (name === '' ? '(anon)' : name);

/** One of our types as bpftool writes it. */
export function inBpftoolWords(types, id) {
  const kind = types.kindName(id);
  const start = { id, kind, name: named(types.name(id)) };
  const typed = { ...start, type_id: types.refersTo(id) };
  const sized = { ...start, size: types.size(id) };
  const vlen = types.vlen(id);
  switch (kind) {
    case 'INT': {
      const { offset, bits, encoding } = types.int(id);
      return { ...sized, bits_offset: offset, nr_bits: bits, encoding: ENCODINGS[encoding] ?? 'UNKN' };
    }
    case 'ARRAY': {
      const { type, index, elements } = types.array(id);
      return { ...start, type_id: type, index_type_id: index, nr_elems: elements };
    }
    case 'STRUCT':
    case 'UNION': {
      const members = types.members(id).map(({ name, type, bitOffset, bits }) => ({
        name: named(name),
        type_id: type,
        bits_offset: bitOffset,
        ...(bits > 0 ? { bitfield_size: bits } : {}),
      }));
      return { ...sized, vlen, members };
    }
    case 'ENUM':
    case 'ENUM64': {
      const values = types.enumerators(id).map(({ name, value }) => ({ name: named(name), val: `${value}` }));
      return {
        ...start,
        encoding: types.kindFlag(id) ? 'SIGNED' : 'UNSIGNED',
        size: types.size(id),
        vlen,
        values,
      };
    }
    case 'FWD':
      return { ...start, fwd_kind: types.kindFlag(id) ? 'union' : 'struct' };
    case 'FUNC':
      return { ...typed, linkage: LINKAGES[vlen] };
    case 'FUNC_PROTO': {
      const params = types.parameters(id).map(({ name, type }) => ({ name: named(name), type_id: type }));
      return { ...start, ret_type_id: types.refersTo(id), vlen, params };
    }
    case 'VAR':
      return { ...typed, linkage: LINKAGES[types.extra(id)] };
    case 'DATASEC': {
      const vars = types.variables(id).map(({ type, offset, size }) => ({ type_id: type, offset, size }));
      return { ...sized, vlen, vars };
    }
    case 'FLOAT':
      return sized;
    case 'DECL_TAG':
      return { ...typed, component_idx: types.extra(id) };
    default:
      return typed;
  }
}

/** Types that differ, as lines; at most `limit` of them are worded. */
export function differencesFromBpftool(types, theirs, limit = 10) {
  const lines = [];
  let different = 0;
  if (theirs.length !== types.count) {
    different++;
    lines.push(`${types.count} types here, ${theirs.length} in bpftool`);
  }
  for (const theirType of theirs) {
    if (theirType.id > types.count) break;
    const ours = JSON.stringify(inBpftoolWords(types, theirType.id));
    const wanted = JSON.stringify(theirType);
    if (ours === wanted) continue;
    different++;
    if (lines.length < limit)
      lines.push(`type ${theirType.id}: found ${ours.slice(0, 400)}, expected ${wanted.slice(0, 400)}`);
  }
  return { different, lines };
}
