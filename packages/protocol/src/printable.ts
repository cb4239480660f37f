/**
 * What a terminal or a page would not show but obey, or show in the place of something else: control characters (C0 but
 * tab and line feed, DEL, C1), marks that turn the direction of text (Unicode's Bidi_Control), invisible ones,
 * separators of lines, halves of surrogate pairs, tags.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is to find
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/**
 * Text from a peer or a file as it may be shown: what would not be seen stands there as `\u202e`, which JSON reads back
 * as it was. Tabs and line feeds stay; see `printableLine`.
 */
export function printable(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** As `printable`, and no tab or line feed either: for a name within a line. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\t\n]/g, escaped);
}

function escaped(characters: string): string {
  const units = Array.from({ length: characters.length }, (_, i) => characters.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
