import type { ByteOrder } from './byte-order.js';
import type { ErrorCode } from './error-codes.js';
import { KhoError } from './errors.js';

/** What a cursor needs to say where it is when something is missing. */
export interface CursorContext {
  /** Name of the input, for messages. */
  readonly source?: string;
  /** Error code of the format being read. */
  readonly code: ErrorCode;
}

/**
 * Reads fields one after another from bytes it does not own, in one byte order.
 * Every read is checked; running off the end throws a KhoError with path and offset.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly order: ByteOrder;
  offset: number;
  readonly #view: DataView;
  readonly #context: CursorContext;

  constructor(bytes: Uint8Array, order: ByteOrder, context: CursorContext, offset = 0) {
    this.bytes = bytes;
    this.order = order;
    this.offset = offset;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#context = context;
  }

  u8(path: string): number {
    return this.#view.getUint8(this.#take(1, path));
  }

  u16(path: string): number {
    return this.#view.getUint16(this.#take(2, path), this.order === 'little');
  }

  u32(path: string): number {
    return this.#view.getUint32(this.#take(4, path), this.order === 'little');
  }

  /** Exact unsigned 64-bit value. */
  u64(path: string): bigint {
    return this.#view.getBigUint64(this.#take(8, path), this.order === 'little');
  }

  /** `length` bytes as a view on the input, not a copy. */
  take(length: number, path: string): Uint8Array {
    const start = this.#take(length, path);
    return this.bytes.subarray(start, start + length);
  }

  #take(length: number, path: string): number {
    const start = this.offset;
    if (length < 0 || start < 0 || start + length > this.bytes.length) {
      throw new KhoError(this.#context.code, `${length} bytes needed`, {
        ...(this.#context.source === undefined ? {} : { source: this.#context.source }),
        path,
        offset: start,
        found: `${Math.max(0, this.bytes.length - start)} bytes left of ${this.bytes.length}`,
        hint: 'the input is cut off, or a length before it is wrong',
      });
    }
    this.offset = start + length;
    return start;
  }
}

/** Writes fields one after another into a growing buffer, in one byte order. */
export class Writer {
  readonly order: ByteOrder;
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(order: ByteOrder, capacity = 256) {
    this.order = order;
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  // #grow may replace the view, so it is always called before the view is used.
  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, this.order === 'little');
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, this.order === 'little');
    return this;
  }

  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, this.order === 'little');
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  zeros(count: number): this {
    this.#grow(count);
    return this;
  }

  /** Zero bytes up to the next multiple of `alignment`. */
  align(alignment: number): this {
    return this.zeros((alignment - (this.#length % alignment)) % alignment);
  }

  /** The bytes written so far, as a copy of exact length. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}
