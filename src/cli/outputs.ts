import { KhoError } from '../bytes/index.js';

/** What the options --format and -o give. */
export interface OutputOptions<Format extends string> {
  format?: Format[];
  output?: string[];
}

/** Pairs of format and file: the first --format with the first -o, and so on. @throws KhoError `E_USAGE` */
export function outputsOf<Format extends string>(
  { format = [], output = [] }: OutputOptions<Format>,
  usual: Format,
): { format: Format; file: string }[] {
  if (output.length > Math.max(1, format.length))
    throw new KhoError('E_USAGE', 'more files than formats', { found: output.join(', ') });
  const formats = format.length === 0 ? [usual] : format;
  const pairs = formats.map((name, index) => ({ format: name, file: output[index] ?? '-' }));
  if (pairs.filter(({ file }) => file === '-').length > 1)
    throw new KhoError('E_USAGE', 'two formats for standard output', {
      hint: 'give each --format its -o FILE',
    });
  return pairs;
}
