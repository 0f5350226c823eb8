#!/usr/bin/env node
/**
 * Installs what the kernel laboratory needs, by name with apt-get: compilers, QEMU, and what a kernel build reads. Does nothing when all
 * is there. Needs root, or sudo without a password.
 *
 * Exit status: 0 all is there, 1 apt-get failed, 3 there is no apt-get or no right to use it.
 */
import { $ } from 'zx';
import { MACHINES, MissingTool, needTools, PACKAGES, runScript } from './lib/tools.mjs';

/** dpkg's own placeholders: name and state of a package. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are for dpkg-query
const FORMAT = '${Package} ${db:Status-Status}\n';

await runScript('kernel:setup', main);

async function main() {
  const packages = [...PACKAGES.build, ...PACKAGES.arm64, ...PACKAGES.run];
  const shown = await $({
    quiet: true,
    nothrow: true,
  })`dpkg-query -W -f ${FORMAT} ${packages}`;
  const there = new Set(
    shown.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  const absent = packages.filter((name) => !there.has(name));
  if (absent.length > 0) {
    const apt = await $({ quiet: true, nothrow: true })`sh -c ${'command -v apt-get'}`;
    if (apt.exitCode !== 0)
      throw new MissingTool(`there is no apt-get; install by hand: ${absent.join(' ')}`);
    const root = process.getuid() === 0 ? [] : ['sudo', '-n'];
    if (root.length > 0 && (await $({ quiet: true, nothrow: true })`sudo -n true`).exitCode !== 0)
      throw new MissingTool(`root is needed: sudo apt-get install ${absent.join(' ')}`);
    console.log(`installing ${absent.join(' ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await $({ env, quiet: true })`${root} apt-get update -qq`;
    await $({ env, stdio: 'inherit' })`${root} apt-get install -y -qq --no-install-recommends ${absent}`;
  }
  await needTools([
    'make',
    'bc',
    'flex',
    'bison',
    ...Object.values(MACHINES).flatMap(({ compiler, emulator }) => [compiler, emulator]),
  ]);
  console.log('kernel:setup: compilers and QEMU are there');
}
