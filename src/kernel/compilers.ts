import type { ByteOrder } from '../bytes/index.js';
import { KhoError } from '../bytes/index.js';
import type { CompilerUse } from './model.js';
import { runProgram, type ToolRun } from './run-tool.js';

/** A compiler that is there. */
export interface Compiler extends CompilerUse {
  readonly byteOrder: ByteOrder;
  /** Program and first arguments. */
  readonly words: readonly string[];
  /** e_machine of its objects. */
  readonly machine: number;
}

interface Arch {
  /** e_machine. */
  readonly machine: number;
  /** First part of what `-dumpmachine` says. */
  readonly triple: RegExp;
  /** process.arch of a host whose own gcc makes such code. */
  readonly host: string;
  /** Tried in this order. */
  readonly little: readonly (readonly string[])[];
  readonly big: readonly (readonly string[])[];
  readonly install: string;
}

/** Which compilers make code for an architecture, and what to install when none is there. */
const ARCHES: Readonly<Record<string, Arch>> = {
  x86_64: {
    machine: 62,
    triple: /^(x86_64|amd64)/,
    host: 'x64',
    little: [
      ['gcc'],
      ['x86_64-linux-gnu-gcc'],
      ['x86_64-linux-gnu-gcc-14'],
      ['clang', '--target=x86_64-linux-gnu'],
    ],
    big: [],
    install: 'install gcc or clang (Debian, Ubuntu: apt-get install gcc; elsewhere: gcc-x86-64-linux-gnu)',
  },
  arm64: {
    machine: 183,
    triple: /^(aarch64|arm64)/,
    host: 'arm64',
    little: [['gcc'], ['aarch64-linux-gnu-gcc'], ['clang', '--target=aarch64-linux-gnu']],
    big: [
      ['gcc', '-mbig-endian'],
      ['aarch64-linux-gnu-gcc', '-mbig-endian'],
      ['clang', '--target=aarch64_be-linux-gnu'],
    ],
    install: 'install gcc-aarch64-linux-gnu or clang (Debian, Ubuntu: apt-get install gcc-aarch64-linux-gnu)',
  },
  s390x: {
    machine: 22,
    triple: /^s390x/,
    host: 's390x',
    little: [],
    big: [['gcc'], ['s390x-linux-gnu-gcc'], ['clang', '--target=s390x-linux-gnu']],
    install: 'install gcc-s390x-linux-gnu or clang (Debian, Ubuntu: apt-get install gcc-s390x-linux-gnu)',
  },
};

/** Architectures that code can be made for. KHO itself runs on the first two. */
export const TREE_ARCHES: readonly string[] = Object.keys(ARCHES);

/** Architectures that are asked for big endian when none of the wanted ones has it. */
const BIG_ENDIAN_ARCHES = ['arm64', 's390x'];

/** Key of a compiler that was named without an architecture. */
export const ANY_ARCH = '*';

/**
 * Reads `gcc`, `clang --target=aarch64-linux-gnu` or `x86_64=gcc,arm64=aarch64-linux-gnu-gcc`. Words are divided by blanks; no
 * shell reads them.
 *
 * @throws KhoError `E_USAGE` for an unknown architecture and for empty words.
 */
export function parseCompilers(text: string): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const part of text.split(',')) {
    const [, arch, command] = /^(?:\s*(\w+)=)?(.*)$/s.exec(part)!;
    const words = command!.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]!.startsWith('-')) {
      throw new KhoError('E_USAGE', 'no compiler named', {
        found: part,
        expected: 'gcc, or arm64=aarch64-linux-gnu-gcc',
      });
    }
    if (arch !== undefined) archOf(arch);
    found.set(arch ?? ANY_ARCH, words);
  }
  return found;
}

function archOf(name: string): Arch {
  const arch = Object.hasOwn(ARCHES, name) ? ARCHES[name] : undefined;
  if (arch !== undefined) return arch;
  throw new KhoError('E_USAGE', 'unknown architecture', { found: name, expected: TREE_ARCHES.join(', ') });
}

function isClang(words: readonly string[]): boolean {
  return /(^|[-/])clang(-\d+)?$/.test(words[0]!);
}

const LIMITS = { seconds: 10, maxOutput: 1 << 20 };

/** Finds the compilers of a run. Each is tried once. */
export class CompilerSearch {
  readonly #named: ReadonlyMap<string, readonly string[]>;
  readonly #tried = new Map<string, Promise<ToolRun | undefined>>();

  /** @param named what the user named: by architecture, or under `ANY_ARCH`. */
  constructor(named: ReadonlyMap<string, readonly string[]> = new Map()) {
    this.#named = named;
  }

