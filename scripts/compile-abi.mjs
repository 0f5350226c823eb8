#!/usr/bin/env node
/** Checks the files in abi/ and writes them as JSON in dist/abi/, which the library reads. Part of the build. */
import { writeFileSync } from 'node:fs';
import { compileAbis, compileClients, compileReleases, compileTreeMap } from '../dist/schemas.js';

try {
  writeFileSync('dist/abi/abis.json', `${JSON.stringify(compileAbis('abi'))}\n`);
  writeFileSync('dist/abi/releases.json', `${JSON.stringify(compileReleases('abi'))}\n`);
  writeFileSync('dist/abi/tree.json', `${JSON.stringify(compileTreeMap('abi/tree.yaml'))}\n`);
  writeFileSync('dist/abi/clients.json', `${JSON.stringify(compileClients('abi/clients'))}\n`);
} catch (error) {
  console.error(`compile-abi: ${error.message}`);
  process.exitCode = 1;
}
