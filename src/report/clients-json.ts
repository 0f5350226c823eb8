import { hex } from '../bytes/index.js';
import type { DecodedClient } from '../clients/index.js';
import type { ClientReport } from './clients-schema.js';

/** A client as plain data: 64-bit values as hex strings, what is unknown as null. */
export function clientReport(client: DecodedClient): ClientReport {
  const { name, address, size, component, format, version, data, problems } = client;
  return {
    name,
    ...(plain({ address, size, component, format, version, data }) as Omit<
      ClientReport,
      'name' | 'problems'
    >),
    problems: problems.map(({ kind, path, address: at, text, erratum, receiver }) => ({
      kind,
      path,
      address: at === undefined ? null : hex(at),
      text,
      erratum: erratum ?? null,
      outcome: receiver?.outcome ?? null,
    })),
  };
}

/** Plain data of a model: our own shapes, whose depth is bounded by their types. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return hex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}
