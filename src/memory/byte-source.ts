import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { asIoError, KhoError } from '../bytes/index.js';
import { dataRangesOf, type FileRange } from './holes.js';

/** A file or a buffer that is read by position, so that a dump of any size costs only what is looked at. */
export interface ByteSource {
  /** Name for messages. */
  readonly name: string;
  /** Size in bytes; exact, below 2^53. */
  readonly size: number;
  /** Exactly `length` bytes at `offset`. The caller has checked the range. */
  readAt(offset: number, length: number): Uint8Array;
  /** Fills `target` from `offset` on: for loops over much that need no buffer of their own for each step. */
  readInto(offset: number, target: Uint8Array): void;
  /** Parts that can hold anything but zeros, ascending, where that is known without reading. */
  dataRanges?(): readonly FileRange[] | undefined;
  close(): void;
}

/** Bytes in memory as a source; reads are views. */
export class BufferSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  readAt(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }

  readInto(offset: number, target: Uint8Array): void {
    target.set(this.#bytes.subarray(offset, offset + target.length));
  }

  close(): void {}
}

/** An open regular file. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  #fd: number;

  /** @throws KhoError `E_IO` */
  constructor(path: string, name = path) {
    this.name = name;
    try {
      this.#fd = openSync(path, 'r');
      this.size = fstatSync(this.#fd).size;
    } catch (error) {
      throw asIoError(error, path, 'cannot open');
    }
  }

  /** @throws KhoError `E_IO` when the file ends early, as it does when somebody cuts it while it is read. */
  readAt(offset: number, length: number): Uint8Array {
    // A buffer of its own: small Buffers share a pool, and word views need alignment.
    const bytes = new Uint8Array(length);
    this.readInto(offset, bytes);
    return bytes;
  }

  /** @throws KhoError `E_IO` as `readAt` does */
  readInto(offset: number, bytes: Uint8Array): void {
    const { length } = bytes;
    let done = 0;
    try {
      while (done < length) {
        const count = readSync(this.#fd, bytes, done, length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw asIoError(error, this.name, 'cannot read');
    }
    if (done < length) {
      throw new KhoError('E_IO', 'file ended early', {
        source: this.name,
        offset: offset + done,
        expected: `${length - done} more bytes`,
      });
    }
  }

  dataRanges(): readonly FileRange[] | undefined {
    return dataRangesOf(this.#fd);
  }

  /** May be called more than once. */
  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
