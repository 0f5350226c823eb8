import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { KhoError } from './errors.js';

/** Largest file that is read whole: device trees, scenarios, texts. Dumps are read by position instead. */
export const WHOLE_FILE_LIMIT = 1 << 30;

/** Reads a whole regular file. Throws E_IO with the system's reason, E_LIMIT above `limit` bytes. */
export function readWholeFile(path: string, limit = WHOLE_FILE_LIMIT): Uint8Array {
  try {
    const size = statSync(path).size;
    if (size > limit) {
      throw new KhoError('E_LIMIT', 'file too large', {
        source: path,
        found: `${size} bytes`,
        expected: `at most ${limit}`,
      });
    }
    return readFileSync(path);
  } catch (error) {
    throw asIoError(error, path, 'cannot read');
  }
}

/** Writes a file so that a reader sees either the old or the new content; makes the folder if it is missing. */
export function writeFileWhole(path: string, data: Uint8Array | string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic.sync(
      path,
      typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.length),
      {
        fsync: false,
      },
    );
  } catch (error) {
    throw asIoError(error, path, 'cannot write');
  }
}

/** SHA-256 in hex. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Turns a system error into a KhoError; a KhoError passes through. */
export function asIoError(error: unknown, path: string, what: string): KhoError {
  if (error instanceof KhoError) return error;
  const system = error as NodeJS.ErrnoException;
  return new KhoError('E_IO', `${what}: ${system.code ?? system.message}`, { source: path, cause: error });
}
