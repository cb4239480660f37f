import type { Attributes } from '../../graph/types.js';

/** An Einsum: the axes of its operands and of its result, a letter each; `...` stands for any number. */
export interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

/** A result that is left out has the axes behind an ellipsis, then the letters that occur once, sorted. */
export function equationOf({ attributes }: { readonly attributes: Attributes }): Equation {
  const [left = '', right] = String(attributes.equation ?? '')
    .replaceAll(' ', '')
    .split('->');
  const letters = [...left].filter((letter) => /[a-z]/i.test(letter)).sort();
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).join('');
  return { operands: left.split(','), result: right ?? (left.includes('...') ? `...${once}` : once) };
}
