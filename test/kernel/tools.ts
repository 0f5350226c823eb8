import { $ } from 'zx';

/** Fails with the name of the package when a program that a test needs is not there: such a test is never skipped. */
export async function tool(command: string, wanted: string): Promise<void> {
  const found = await $({ quiet: true, nothrow: true, env: PATHS })`command -v ${command}`;
  if (found.exitCode !== 0)
    throw new Error(`${command} is not installed; Debian, Ubuntu: apt-get install ${wanted}`);
}

/** bpftool lies in a folder that only root has in its path. */
export const PATHS = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
