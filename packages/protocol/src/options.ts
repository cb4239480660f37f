import { RenormError } from './errors.js';
import { nearestName } from './nearest-name.js';

/** What an option has to be. */
export interface OptionRule {
  /** As in `has to be a number`. */
  readonly what: string;
  readonly required?: true;
  is(value: unknown): boolean;
  /** Of an option that is an object with names of its own. */
  readonly inside?: Readonly<Record<string, OptionRule>>;
}

/** A rule for every option of a type: the compiler says which one has none. */
export type OptionRules<Options> = { readonly [Name in keyof Options]-?: OptionRule };

const rule = (what: string, is: (value: unknown) => boolean): OptionRule => ({ what, is });
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/** Rules. They ask for the kind of a value; bounds and meaning are asked for where it is used. */
export const option = {
  text: rule('a text', (value) => typeof value === 'string'),
  number: rule('a number', (value) => typeof value === 'number'),
  truth: rule('true or false', (value) => typeof value === 'boolean'),
  bytes: rule('a Uint8Array', (value) => value instanceof Uint8Array),
  pathOrBytes: rule('a path or a Uint8Array', (value) => typeof value === 'string' || value instanceof Uint8Array),
  pathOrTexts: rule(
    'a path or an array of texts',
    (value) => typeof value === 'string' || (Array.isArray(value) && value.every((each) => typeof each === 'string')),
  ),
  pathOrList: rule(
    'a path, an array of numbers or an array of texts',
    (value) =>
      typeof value === 'string' ||
      (Array.isArray(value) && ['number', 'string'].some((type) => value.every((each) => typeof each === type))),
  ),
  callback: rule('a function', (value) => typeof value === 'function'),
  numbers: rule(
    'an array of numbers',
    (value) => Array.isArray(value) && value.every((each) => typeof each === 'number'),
  ),
  sizes: rule(
    'an object of numbers by the name of their axis',
    (value) =>
      (Array.isArray(value) || isObject(value)) && Object.values(value).every((each) => typeof each === 'number'),
  ),
  texts: rule('an array of texts', (value) => Array.isArray(value) && value.every((each) => typeof each === 'string')),
  oneOf: (...values: readonly string[]): OptionRule =>
    rule(`one of ${values.map((value) => `'${value}'`).join(', ')}`, (value) => values.includes(value as string)),
  group: (inside: Readonly<Record<string, OptionRule>>): OptionRule => ({
    ...rule('an object', isObject),
    inside,
  }),
  /** A path of a file that says the same, or an object. */
  pathOr: (inside: Readonly<Record<string, OptionRule>>): OptionRule => ({
    ...rule('a path or an object', (value) => typeof value === 'string' || isObject(value)),
    inside,
  }),
  /** Numbers and truths with the names of some defaults. */
  like: (defaults: object): OptionRule => option.group(rulesLike(defaults)),
  /** Checked elsewhere. */
  anything: rule('anything', () => true),
  required: (of: OptionRule): OptionRule => ({ ...of, required: true }),
} as const;

const rulesLike = (defaults: object): Record<string, OptionRule> =>
  Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, typeof value === 'boolean' ? option.truth : option.number]),
  );

/**
 * Checks what a program without types may have got wrong: names that there are not, values of another kind, options
 * left out. An option that is undefined counts as left out.
 *
 * @param whose the function that takes them, as in `openDevice`
 * @throws RenormError REQUEST_INVALID naming the option, and the nearest right name
 */
export function checkOptions(whose: string, given: unknown, rules: Readonly<Record<string, OptionRule>>): void {
  check(whose, '', given, rules);
}

function check(whose: string, path: string, given: unknown, rules: Readonly<Record<string, OptionRule>>): void {
  if (!isObject(given)) throw invalid(`${whose} takes an object of options, not ${shown(given)}; pass one.`);
  const names = Object.keys(rules);
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (known === undefined) {
      const near = nearestName(name, names);
      const advice = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${path}${near}?`;
      throw invalid(`${whose} has no option ${path}${name}; ${advice}${near === undefined ? '.' : ''}`);
    }
    if (value === undefined) continue;
    if (!known.is(value))
      throw invalid(`the option ${path}${name} of ${whose} is ${shown(value)}, and has to be ${known.what}.`);
    if (known.inside !== undefined && isObject(value)) check(whose, `${path}${name}.`, value, known.inside);
  }
  for (const [name, { required, what }] of Object.entries(rules)) {
    if (required && given[name] === undefined)
      throw invalid(`${whose} needs the option ${path}${name}, ${what}; give it.`);
  }
}

const invalid = (text: string): RenormError => new RenormError('REQUEST_INVALID', text);

/** A value as it may stand in a message. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `the text '${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object' || typeof value === 'function')
    return Array.isArray(value) ? 'an array' : `a ${value.constructor?.name ?? 'value'}`;
  return String(value);
}
