import { expect } from 'vitest';
import { KhoError } from '../../src/index.js';

/** Runs something that must throw a KhoError and gives the error. */
export function thrown(work: () => unknown): KhoError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(KhoError);
    return error as KhoError;
  }
  throw new Error('nothing was thrown');
}

/** The same for promises. */
export async function rejected(work: Promise<unknown>): Promise<KhoError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KhoError);
  return error as KhoError;
}
