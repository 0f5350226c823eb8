import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { KhoError } from '../bytes/index.js';
import { BufferSource, type ByteSource, FileSource } from './byte-source.js';

/** Up to this size the unpacked bytes stay in memory; beyond it they go to a temporary file. */
const IN_MEMORY = 64 * 1024 * 1024;

/** Unpacked size at which a gzip file is refused unless the caller says otherwise: 16 GiB. */
export const GUNZIP_LIMIT = 16 * 1024 ** 3;

/**
 * Unpacks a gzip file into a source that is read by position. Memory use is bounded; the temporary file
 * is removed from its folder as soon as it is open, so nothing stays behind.
 *
 * @throws KhoError `E_GZIP` for a damaged or cut-off stream, `E_LIMIT` above `limit` unpacked bytes.
 */
export async function gunzipSource(path: string, limit = GUNZIP_LIMIT): Promise<ByteSource> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let spill: Spill | undefined;
  const input = createReadStream(path);
  const stream = input.pipe(createGunzip());
  input.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) {
        throw new KhoError('E_LIMIT', 'gzip file unpacks to too many bytes', {
          source: path,
          expected: `at most ${limit}`,
        });
      }
      if (spill === undefined && size > IN_MEMORY) {
        spill = new Spill();
        for (const earlier of chunks.splice(0)) spill.write(earlier);
      }
      if (spill === undefined) chunks.push(chunk);
      else spill.write(chunk);
    }
    return spill === undefined ? new BufferSource(path, aligned(chunks, size)) : spill.open(path);
  } catch (error) {
    if (error instanceof KhoError) throw error;
    const system = error as NodeJS.ErrnoException;
    if (system.syscall !== undefined)
      throw new KhoError('E_IO', `cannot read: ${system.code}`, { source: path, cause: error });
    throw new KhoError('E_GZIP', `damaged gzip file: ${system.message}`, { source: path, cause: error });
  } finally {
    input.destroy();
    spill?.remove();
  }
}

/** One buffer of its own, so that words in it are aligned. */
function aligned(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A temporary file for what does not fit in memory. */
class Spill {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kho-abi-gunzip-'));
  readonly #path = join(this.#folder, 'unpacked');
  readonly #fd = openSync(this.#path, 'w');
  #open = true;

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }

  open(name: string): ByteSource {
    this.#close();
    return new FileSource(this.#path, name);
  }

  /** The open descriptor keeps the bytes; the name is not needed any more. */
  remove(): void {
    this.#close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}
