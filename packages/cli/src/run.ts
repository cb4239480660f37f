import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { printable, reasonOf } from '@renorm/protocol';
import { Command, CommanderError } from 'commander';
import { heedNoColor } from './colour.js';
import { COMMANDS } from './commands.js';
import { print, printError } from './display/terminal.js';
import { Interrupted } from './interrupt.js';
import { applySettings } from './settings.js';

/**
 * Runs one `renorm` command.
 * @param args what follows `renorm` on the command line
 * @returns the exit code: 0, 1 after an error (printed to stderr), 130 or 143 if a signal ended it
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    heedNoColor(process.env);
    const top = await program(args);
    await applySettings(commandOf(top, args), args, process.env);
    await top.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof Interrupted) return error.exitCode;
    printError(`${printable(reasonOf(error))}\n`);
    // The cause is for whoever asks; the message alone says what to do.
    if (process.env.RENORM_DEBUG !== undefined) printError(`${printable(inspect(error))}\n`);
    return 1;
  }
}

/** The command that is asked for, or one of those in it. */
function commandOf(top: Command, [first, second]: readonly string[]): Command {
  const command = top.commands.find((each) => each.name() === first) ?? top;
  return command.commands.find((each) => each.name() === second) ?? command;
}

async function program([first]: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const top = new Command('renorm')
    .description('Keeps ONNX classifiers on edge devices accurate while their surroundings drift.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: printError })
    .showHelpAfterError('(renorm --help lists what there is)')
    .addHelpText(
      'after',
      `
To begin with:
  renorm demo                                    a cloud and three devices on this machine
  renorm inspect model.onnx                      can this model be adapted, and what of it
  renorm eval --edge-model edge.onnx --data ./photos --corrupt all     is it worth it for my model and data
  renorm cloud --edge-model edge.onnx --foundation-model foundation.onnx --data ./state
  renorm edge --model edge.onnx --cloud localhost:7443 --images ./folder

What an option says, a variable may say too (RENORM_EDGE_MODEL for --edge-model), or a file of JSON ({"edgeModel": "edge.onnx"})
that --config or RENORM_CONFIG names; the command line goes first. docs/commands.md has more.
RENORM_DEBUG=1 prints where an error came from.`,
    );
  for (const [name, { about, load }] of Object.entries(COMMANDS)) {
    const command = name === first ? await load() : new Command(name);
    command.description(about).exitOverride().helpOption('-h, --help', 'print this help').copyInheritedSettings(top);
    for (const each of command.commands.length > 0 ? command.commands : [command])
      each.option('--config <file>', 'file with options, in JSON');
    top.addCommand(command);
  }
  return top;
}
