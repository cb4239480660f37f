import type { Attributes } from '../../graph/types.js';

interface WithAttributes {
  readonly attributes: Attributes;
}

/** A numeric attribute. */
export const number = ({ attributes }: WithAttributes, name: string, fallback: number): number =>
  (attributes[name] ?? fallback) as number;

/** A list attribute. */
export const list = ({ attributes }: WithAttributes, name: string): readonly number[] | undefined =>
  attributes[name] as readonly number[] | undefined;

/** A text attribute. */
export const text = ({ attributes }: WithAttributes, name: string, fallback: string): string =>
  String(attributes[name] ?? fallback);
