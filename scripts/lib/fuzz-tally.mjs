/** What a differential run counts, and what it prints in the end. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { explain } from './fuzz-explain.mjs';

/** Blobs without explanation are left here. */
const KEPT = 'build/fdt-differential';
const SHOWN = 20;

/** Counts verdicts by program, and disagreements by class. */
export class Tally {
  unexplained = [];
  #list;
  #programs = new Map();
  #classes = new Map();

  constructor(list) {
    this.#list = list;
  }

  /** Gives whether both sides agree. A crash or a hang of theirs is no acceptance. */
  judge(program, index, verdict, code) {
    const counts = this.#programs.get(program) ?? {
      blobs: 0,
      accepted: 0,
      ours: 0,
      crash: 0,
      hang: 0,
      differ: 0,
    };
    this.#programs.set(program, counts);
    counts.blobs++;
    if (verdict.accepts) counts.ours++;
    if (code === 'OK') counts.accepted++;
    if (code === 'crash' || code === 'hang') counts[code]++;
    if (verdict.accepts === (code === 'OK')) return true;
    counts.differ++;
    const classes = explain(this.#list, program, verdict, code);
    for (const name of classes ?? []) {
      const key = `${program} ${name}`;
      this.#classes.set(key, (this.#classes.get(key) ?? 0) + 1);
    }
    if (classes === undefined) {
      const ids = [...new Set([...verdict.errors, ...verdict.others].map(({ id }) => id))].join(', ');
      const text = `${program} says ${code}, we ${verdict.accepts ? 'accept' : 'refuse'} it: ${ids || 'nothing found'}`;
      this.unexplained.push({ index, text });
    }
    return false;
  }

  /** Prints all of it and keeps blobs without explanation as files; gives the exit status. */
  report(blobAt, count, seed, failUnused) {
    console.log(`${count} blobs, seed ${seed}`);
    for (const [program, counts] of this.#programs) {
      console.log(
        `${program.padEnd(8)} ${counts.blobs} blobs: accepts ${counts.accepted}, we ${counts.ours}; ` +
          `crashed ${counts.crash}, hung ${counts.hang}; disagreements ${counts.differ}`,
      );
    }
    for (const [name, blobs] of [...this.#classes].sort(([a], [b]) => (a < b ? -1 : 1)))
      console.log(`  ${name.padEnd(34)} ${blobs}`);
    for (const { index, text } of this.unexplained.slice(0, SHOWN)) {
      mkdirSync(KEPT, { recursive: true });
      writeFileSync(`${KEPT}/${seed}-${index}.dtb`, blobAt(index));
      console.log(`unexplained: ${KEPT}/${seed}-${index}.dtb: ${text}`);
    }
    const used = new Set([...this.#classes.keys()].map((key) => key.slice(key.indexOf(' ') + 1)));
    const unused = this.#list.filter((entry) => !used.has(entry.class)).map((entry) => entry.class);
    if (unused.length > 0) console.log(`classes that explained nothing in this run: ${unused.join(', ')}`);
    console.log(`${this.unexplained.length} disagreements without explanation`);
    return this.unexplained.length > 0 || (failUnused && unused.length > 0) ? 4 : 0;
  }
}
