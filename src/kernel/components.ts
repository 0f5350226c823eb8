/** Which component of the ABI a name or a file belongs to. abi/tree.yaml decides. */
import { posix } from 'node:path';
import type { TreeComponent, TreeMap } from '../abi/index.js';

/** Divides the items of a tree among components. */
export class Components {
  readonly map: TreeMap;
  private readonly names: { id: string; pattern: RegExp }[];
  private readonly markerName: RegExp;
  private readonly markerString: RegExp;

  constructor(map: TreeMap) {
    this.map = map;
    this.names = map.components.flatMap(({ id, names }) =>
      names.map((source) => ({ id, pattern: new RegExp(`^(?:${source})$`) })),
    );
    this.markerName = new RegExp(`^(?:${map.markers.names})$`);
    this.markerString = new RegExp(`^(?:${map.markers.strings})$`);
  }

  /** Component of a structure, enum, constant or macro: its name decides, then its file. */
  ofItem(name: string, file: string): string {
    return this.ofName(name) ?? this.ofFile(file);
  }

  /** Component that a name alone decides. */
  ofName(name: string): string | undefined {
    return this.names.find(({ pattern }) => pattern.test(name))?.id;
  }

  /** Component of a header as a whole, and of its comments. A header that nobody claims is a component of its own. */
  ofFile(file: string): string {
    const base = posix.basename(file);
    const known = this.map.components.find(({ files }) => files.includes(base));
    return (
      known?.id ??
      base
        .replace(/\.[^.]*$/, '')
        .replace(/[^A-Za-z0-9]+/g, '-')
        .toLowerCase()
    );
  }

  /** What abi/tree.yaml says of a component; undefined for one that it does not know. */
  describe(id: string): TreeComponent | undefined {
    return this.map.components.find((component) => component.id === id);
  }

  /** Components whose version guards this one as well. One that nobody knows hangs below the root FDT like all others. */
  guard(id: string): readonly string[] {
    const known = this.describe(id);
    return known === undefined ? [this.map.components[0]!.id] : (known.guard ?? []);
  }

  /** Scheme of the version that a macro gives; undefined for a macro that is no version. */
  scheme(macro: string, value: string): TreeComponent['markers'][number]['scheme'] | undefined {
    const named = this.map.components
      .flatMap(({ markers }) => markers)
      .find((marker) => marker.macro === macro);
    if (named !== undefined) return named.scheme;
    if (!this.markerName.test(macro)) return undefined;
    if (/^\d+$/.test(value)) return 'struct-u32';
    if (!this.markerString.test(value)) return undefined;
    return /_(FDT|NODE)_/.test(macro) ? 'fdt-compatible' : 'struct-string';
  }
}

/**
 * The parts of a version string: `kho-v4;radix-v1` says the version of the component that the macro belongs to and of others.
 *
 * @returns pairs of component (undefined: the macro's own) and value
 */
export function versionParts(value: string, ids: readonly string[]): { component?: string; value: string }[] {
  return value.split(';').map((part, index) => {
    const name = /^(.*)-v\d+$/.exec(part)?.[1];
    return index > 0 && name !== undefined && ids.includes(name)
      ? { component: name, value: part }
      : { value: part };
  });
}
