/** The kernels that judge: images, the guest's program for each architecture, and QEMU's version. */
import { readFileSync } from 'node:fs';
import { BOOT_MACHINES, qemuVersion, readKernelImage } from '../../../dist/boot/index.js';
import { getAbi, KhoError, makeTarget, pageSizeName } from '../../../dist/index.js';

/** @returns kernels in a fixed order: `{ name, arch, pageShift, machine, image, bytes, init, qemu, target(abi, shift) }` */
export async function loadKernels({ image: images, init: inits, arch, 'page-size': pageSize }) {
  if (images.length === 0)
    throw new KhoError('E_USAGE', 'no kernel', {
      hint: 'npm run kernel:build makes one; --image FILE takes it',
    });
  const programs = new Map(inits.map((text) => text.split('=')));
  const kernels = [];
  for (const path of images) {
    const bytes = readFileSync(path);
    const image = readKernelImage(bytes, path);
    const machine = BOOT_MACHINES[image.arch];
    const program = programs.get(image.arch);
    if (program === undefined)
      throw new KhoError('E_USAGE', `no program for ${image.arch} guests`, {
        expected: `--init ${image.arch}=FILE`,
      });
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
      init: readFileSync(program),
      qemu: await qemuVersion(machine),
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
