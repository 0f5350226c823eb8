/** The kernel inside a bzImage of x86: Documentation/arch/x86/boot.rst, fields of the setup header. */
import { gunzipSync } from 'node:zlib';
import { execaSync } from 'execa';

/** A program that unpacks is not installed. */
export class MissingUnpacker extends Error {}

const FORMATS = [
  { magic: '28b52ffd', command: ['zstd', '-dcq'], wanted: 'zstd' },
  { magic: 'fd377a585a00', command: ['xz', '-dcq'], wanted: 'xz-utils' },
  { magic: '5d0000', command: ['xz', '-dcq', '--format=lzma'], wanted: 'xz-utils' },
  { magic: '02214c18', command: ['lz4', '-dcq'], wanted: 'lz4' },
  { magic: '425a68', command: ['bzip2', '-dcq'], wanted: 'bzip2' },
];

/** Unpacks the ELF kernel. */
export function unpackVmlinuz(image) {
  if (image.toString('latin1', 0x202, 0x206) !== 'HdrS' || image.readUInt16LE(0x206) < 0x208)
    throw new Error('not a bzImage with a payload (boot protocol 2.08)');
  const start = ((image[0x1f1] || 4) + 1) * 512 + image.readUInt32LE(0x248);
  const whole = image.subarray(start, start + image.readUInt32LE(0x24c));
  // The size of the unpacked kernel is appended to the stream.
  const size = whole.readUInt32LE(whole.length - 4);
  const kernel = unpack(whole.subarray(0, -4));
  if (kernel.length !== size) throw new Error(`the kernel unpacks to ${kernel.length} bytes, not ${size}`);
  return kernel;
}

function unpack(payload) {
  const head = payload.subarray(0, 8).toString('hex');
  if (head.startsWith('1f8b')) return gunzipSync(payload);
  const format = FORMATS.find(({ magic }) => head.startsWith(magic));
  if (format === undefined) throw new Error(`unknown compression of the kernel: ${head}`);
  const [command, ...args] = format.command;
  const result = execaSync(command, args, {
    input: payload,
    encoding: 'buffer',
    maxBuffer: 1 << 30,
    reject: false,
  });
  if (result.code === 'ENOENT')
    throw new MissingUnpacker(
      `${command} is not installed; Debian, Ubuntu: apt-get install ${format.wanted}`,
    );
  if (result.exitCode !== 0) throw new Error(`${command} failed: ${Buffer.from(result.stderr).toString()}`);
  return Buffer.from(result.stdout);
}
