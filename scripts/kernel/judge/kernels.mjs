/** The kernels that judge: images, the guest's program for each architecture, and QEMU's version. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BOOT_MACHINES, qemuVersion, readKernelImage } from '../../../dist/boot/index.js';
import { getAbi, makeTarget, pageSizeName } from '../../../dist/index.js';
import { kernelImage } from '../lib/build.mjs';
import { ARCHITECTURES, PAGE_SIZES } from '../lib/config.mjs';
import { guestInit } from '../lib/guest.mjs';

/**
 * The kernels that are asked for: images that are named, else those that the laboratory has in its cache or builds now.
 *
 * @returns kernels in a fixed order: `{ name, arch, pageShift, machine, image, bytes, init, qemu, origin, target(abi, shift) }`
 */
export async function loadKernels({ image: named, init: inits, arch, 'page-size': pageSize, source }) {
  const images = named.length > 0 ? named : await builtImages(arch, pageSize, source);
  const programs = new Map(inits.map((text) => text.split('=')));
  const kernels = [];
  for (const path of images) {
    const bytes = readFileSync(path);
    const image = readKernelImage(bytes, path);
    const machine = BOOT_MACHINES[image.arch];
    const name = `${image.arch} ${pageSizeName(image.pageShift)}`;
    if ((arch ?? image.arch) !== image.arch || (pageSize ?? name.split(' ')[1]) !== name.split(' ')[1])
      continue;
    kernels.push({
      name,
      arch: image.arch,
      pageShift: image.pageShift,
      machine,
      image,
      bytes,
      init: readFileSync(programs.get(image.arch) ?? (await guestInit(image.arch))),
      qemu: await qemuVersion(machine),
      origin: originOf(path),
      target: (abi, pageShift = image.pageShift) => makeTarget(getAbi(abi), 'little', pageShift, machine.elf),
    });
  }
  const order = ['arm64 4K', 'arm64 16K', 'arm64 64K', 'x86_64 4K'];
  // Of two images of one kind the last one named counts.
  const last = kernels.filter(
    (kernel, index) => !kernels.slice(index + 1).some(({ name }) => name === kernel.name),
  );
  return last.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

/** Images of all kinds that the options allow, as `npm run kernel:build` makes them. */
async function builtImages(arch, pageSize, source) {
  const images = [];
  for (const one of ARCHITECTURES.filter((name) => (arch ?? name) === name)) {
    for (const size of PAGE_SIZES[one].filter((name) => (pageSize ?? name) === name)) {
      const { image } = await kernelImage({ arch: one, pageSize: size, source }, (text) =>
        console.error(text),
      );
      images.push(image);
    }
  }
  return images;
}

/** Where the sources of an image came from, which its builder writes beside it. */
function originOf(path) {
  const facts = join(dirname(path), 'facts.json');
  return existsSync(facts) ? JSON.parse(readFileSync(facts, 'utf8')).origin : 'not known';
}

/** Room that planning a layout keeps for the initrd. */
export function sizesOf({ image, bytes, init }) {
  return { image, imageBytes: BigInt(bytes.length), initrdBytes: BigInt(init.length + 0x1_0000) };
}

/** Runs tasks, so many at a time, and gives their results in order. */
export async function pool(tasks, jobs, progress) {
  const results = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < tasks.length) {
      const index = next++;
      results[index] = await tasks[index]();
      progress(++done, tasks.length, results[index]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}
