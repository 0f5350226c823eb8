/** One file of an archive. */
export interface CpioFile {
  /** Path without a leading slash. */
  readonly name: string;
  /** File type and permissions as stat gives them: 0o100755, 0o040755. */
  readonly mode: number;
  readonly bytes: Uint8Array;
  /** Major and minor of a device node. */
  readonly device?: readonly [number, number];
}

const TRAILER = 'TRAILER!!!';

/**
 * A cpio archive of kind `newc`, as the kernel unpacks it from an initramfs. Several archives may follow one another. The same
 * files always give the same bytes.
 *
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst.
 */
export function writeCpio(files: readonly CpioFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const push = (bytes: Uint8Array): void => {
    const padding = new Uint8Array((4 - (bytes.length % 4)) % 4);
    parts.push(bytes, padding);
    length += bytes.length + padding.length;
  };
  const end: CpioFile = { name: TRAILER, mode: 0, bytes: new Uint8Array() };
  for (const [index, { name, mode, bytes, device }] of [...files, end].entries()) {
    const fields = [
      index + 1,
      mode,
      0,
      0,
      1,
      0,
      bytes.length,
      0,
      0,
      ...(device ?? [0, 0]),
      name.length + 1,
      0,
    ];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
    push(Buffer.from(header, 'latin1'));
    push(bytes);
  }
  return Buffer.concat(parts, length);
}
