/** Small parts of a boot: kernel headers, the archive, the first code, contents. */
import { describe, expect, test } from 'vitest';
import { writeCpio } from '../../src/boot/cpio.js';
import { arm64EntryStub } from '../../src/boot/entry-stub.js';
import { expectationText } from '../../src/boot/expectation.js';
import { FreeSpace } from '../../src/boot/free-space.js';
import { readKernelImage } from '../../src/boot/index.js';
import { withSetupData } from '../../src/boot/kernel-image.js';

function arm64Header(flags: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(4096));
  view.setBigUint64(16, 0x510000n, true);
  view.setBigUint64(24, flags, true);
  view.setUint32(56, 0x644d5241, true);
  return new Uint8Array(view.buffer);
}

function bzImage(): Uint8Array {
  const view = new DataView(new ArrayBuffer(4096));
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, 0x20f, true);
  view.setUint8(0x211, 1);
  view.setUint32(0x230, 0x20_0000, true);
  view.setUint8(0x234, 1);
  view.setBigUint64(0x258, 0x100_0000n, true);
  view.setUint32(0x260, 0xba2000, true);
  return new Uint8Array(view.buffer);
}

describe('kernel images', () => {
  test.each([
    [0xan, 12],
    [0xcn, 14],
    [0xen, 16],
    [0x8n, undefined],
  ])('arm64 with flags %s says its page size', (flags, pageShift) => {
    expect(readKernelImage(arm64Header(flags), 'Image')).toEqual({
      arch: 'arm64',
      load: 0n,
      memoryBytes: 0x510000n,
      pageShift,
    });
  });

  test('x86', () => {
    expect(readKernelImage(bzImage(), 'bzImage')).toEqual({
      arch: 'x86_64',
      load: 0x100_0000n,
      memoryBytes: 0xba2000n,
      pageShift: 12,
      movable: true,
    });
  });

  test('setup_data and another place go into a copy', () => {
    const bytes = bzImage();
    const image = readKernelImage(bytes, 'bzImage');
    const own = new DataView(withSetupData(bytes, image, 0x1234_5000n, 0x100_0000n).buffer);
    expect(own.getBigUint64(0x250, true)).toBe(0x1234_5000n);
    expect(own.getUint32(0x230, true)).toBe(0x20_0000);
    const moved = new DataView(withSetupData(bytes, image, 0x1234_5000n, 0x400_0000n).buffer);
    expect(moved.getUint32(0x230, true)).toBe(0x400_0000);
    expect(new DataView(bytes.buffer).getBigUint64(0x250, true)).toBe(0n);
  });

  test.each([
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /unpack it first/],
    ['ELF', Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), /vmlinux/],
    ['big endian', arm64Header(1n), /big-endian/],
    ['nothing', new Uint8Array(), /not a kernel image/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => readKernelImage(bytes, 'x')).toThrow(message);
  });
});

test('a newc archive: header fields in hex, name and data padded to four bytes', () => {
  const archive = writeCpio([{ name: 'init', mode: 0o100755, bytes: Buffer.from('abcde') }]);
  const text = Buffer.from(archive).toString('latin1');
  const file =
    '070701' +
    '00000001' + // ino
    '000081ed' + // mode
    '00000000' + // uid
    '00000000' + // gid
    '00000001' + // nlink
    '00000000' + // mtime
    '00000005' + // filesize
    '00000000' + // devmajor
    '00000000' + // devminor
    '00000000' + // rdevmajor
    '00000000' + // rdevminor
    '00000005' + // namesize
    '00000000' + // check
    'init\0\0' + // 110 + 5 bytes, then one of padding
    'abcde\0\0\0';
  expect(text.slice(0, file.length)).toBe(file);
  expect(text.slice(file.length).startsWith('070701')).toBe(true);
  expect(text.slice(file.length + 110)).toBe('TRAILER!!!\0\0\0\0');
  expect(archive.length % 4).toBe(0);
});

test('the first code: ldr and br as the assembler writes them, then two addresses', () => {
  // aarch64-linux-gnu-as: ldr x0,.+24; mov x1,xzr; mov x2,xzr; mov x3,xzr; ldr x4,.+16; br x4
  const code = 'c0000058e1031faae2031faae3031faa8400005880001fd6';
  const stub = Buffer.from(arm64EntryStub(0x40c0_0000n, 0x4020_0000n)).toString('hex');
  expect(stub).toBe(`${code}0000c0400000000000002040${'00000000'}`);
});

test('free space is given from the bottom, once, and never across a hole', () => {
  const space = new FreeSpace(
    [
      { start: 0x1000n, end: 0x9000n },
      { start: 0x1_0000n, end: 0x2_0000n },
    ],
    [{ start: 0x3000n, end: 0x4000n }],
  );
  expect(space.allocate('a', 0x2000n, 0x1000n)).toEqual({ start: 0x1000n, end: 0x3000n });
  expect(space.allocate('b', 0x4000n, 0x4000n)).toEqual({ start: 0x4000n, end: 0x8000n });
  expect(space.allocate('c', 0x4000n, 0x4000n)).toEqual({ start: 0x1_0000n, end: 0x1_4000n });
  expect(() => space.allocate('d', 0x2_0000n, 0x1000n)).toThrow(/no room in memory for d/);
});

test('the file that the guest reads', () => {
  const file = { token: 0xffff_ffff_ffff_ffffn, size: 5n, position: 1n, seals: 3, crc: 0x1234 };
  const expectation = {
    sessions: [
      { name: 'vm', files: [file, { ...file, token: 2n, seals: undefined, crc: undefined }] },
      { name: 'two words', files: [] },
    ],
    memory: [{ address: 0x5000n, bytes: 4096n, crc: 7 }],
    regions: [],
    metadata: undefined,
    khoTest: false,
  };
  expect(expectationText(expectation)).toBe(
    [
      '# kho-abi expect 1',
      'session vm',
      'file 0xffffffffffffffff size=0x5 pos=0x1 seals=0x3 crc=0x00001234',
      'file 0x2 size=0x5 pos=0x1',
      'finish',
      'memory 0x5000 size=0x1000 crc=0x00000007',
      '',
    ].join('\n'),
  );
});
