#!/usr/bin/env node
/**
 * Makes a fresh clone ready: node packages, built program, dtc. Uses only Node's own modules, because it runs before anything
 * is installed. Quick when there is nothing to do.
 *
 * Exit status: 0 ready, 1 an install step failed, 3 something is missing that only the user can install.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKAGES =
  'install device-tree-compiler (Debian, Ubuntu: apt-get install device-tree-compiler), dtc (Fedora: dnf install dtc; ' +
  'Arch: pacman -S dtc; Alpine: apk add dtc; macOS: brew install dtc)';
/** Another set-up in the same folder is waited for this long. */
const LOCK_WAIT_MS = 300_000;

process.chdir(ROOT);
checkNode();
withLock(() => {
  nodePackages();
  build();
});
// `kho-abi tree` needs no dtc; whoever runs only that may leave it out.
if (!process.argv.includes('--without-dtc')) deviceTreeCompiler();

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(3, `Node ${process.versions.node} is too old: install Node 20.19 or later`);
}

/** Installs node packages when the lock file is not the one that was installed last. */
function nodePackages() {
  const wanted = hash(['package.json', 'package-lock.json']);
  const stamp = 'node_modules/.kho-abi-packages';
  if (readStamp(stamp) === wanted) return;
  say('installing node packages (npm ci)');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

/** Compiles the program when a source is not the one that was compiled last. */
function build() {
  const wanted = hash([
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    ...files('src'),
    ...files('abi'),
    'scripts/compile-abi.mjs',
  ]);
  const stamp = 'dist/.kho-abi-build';
  if (readStamp(stamp) === wanted) return;
  say('compiling (tsc)');
  rmSync('dist', { recursive: true, force: true });
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  run(process.execPath, ['scripts/compile-abi.mjs']);
  writeFileSync(stamp, wanted);
}

/** Installs dtc with apt-get where that needs no questions; elsewhere says what to install. */
function deviceTreeCompiler() {
  const missing = ['dtc', 'fdtget', 'fdtput', 'fdtdump'].filter(
    (tool) => !works(process.env[tool.toUpperCase()] ?? tool, ['--version']),
  );
  if (missing.length === 0) return;
  const sudo = sudoPrefix();
  if (works('apt-get', ['--version']) && sudo !== undefined) {
    say('installing device-tree-compiler (apt-get)');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = () => attempt([...sudo, 'apt-get', 'install', '-y', '-qq', 'device-tree-compiler'], env);
    // Package lists of a fresh machine may be missing or old.
    if (install() || (attempt([...sudo, 'apt-get', 'update', '-qq'], env) && install())) return;
  }
  stop(3, `${missing.join(', ')} not found: ${PACKAGES}`);
}

/** Words before a command that needs root; undefined when that would ask for a password. */
function sudoPrefix() {
  if (process.getuid?.() === 0) return [];
  return works('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

function works(command, args) {
  const result = spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 });
  return result.error === undefined && result.status === 0;
}

function attempt([command, ...args], env) {
  return (
    spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env, timeout: 600_000 }).status === 0
  );
}

function run(command, args) {
  const result = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) stop(1, `${command} ${args.join(' ')} failed`);
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? files(path) : [path];
    })
    .sort();
}

function hash(paths) {
  const sum = createHash('sha256').update(process.versions.node);
  for (const path of paths) sum.update(`${path}\0`).update(readFileSync(path));
  return sum.digest('hex');
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** `npm test` and `npm run check` may be started side by side. */
function withLock(work) {
  const lock = join(ROOT, '.setup.lock');
  const started = Date.now();
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const age = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : 0;
      if (age > LOCK_WAIT_MS || Date.now() - started > LOCK_WAIT_MS)
        rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  process.on('exit', () => rmSync(lock, { recursive: true, force: true }));
  work();
  rmSync(lock, { recursive: true, force: true });
}

function say(text) {
  console.error(`setup: ${text}`);
}

function stop(status, text) {
  say(text);
  process.exit(status);
}
