import { readFile } from 'node:fs/promises';
import { nearestName, RenormError, unreadable } from '@renorm/protocol';
import { type Command, InvalidArgumentError, type Option } from 'commander';

/** The variable of the environment that says what an option says: RENORM_EDGE_MODEL for --edge-model. */
export const variableOf = (option: Option): string =>
  `RENORM_${(option.long ?? '')
    .replace(/^--(no-)?/, '')
    .replaceAll('-', '_')
    .toUpperCase()}`;

/**
 * Gives a command, before its arguments are parsed, what a file and the environment say: the command line goes before
 * the environment, and that before the file. In the file, one JSON object, options are named as in the library:
 * `edgeModel`.
 *
 * @param args the command's arguments; `--config <file>`, or RENORM_CONFIG, names the file
 * @throws RenormError REQUEST_INVALID: a name that is no option, or a value that is none of its
 */
export async function applySettings(
  command: Command,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (command.parent === null) return;
  const options = command.options.filter(({ long }) => long !== undefined && long !== '--help' && long !== '--config');
  const apply = (option: Option, value: unknown, source: string, named: string): void => {
    if (!args.some((arg) => arg === option.long || arg.startsWith(`${option.long}=`)))
      command.setOptionValueWithSource(option.attributeName(), parsed(option, value, named), source);
  };
  const file = configFile(args) ?? environment.RENORM_CONFIG;
  if (file !== undefined) {
    const names = options.map((option) => option.attributeName());
    for (const [name, value] of Object.entries(await readConfig(file))) {
      const option = options.find((each) => each.attributeName() === name);
      if (option === undefined) throw unknown(file, name, names, command.name());
      apply(option, value, 'config', `${name} in ${file}`);
    }
  }
  for (const option of options) {
    const value = environment[variableOf(option)];
    if (value !== undefined && value !== '') apply(option, value, 'env', variableOf(option));
  }
}

function configFile(args: readonly string[]): string | undefined {
  const i = args.findIndex((arg) => arg === '--config' || arg.startsWith('--config='));
  return i < 0 ? undefined : (args[i]?.split('=')[1] ?? args[i + 1]);
}

async function readConfig(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable('REQUEST_INVALID', `the file --config ${file}`, cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RenormError('REQUEST_INVALID', `the file --config ${file} is not JSON; see what is wrong in it.`, {
      cause,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RenormError(
    'REQUEST_INVALID',
    `the file --config ${file} has to hold one JSON object; see docs/commands.md.`,
  );
}

function unknown(file: string, name: string, names: readonly string[], command: string): RenormError {
  const near = nearestName(name, names);
  const advice = near === undefined ? `there are ${names.join(', ')}.` : `did you mean ${near}?`;
  return new RenormError('REQUEST_INVALID', `${file}: renorm ${command} has no option ${name}; ${advice}`);
}

/** A value as the command line would have made it. */
function parsed(option: Option, value: unknown, named: string): unknown {
  const wrong = (why: string): RenormError => new RenormError('REQUEST_INVALID', `${named}: ${why}`);
  if (option.isBoolean()) {
    const truth = { true: true, '1': true, false: false, '0': false }[String(value)];
    if (truth === undefined) throw wrong('it has to be true or false.');
    return truth;
  }
  if (option.variadic) return Array.isArray(value) ? value.map(String) : String(value).split(',');
  const text = typeof value === 'object' && value !== null ? textOf(value) : String(value);
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw wrong(error.message);
    throw error;
  }
}

/** With commas between, as lists are on the command line; else JSON. */
const textOf = (value: object): string => (Array.isArray(value) ? value.join(',') : JSON.stringify(value));
