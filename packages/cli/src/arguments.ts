import { InvalidArgumentError } from 'commander';

/** A parser of whole numbers between two bounds, for commander. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** A parser of numbers with commas between, for commander. */
export function numbers(text: string): number[] {
  const values = text.split(',').map(Number);
  if (text.trim() === '' || !values.every(Number.isFinite))
    throw new InvalidArgumentError('Give numbers with commas between, for example 0.485,0.456,0.406.');
  return values;
}

/** A parser of sizes by the name of their axis, as in `height=224,width=224`, for commander. */
export function namedSizes(text: string): Record<string, number> {
  const pairs = text.trim().startsWith('{')
    ? Object.entries(jsonObject(text))
    : text.split(',').map((each) => each.split('='));
  const sizes = pairs.map(([name = '', size]) => [name.trim(), Number(size)] as const);
  if (sizes.every(([name, size]) => name !== '' && Number.isSafeInteger(size) && size > 0))
    return Object.fromEntries(sizes);
  throw new InvalidArgumentError('Give a size for the name of each axis, for example height=224,width=224.');
}

/** A parser of names with commas between, for commander. */
export function names(text: string): string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.includes('')) throw new InvalidArgumentError('Give names with commas between.');
  return list;
}

/** A parser of an object in JSON, for options with names of their own; the library says which there are. */
export function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Give an object in JSON, for example {"name": 1}.');
}

/** A parser of what stands in a file, or is said in JSON in its place, for commander. */
export const fileOrObject = (text: string): string | object => (text.trim().startsWith('{') ? jsonObject(text) : text);

/** Those of some options that were given. */
export const given = <Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof given<Options>
  >;

/** Flags about what a model does not say of itself, under the names of the library. */
export interface ModelFlags {
  readonly output?: string;
  readonly sizes?: Record<string, number>;
}

/** These alone. */
export const modelFlags = ({ output, sizes }: ModelFlags): ModelFlags => ({
  ...(output !== undefined && { output }),
  ...(sizes && { sizes }),
});
