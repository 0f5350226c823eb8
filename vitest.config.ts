import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Some tests run dtc or the built program many times.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
