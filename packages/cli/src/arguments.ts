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
