import { expect } from 'vitest';

/** Runs something that must end within so many milliseconds, on a slow machine too. */
export function inBounds(milliseconds: number, work: () => void): void {
  const begin = performance.now();
  work();
  expect(performance.now() - begin).toBeLessThan(milliseconds);
}
