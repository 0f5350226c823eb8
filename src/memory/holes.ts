import { spawnSync } from 'node:child_process';
import { fstatSync } from 'node:fs';

/** Bytes of a file, from `start` up to `end`. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Smaller files are read faster than their holes are found. */
const WORTH_ASKING = 256 * 1024 * 1024;

/** Bounds for the one run of the outside program: about half a million extents. */
const TIMEOUT_MS = 10_000;
const MAX_OUTPUT = 64 * 1024 * 1024;

/** Extents nearer than this are read in one go. */
const JOIN = 1 << 16;

/**
 * The parts of a large sparse file that hold bytes, ascending; the rest reads as zeros. Node cannot ask where a file has holes, so
 * `filefrag` of e2fsprogs is asked, which every common Linux distribution has. Undefined when the file is small or dense, and when
 * nothing reliable can be learned: then all of it must be read.
 *
 * The file is named by its open descriptor: a name would be text from outside, and an unpacked gzip file has none any more.
 */
export function dataRangesOf(fd: number): FileRange[] | undefined {
  const { size, blocks } = fstatSync(fd);
  if (size < WORTH_ASKING || blocks * 512 >= size || process.platform !== 'linux') return undefined;
  const run = spawnSync('filefrag', ['-v', '-s', '-b1', `/proc/${process.pid}/fd/${fd}`], {
    encoding: 'latin1',
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT,
    // Where Debian keeps it, and not on every user's path.
    env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return run.error === undefined && run.status === 0 ? parseExtents(run.stdout, size) : undefined;
}

/** Reads filefrag's table, in bytes; undefined unless every extent that it counts was understood. */
export function parseExtents(text: string, size: number): FileRange[] | undefined {
  const counted = /: (\d+) extents? found\s*$/.exec(text)?.[1];
  const rows = [...text.matchAll(/^ *\d+: +(\d+)\.\. *(\d+): /gm)];
  if (!/of 1 bytes\)$/m.test(text) || counted === undefined || rows.length < Number(counted))
    return undefined;
  const ranges: { start: number; end: number }[] = [];
  for (const [, first, last] of rows) {
    const start = Number(first);
    const end = Math.min(Number(last) + 1, size);
    const before = ranges[ranges.length - 1];
    if (before !== undefined && start < before.end) return undefined;
    if (before !== undefined && start - before.end <= JOIN) before.end = end;
    else if (start < end) ranges.push({ start, end });
  }
  return ranges;
}
