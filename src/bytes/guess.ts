/** Says what bytes look like that are not the device tree blob that was asked for. */
export function guessKind(bytes: Uint8Array): string | undefined {
  const at = (index: number): number => bytes[index] ?? -1;
  if (bytes.length === 0) return 'an empty file';
  if (at(0) === 0xd0 && at(1) === 0x0d && at(2) === 0xfe && at(3) === 0xed) return 'a device tree blob';
  if (at(0) === 0xed && at(1) === 0xfe && at(2) === 0x0d && at(3) === 0xd0) {
    return 'a device tree blob with swapped bytes; the words of a blob are big endian';
  }
  if (at(0) === 0x7f && at(1) === 0x45 && at(2) === 0x4c && at(3) === 0x46) return 'an ELF file';
  if (at(0) === 0x1f && at(1) === 0x8b) return 'a gzip file';
  if (at(0) === 0xfd && at(1) === 0x37 && at(2) === 0x7a) return 'an xz file';
  if (at(0) === 0x28 && at(1) === 0xb5 && at(2) === 0x2f && at(3) === 0xfd) return 'a zstd file';
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString('latin1');
  if (text.startsWith('KDUMP')) return 'a compressed kdump file (makedumpfile)';
  if (/^\/dts-v1\/\s*;/.test(withoutComments(text)))
    return 'device tree source text; compile it with dtc first';
  if (text.startsWith('# kho-abi memory')) return 'a kho-abi memory hexdump';
  if (/^(#!|<\?xml|<!DOCTYPE|<html)/i.test(text)) return 'a script or a web page';
  if (bytes.every((byte) => byte === 0)) return 'all zero bytes';
  return undefined;
}

/** A text from its first character on that is neither white space nor comment. One regular expression for all of it would take for ever on some texts. */
function withoutComments(text: string): string {
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at++;
    const end = text.startsWith('/*', at) ? ['*/', 2] : text.startsWith('//', at) ? ['\n', 1] : undefined;
    if (end === undefined) return text.slice(at);
    const found = text.indexOf(end[0] as string, at + 2);
    if (found < 0) return '';
    at = found + (end[1] as number);
  }
}
