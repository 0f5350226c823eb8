/** Which macro says the version of a component, where it stands, and what its next value would be. */
import type { SourcePlace } from './model.js';
import type { TreeReport } from './tree-report.js';

/** A macro that is a version. */
export interface VersionMacro {
  /** Component whose version it is: the asked one or one that guards it. */
  readonly component: string;
  readonly macro: string;
  /** `kho-v3`, or a number. */
  readonly value: string;
  /** The value after it, as a suggestion; null when `value` does not end in a number. */
  readonly next: string | null;
  /** As it is written in C: a number stands without quotes. */
  readonly quoted: boolean;
  readonly place: SourcePlace | null;
}

/** `kho-v3` gives `kho-v4`, `9` gives `10`; null without a number at the end. */
export function nextVersion(value: string): string | null {
  const [, head, number] = /^(.*?)(\d+)$/.exec(value) ?? [];
  return number === undefined ? null : `${head}${BigInt(number) + 1n}`;
}

/**
 * Macros of which one must be raised when the component changes: its own, or else those of the nearest component that guards it.
 * Empty when no version covers it.
 */
export function versionMacros(report: TreeReport, component: string): VersionMacro[] {
  const { components } = report.print;
  for (const id of [component, ...(components[component]?.guard ?? [])]) {
    const markers = components[id]?.markers ?? [];
    if (markers.length === 0) continue;
    return markers.map(({ macro, value, scheme }) => ({
      component: id,
      macro,
      value,
      next: nextVersion(value),
      quoted: scheme !== 'struct-u32',
      place: report.places.get(`macro ${macro}`) ?? report.places.get(`constant ${macro}`) ?? null,
    }));
  }
  return [];
}

/** `KHO_FDT_COMPATIBLE "kho-v3"`. */
export function versionText({ macro, value, quoted }: VersionMacro): string {
  return `${macro} ${quoted ? `"${value}"` : value}`;
}
