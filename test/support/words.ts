/** Reads a big-endian word, with code of the test's own. */
export function be32ForTest(bytes: Uint8Array, offset: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt32BE(offset);
}
