/**
 * The names of classes in the order of their indices: one per line, an array in JSON, or an object of them by index,
 * alone or as the `id2label` of a `config.json` of Hugging Face's; in Python's spelling too, as Ultralytics writes it
 * into models.
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
