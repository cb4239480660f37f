import { RenormError } from '@renorm/protocol';

/** A class among the most probable of a prediction. */
export interface RankedClass {
  /** Its index. */
  readonly label: number;
  /** What it is called; left out where nobody said. */
  readonly name?: string;
  readonly probability: number;
}

/** Classes that a prediction ranks. */
const RANKED = 5;

/** The most probable classes, the first of equals before the others. */
export function ranked(probabilities: Float32Array, names: readonly string[] | undefined): RankedClass[] {
  const best: number[] = [];
  for (let label = 0; label < probabilities.length; label++) {
    const p = probabilities[label] as number;
    let at = best.length;
    while (at > 0 && p > (probabilities[best[at - 1] as number] as number)) at--;
    if (at >= RANKED) continue;
    best.splice(at, 0, label);
    best.length = Math.min(best.length, RANKED);
  }
  return best.map((label) => {
    const name = names?.[label];
    return { label, ...(name !== undefined && { name }), probability: probabilities[label] as number };
  });
}

/**
 * The names of classes in the order of their indices: a line each, an array in JSON, or an object of them by index, alone or as the
 * `id2label` of a `config.json` of Hugging Face's; in Python's spelling too, as Ultralytics writes it into models.
 *
 * @returns undefined: it is nothing of these
 */
export function parseLabels(text: string): string[] | undefined {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return trimmed === '' ? undefined : trimmed.split(/\r?\n/).map((line) => line.trim());
  return namesIn(fromJson(trimmed) ?? fromPython(trimmed));
}

function namesIn(value: unknown): string[] | undefined {
  if (Array.isArray(value)) return value.every((name) => typeof name === 'string') ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if ('id2label' in value) return namesIn(value.id2label);
  const entries = new Map(Object.entries(value));
  const names = Array.from({ length: entries.size }, (_, i) => entries.get(String(i)));
  return names.length > 0 && names.every((name) => typeof name === 'string') ? names : undefined;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{0: 'person', 1: "bird's nest"}` */
function fromPython(text: string): Record<string, string> {
  const items = text.matchAll(/(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g);
  return Object.fromEntries(
    [...items].map(([, index = '', single, double]) => [index, (single ?? double ?? '').replace(/\\(.)/g, '$1')]),
  );
}

/** Keys under which exporters write the names of classes into a model. */
const METADATA_KEYS = ['names', 'labels', 'classes', 'class_names', 'id2label'];

/** The names that a model's metadata give to so many classes; undefined: none, or for others. */
export function labelsInMetadata(
  metadata: readonly { readonly key: string; readonly value: string }[],
  classes: number,
): string[] | undefined {
  for (const key of METADATA_KEYS) {
    const text = metadata.find((entry) => entry.key === key)?.value;
    const names = text === undefined ? undefined : parseLabels(text);
    if (names?.length === classes) return names;
  }
  return undefined;
}

/** @throws RenormError REQUEST_INVALID: there is not a name for each class */
export function checkLabels(names: readonly string[], classes: number): readonly string[] {
  if (names.length === classes) return names;
  const text = `the option labels names ${names.length} classes, and the model tells ${classes} apart; give a name for each, in the order of their indices.`;
  throw new RenormError('REQUEST_INVALID', text);
}