  /**
   * Compilers for one byte order, in the order of `arches`. When none of them has that byte order, another architecture is
   * taken: the widths of all are the same.
   *
   * @throws KhoError `E_TOOL_MISSING` (exit status 3) with what to install.
   */
  async find(arches: readonly string[], byteOrder: ByteOrder): Promise<Compiler[]> {
    await this.#checkServes(arches);
    const able = arches.filter((name) => archOf(name)[byteOrder].length > 0);
    if (able.length > 0) return await Promise.all(able.map((arch) => this.#findFor(arch, byteOrder, true)));
    for (const arch of BIG_ENDIAN_ARCHES) {
      const compiler = await this.#findFor(arch, byteOrder, false).catch((error: KhoError) => {
        if (error.code !== 'E_TOOL_MISSING') throw error;
      });
      if (compiler !== undefined) return [compiler];
    }
    throw new KhoError('E_TOOL_MISSING', `no compiler for ${byteOrder}-endian code was found`, {
      hint: BIG_ENDIAN_ARCHES.map((arch) => ARCHES[arch]!.install).join('; or '),
    });
  }

  async #findFor(name: string, byteOrder: ByteOrder, asked: boolean): Promise<Compiler> {
    const arch = archOf(name);
    const named = asked ? await this.#namedFor(name, byteOrder) : undefined;
    const hosted = (words: readonly string[]): boolean => words[0] !== 'gcc' || arch.host === process.arch;
    const candidates = named === undefined ? arch[byteOrder].filter(hosted) : [named];
    for (const words of candidates) {
      const run = await this.#try([...words, '--version']);
      if (run === undefined) continue;
      if (run.exitCode !== 0) {
        if (named === undefined) continue;
        throw new KhoError('E_TOOL_FAILED', `${words.join(' ')} --version failed`, {
          hint: run.stderr.trim().split('\n')[0]!,
        });
      }
      const version = Buffer.from(run.stdout).toString('latin1').split('\n')[0]!.trim();
      return { arch: name, command: words.join(' '), version, byteOrder, words, machine: arch.machine };
    }
    if (named !== undefined) {
      throw new KhoError('E_TOOL_MISSING', `${named[0]} is not installed`, { hint: arch.install });
    }
    throw new KhoError('E_TOOL_MISSING', `no compiler for ${name}, ${byteOrder} endian, was found`, {
      found: `none of ${candidates.map((words) => words.join(' ')).join(', ')}`,
      hint: `${arch.install}; or name one: --cc ${name}=COMMAND`,
    });
  }

  /** What the user named for an architecture, with the target and byte order that it needs. */
  async #namedFor(name: string, byteOrder: ByteOrder): Promise<readonly string[] | undefined> {
    const arch = archOf(name);
    const own = this.#named.get(name);
    const words = own ?? this.#named.get(ANY_ARCH);
    if (words === undefined) return undefined;
    const target = words.some((word) => /^-?-target\b/.test(word));
    const big = byteOrder === 'big' && name === 'arm64' && !words.includes('-mbig-endian');
    if (isClang(words) && !target) return [...words, ...arch[byteOrder].at(-1)!.slice(1)];
    if (own === undefined) {
      // A compiler named for all serves the architecture that it makes code for; the others are searched.
      if (!arch.triple.test(await this.#machineOf(words))) return undefined;
    }
    return big ? [...words, '-mbig-endian'] : words;
  }

  /** A compiler that was named without an architecture must be one that makes code for one of those wanted. */
  async #checkServes(arches: readonly string[]): Promise<void> {
    const words = this.#named.get(ANY_ARCH);
    if (words === undefined || isClang(words)) return;
    const machine = await this.#machineOf(words);
    if (arches.some((name) => archOf(name).triple.test(machine))) return;
    throw new KhoError('E_USAGE', `${words.join(' ')} makes code for another architecture`, {
      found: machine,
      expected: arches.join(' or '),
    });
  }

  /** What a compiler says that it makes code for: `x86_64-linux-gnu`. */
  async #machineOf(words: readonly string[]): Promise<string> {
    const run = await this.#try([...words, '-dumpmachine']);
    if (run === undefined) {
      throw new KhoError('E_TOOL_MISSING', `${words[0]} is not installed`, {
        hint: 'install it, or leave --cc out; Debian, Ubuntu: apt-get install gcc',
      });
    }
    const machine = Buffer.from(run.stdout).toString('latin1').trim();
    if (run.exitCode === 0 && machine !== '') return machine;
    throw new KhoError('E_TOOL_FAILED', `${words.join(' ')} does not say what machine it makes code for`, {
      hint: 'a C compiler like gcc or clang is needed: it must answer -dumpmachine',
    });
  }

  /** A run of a compiler, undefined when it is not there. */
  #try(words: readonly string[]): Promise<ToolRun | undefined> {
    const key = words.join('\0');
    let run = this.#tried.get(key);
    if (run === undefined) {
      run = runProgram({ words, missing: '', limits: LIMITS }).catch((error: KhoError) => {
        if (error.code !== 'E_TOOL_MISSING') throw error;
        return undefined;
      });
      this.#tried.set(key, run);
    }
    return run;
  }
}
