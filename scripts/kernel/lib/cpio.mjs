/**
 * Writes an initramfs: cpio in the "newc" form, as the kernel reads it. Made from memory, so device nodes and owners need no root.
 * Source of the format: Documentation/driver-api/early-userspace/buffer-format.rst.
 */

const REGULAR = 0o100000;
const FOLDER = 0o040000;
const CHARACTER = 0o020000;

/**
 * @param {{name: string, mode?: number, content?: Uint8Array | string, folder?: boolean, device?: [number, number]}[]} entries
 *   in order; a folder must come before what is in it
 * @returns {Buffer} a multiple of 512 bytes, the same bytes for the same entries
 */
export function writeCpio(entries) {
  const parts = [];
  for (const [index, entry] of entries.entries()) parts.push(...member(entry, index + 1));
  parts.push(...member({ name: 'TRAILER!!!', mode: 0, content: '' }, 0, 0));
  const whole = Buffer.concat(parts);
  return Buffer.concat([whole, Buffer.alloc((512 - (whole.length % 512)) % 512)]);
}

function member({ name, mode, content = '', folder = false, device }, inode, type) {
  if (name === '' || name.startsWith('/') || name.includes('\0'))
    throw new Error(`not a name for cpio: ${name}`);
  const data = Buffer.from(content);
  const kind = type ?? (device ? CHARACTER : folder ? FOLDER : REGULAR);
  const bits = mode ?? (folder ? 0o755 : 0o644);
  const [major, minor] = device ?? [0, 0];
  const fields = [
    inode,
    kind | bits,
    0,
    0,
    folder ? 2 : 1,
    0,
    data.length,
    0,
    0,
    major,
    minor,
    Buffer.byteLength(name) + 1,
    0,
  ];
  const head = Buffer.from(
    `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}${name}\0`,
  );
  return [head, pad(head.length), data, pad(data.length)];
}

/** Head with name, and data, each end on a multiple of four. */
function pad(length) {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
