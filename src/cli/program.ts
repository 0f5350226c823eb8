import { Command } from 'commander';
import { toolInfo } from '../report/index.js';
import { abiCommand } from './abi.js';
import { bootCommand } from './boot.js';
import { btfCommand } from './btf.js';
import { checkCommand } from './check.js';
import { decodeCommand } from './decode.js';
import { diffCommand } from './diff.js';
import { encodeCommand } from './encode.js';
import { fdtCommand } from './fdt.js';
import { goldenCommand } from './golden.js';
import { initCommand } from './init.js';
import { inspectCommand } from './inspect.js';
import { pairCommand } from './pair.js';
import { receiveCommand } from './receive.js';
import { rulesCommand } from './rules.js';
import { treeCommand } from './tree.js';
import { validateCommand } from './validate.js';

const EXIT_STATUS = `
Exit status:
  0  clean
  1  the tool failed
  2  usage error or unreadable input
  3  a needed external tool is missing
  4  findings or differences
  12 bytes changed under an unchanged version`;

/** The command line. */
export function buildProgram(): Command {
  const program = new Command('kho-abi')
    .description(
      'Encode, decode and check what one Linux kernel hands to the next through Kexec Handover (KHO).',
    )
    .version(toolInfo().version)
    .exitOverride()
    .showHelpAfterError('(kho-abi COMMAND --help shows the options)')
    .addHelpText('after', EXIT_STATUS);
  for (const command of [
    checkCommand(),
    encodeCommand(),
    decodeCommand(),
    inspectCommand(),
    diffCommand(),
    fdtCommand(),
    goldenCommand(),
    abiCommand(),
    btfCommand(),
    pairCommand(),
    receiveCommand(),
    treeCommand(),
    initCommand(),
    validateCommand(),
    rulesCommand(),
    bootCommand(),
  ]) {
    program.addCommand(command);
  }
  return withExitOverride(program);
}

/** Commander ends the process by itself unless every command is told not to. */
function withExitOverride(command: Command): Command {
  command.exitOverride();
  for (const sub of command.commands) withExitOverride(sub);
  return command;
}
