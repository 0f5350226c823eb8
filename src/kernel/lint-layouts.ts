/** Checks of how structures are laid out. */
import { targetName } from '../abi/index.js';
import type { Components } from './components.js';
import type { FieldPrint, Fingerprint, StructPrint } from './fingerprint-schema.js';
import type { CDeclaration, TreeAbi } from './model.js';
import type { TreeLint } from './tree-report.js';

/** A structure of an ABI header with what the text and the compiler say of it. */
interface Subject {
  readonly component: string;
  readonly declaration: CDeclaration;
  readonly struct: StructPrint;
}

/** Lints that need layouts. The first target stands for all; where targets differ the comparison tells. */
export function layoutLints(tree: TreeAbi, print: Fingerprint, components: Components): TreeLint[] {
  const [target] = tree.targets;
  if (target === undefined) return [];
  const subjects = tree.headers
    .filter(({ kind }) => kind === 'abi')
    .flatMap(({ path, declarations }) =>
      declarations
        .filter(({ kind }) => kind === 'struct')
        .flatMap((declaration): Subject[] => {
          const component = components.ofItem(declaration.name, path);
          const struct = print.components[component]?.targets[targetName(target)]?.structs[declaration.name];
          return struct === undefined ? [] : [{ component, declaration, struct }];
        }),
    );
  const native = new RegExp(`^(?:${components.map.lints.nativeTypes})$`);
  return [
    ...mixes(subjects),
    ...subjects.flatMap((subject) => [...padding(subject), ...natives(subject, native)]),
  ];
}

/** Packed and unpacked structures in one component. The rarer kind is told. */
function mixes(subjects: readonly Subject[]): TreeLint[] {
  const groups = groupBy(subjects);
  return [...groups].flatMap(([component, group]) => {
    const packed = group.filter(({ declaration }) => declaration.packed);
    const plain = group.filter(({ declaration }) => !declaration.packed);
    if (packed.length === 0 || plain.length === 0) return [];
    const odd = packed.length < plain.length ? packed : plain;
    return odd.map(({ declaration }) => ({
      rule: 'packing-mix' as const,
      component,
      place: declaration.place,
      message: `struct ${declaration.name} is ${declaration.packed ? '' : 'not '}packed, others of its component are${declaration.packed ? ' not' : ''}`,
      hint: 'pack all of them or none',
    }));
  });
}

/** Bytes between members, and after the last. */
function padding({ component, declaration, struct }: Subject): TreeLint[] {
  let end = 0;
  const holes: string[] = [];
  for (const field of [...struct.fields].sort((a, b) => a.bit - b.bit)) {
    if (field.bit > end) holes.push(`${(field.bit - end) / 8} before ${field.name}`);
    end = Math.max(end, field.bit + field.bits);
  }
  if (struct.fields.length > 0 && end < struct.size * 8) holes.push(`${struct.size - end / 8} at the end`);
  return holes.map((hole) => ({
    rule: 'implicit-padding',
    component,
    place: declaration.place,
    message: `struct ${declaration.name} has bytes that no member names: ${hole}`,
    hint: 'name them, or pack the structure',
  }));
}

/** Pointers, enums and types of the machine's width, unless an integer of fixed width fills the same place. */
function natives({ component, declaration, struct }: Subject, native: RegExp): TreeLint[] {
  const fixed = (field: FieldPrint): boolean => field.kind === 'integer' && !native.test(field.type);
  return struct.fields
    .filter((field) => field.kind === 'pointer' || field.kind === 'enum' || native.test(field.type))
    .filter(
      (field) =>
        !struct.fields.some(
          (other) =>
            fixed(other) && other.bit <= field.bit && other.bit + other.bits >= field.bit + field.bits,
        ),
    )
    .map((field) => ({
      rule: 'native-type',
      component,
      place: declaration.place,
      message: `struct ${declaration.name}: ${field.name} is ${field.kind === 'integer' ? `of type ${field.type}` : `a${field.kind === 'enum' ? 'n enum' : ' pointer'}`}`,
      found: field.type,
      hint: 'use u64 or another type of fixed width',
    }));
}

function groupBy(subjects: readonly Subject[]): Map<string, Subject[]> {
  const out = new Map<string, Subject[]>();
  for (const subject of subjects)
    out.set(subject.component, [...(out.get(subject.component) ?? []), subject]);
  return out;
}
