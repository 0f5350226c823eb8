/** Structures as a kernel was built with them, taken from its BTF. */
import { KhoError } from '../bytes/index.js';
import { BTF_ENUM, BTF_ENUM64, BTF_INT, BTF_STRUCT, BTF_UNION } from './btf-format.js';
import { bad, resolveType, typeText } from './btf-resolve.js';
import type { BtfMember, BtfTypes } from './btf-types.js';
import type { CField, CStruct } from './model.js';

/** Structures without a tag inside each other. Bounds one that contains itself. */
const MAX_NESTING = 16;
/** Members of one structure with those of its parts: the largest of a kernel has some hundreds. */
const MAX_FIELDS = 1 << 16;

/** Makes structures out of BTF types. */
export class BtfLayouts {
  readonly types: BtfTypes;
  readonly pointerSize: number;

  /** @param pointerSize bytes; undefined: that of a `long` of this BTF */
  constructor(types: BtfTypes, pointerSize?: number) {
    this.types = types;
    this.pointerSize = pointerSize ?? longSize(types);
  }

  /**
   * A STRUCT or UNION with its members.
   *
   * @throws KhoError `E_BTF` for members that have no size or do not fit in, `E_LIMIT` for more members than any structure has
   */
  struct(id: number): CStruct {
    const { types } = this;
    const size = types.size(id);
    const budget = { left: MAX_FIELDS };
    return {
      name: types.name(id),
      kind: types.kind(id) === BTF_UNION ? 'union' : 'struct',
      size,
      align: null,
      fields: this.#fields(id, 0, size * 8, 0, budget),
    };
  }

  /** `depth` is bounded, whatever the types say. */
  #fields(id: number, base: number, end: number, depth: number, budget: { left: number }): CField[] {
    if (depth > MAX_NESTING) throw bad(this.types, id, 'structures are nested too deep');
    budget.left -= this.types.vlen(id);
    if (budget.left < 0) {
      throw new KhoError('E_LIMIT', 'too many members', {
        source: this.types.source,
        path: `type ${id}`,
        expected: `at most ${MAX_FIELDS}`,
      });
    }
    return this.types.members(id).map((member) => this.#field(id, member, base, end, depth, budget));
  }

  #field(
    id: number,
    member: BtfMember,
    base: number,
    end: number,
    depth: number,
    budget: { left: number },
  ): CField {
    const { types } = this;
    const { kind, id: element, size, count, elementType } = resolveType(types, member.type, this.pointerSize);
    let bitOffset = base + member.bitOffset;
    let bits = member.bits;
    if (bits === 0 && count === null && types.kind(element) === BTF_INT) {
      // Older writers make an integer type of its own for each width of a bit-field.
      const int = types.int(element);
      if (int.offset !== 0 || int.bits !== size * 8) {
        bits = int.bits;
        bitOffset += int.offset;
      }
    }
    const bitSize = bits > 0 ? bits : (count ?? 1) * size * 8;
    if (bitOffset + bitSize > end)
      throw bad(types, id, `member ${member.name.slice(0, 100)} does not fit in`);
    const tag = kind === 'struct' || kind === 'union' || kind === 'enum' ? types.name(element) : '';
    const open = (kind === 'struct' || kind === 'union') && tag === '';
    return {
      name: member.name,
      type: typeText(types, elementType),
      kind,
      bitOffset,
      bitSize,
      count,
      bitField: bits > 0,
      ...(tag === '' ? {} : { tag }),
      ...(open ? { fields: this.#fields(element, bitOffset, bitOffset + size * 8, depth + 1, budget) } : {}),
    };
  }
}

/** Ids of the structures and unions, or of the enums, whose name passes a test. */
export function idsNamed(
  types: BtfTypes,
  sort: 'structure' | 'enum',
  wanted: (name: string) => boolean,
): number[] {
  const [one, other] = sort === 'enum' ? [BTF_ENUM, BTF_ENUM64] : [BTF_STRUCT, BTF_UNION];
  const found: number[] = [];
  for (let id = 1; id <= types.count; id++) {
    const kind = types.kind(id);
    if ((kind === one || kind === other) && wanted(types.name(id))) found.push(id);
  }
  return found;
}

/** A pointer is as wide as a long on every machine that Linux runs on. */
function longSize(types: BtfTypes): number {
  for (let id = 1; id <= types.count; id++) {
    if (types.kind(id) !== BTF_INT) continue;
    if (/^(long|long int|(long )?unsigned long( int)?|long unsigned int)$/.test(types.name(id))) {
      const size = types.size(id);
      if (size === 4 || size === 8) return size;
    }
  }
  return 8;
}
