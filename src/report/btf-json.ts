import { pageSizeName } from '../abi/index.js';
import { type BtfCheck, type StructMatch, structPrint } from '../kernel/index.js';
import type { BtfReport } from './btf-schema.js';
import { toolInfo } from './version.js';

const CONSTANTS = 'constants of ';

/** The check of a kernel's BTF as plain data. */
export function btfReport({ kho, pageShift, registry, baseline, departures }: BtfCheck): BtfReport {
  const withKho = kho.structs.size > 0;
  const matched = (item: string): BtfReport['structs'][number]['registry'] =>
    registryPart(registry.find((match) => match.item === item));
  return {
    tool: toolInfo(),
    source: kho.source,
    types: kho.types,
    byteOrder: kho.byteOrder,
    kho: withKho,
    pageSize: withKho ? pageSizeName(pageShift) : null,
    pageStruct: kho.pageStruct ?? null,
    structs: [...kho.structs.values()].map((struct) => ({
      name: struct.name,
      kind: struct.kind,
      size: struct.size,
      fields: structPrint(struct).fields.map(({ name, type, bit, bits, count }) => {
        return { name, type, bit, bits, count: count ?? null };
      }),
      registry: matched(`struct ${struct.name}`),
    })),
    enums: [...kho.enums].map(([name, constants]) => ({
      name,
      constants: Object.fromEntries([...constants].map(([constant, value]) => [constant, `${value}`])),
    })),
    constants: registry
      .filter(({ item }) => item.startsWith(CONSTANTS))
      .map((match) => ({ component: match.item.slice(CONSTANTS.length), registry: registryPart(match) })),
    baseline:
      baseline === undefined
        ? null
        : {
            path: baseline.path,
            changes: baseline.changes.map(({ class: kind, component, item, message }) => {
              return { class: kind, component, item, message };
            }),
            missing: [...baseline.missing],
          },
    departures,
    notes: [...kho.notes],
  };
}

function registryPart(match: StructMatch | undefined): BtfReport['structs'][number]['registry'] {
  if (match === undefined) return null;
  return { same: [...match.same], nearest: match.nearest ?? null, differences: [...match.differences] };
}
