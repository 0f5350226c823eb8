import type { BootObservation, BootVerdict } from '../boot/index.js';
import type { BootReport } from './boot-schema.js';
import { safe, style } from './style.js';

/** A boot and the kernel's word on it. */
export interface BootResult {
  /** Handover that was booted, kernel image, page size. */
  readonly source: string;
  readonly kernel: string;
  readonly arch: BootReport['arch'];
  readonly pageSize: BootReport['pageSize'];
  readonly qemu: string;
  readonly seconds: number;
  readonly end: string;
  readonly verdict: BootVerdict;
  readonly seen: BootObservation;
}

/** A verdict for people: one line for each thing that was handed over. */
export function bootText({ source, arch, pageSize, seconds, end, verdict, seen }: BootResult): string {
  const width = Math.max(...verdict.items.map(({ what }) => what.length));
  const kernel = seen.release === undefined ? 'a kernel that said nothing' : `Linux ${safe(seen.release)}`;
  const lines = [style.title(`${safe(source)} on ${kernel} (${arch}, ${pageSize} pages)`), ''];
  for (const { what, ok, seen: text } of verdict.items) {
    const word = ok ? style.good('ok    ') : style.bad('FAILED');
    lines.push(`  ${word}  ${safe(what).padEnd(width)}  ${safe(text)}`);
  }
  for (const line of seen.trouble.slice(0, 10)) lines.push(style.bad(`  kernel: ${safe(line)}`));
  const result = verdict.accepted ? style.good('accepted') : style.bad('refused or partly lost');
  const cut = end === 'time' ? '; the machine was stopped when its time was up' : '';
  lines.push('', `${result} after ${seconds.toFixed(1)} s${cut}`);
  return `${lines.join('\n')}\n`;
}

/** The same as plain data. */
export function bootReport({ seen, verdict, ...facts }: BootResult): BootReport {
  return {
    ...facts,
    release: seen.release ?? null,
    accepted: verdict.accepted,
    items: [...verdict.items],
    trouble: [...seen.trouble],
  };
}
