import { readFileSync } from 'node:fs';
import { reasonOf } from '@renorm/protocol';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands.js';
import { Interrupted } from './interrupt.js';

/**
 * Runs one `renorm` command.
 * @param args what follows `renorm` on the command line
 * @returns the exit code: 0, 1 after an error (printed to stderr), 130 or 143 if a signal ended it
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const top = await program(args);
    await top.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof Interrupted) return error.exitCode;
    console.error(reasonOf(error));
    // The cause is for whoever asks; the message alone says what to do.
    if (process.env.RENORM_DEBUG !== undefined) console.error(error);
    return 1;
  }
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
    .showHelpAfterError('(renorm --help lists what there is)')
    .addHelpText(
      'after',
      `
To begin with:
  renorm demo                                    a cloud and three devices on this machine
  renorm inspect model.onnx                      can this model be adapted, and what of it
  renorm cloud --edge-model edge.onnx --foundation-model foundation.onnx --data ./state
  renorm edge --model edge.onnx --cloud localhost:7443 --images ./folder

RENORM_DEBUG=1 prints where an error came from.`,
    );
  for (const [name, { about, load }] of Object.entries(COMMANDS)) {
    const command = name === first ? await load() : new Command(name);
    command.description(about).exitOverride().helpOption('-h, --help', 'print this help').copyInheritedSettings(top);
    top.addCommand(command);
  }
  return top;
}
