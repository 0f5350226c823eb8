import type { ClientAbi } from '../abi/index.js';
import { printable } from '../bytes/index.js';
import type { DecodedClient } from '../clients/index.js';
import { isNamed, rowOf, rowStep } from './client-rows.js';
import type { NextMachine } from './next-machine.js';
import type { Step } from './step.js';

/** Regions that the command line asks for, one by one; without a command line those that are there. */
export function regionSteps(abi: ClientAbi, client: DecodedClient, { regions }: NextMachine): Step[] {
  if (client.data?.kind !== 'memblock') return [];
  const found = client.data.regions;
  if (regions === undefined)
    return [
      rowStep(
        'memblock',
        'restore',
        rowOf(abi, 'ok'),
        found.map(({ name }) => printable(name.value)),
      ),
    ];
  return regions.map(({ name, size, align }) => {
    const region = found.find((candidate) => isNamed(candidate.name.value, name));
    const step = (id: string, values: readonly (string | number)[]): Step =>
      rowStep('memblock', `revive '${printable(name)}'`, rowOf(abi, id), values);
    if (region === undefined) return step('region-missing', ['memblock', name, FDT_ERR_NOTFOUND]);
    if (region.start !== undefined && region.start.value % align !== 0n) return step('alignment', [name]);
    if (region.size?.value !== size) return step('size', [name]);
    return step('ok', [name]);
  });
}

const FDT_ERR_NOTFOUND = -1;
