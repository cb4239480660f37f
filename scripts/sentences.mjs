// Copies the numbered sentences of docs/protocol.md into the conformance suite, which cites them. Run it after a change
// of the page: node scripts/sentences.mjs. A test compares the two.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const page = readFileSync(file('docs/protocol.md'), 'utf8');
const sentences = [...page.matchAll(/^- \*\*([A-Z]-\d+)\*\* ((?:.+\n)(?: {2}.+\n)*)/gm)].map(([, id, text]) => [
  id,
  text.trim().replace(/\s*\n\s*/g, ' '),
]);
const literal = (text) =>
  text.includes("'") && !text.includes('`') ? JSON.stringify(text) : `'${text.replaceAll("'", "\\'")}'`;
const lines = sentences.map(([id, text]) => `  '${id}': ${literal(text)},`);
writeFileSync(
  file('packages/conformance/src/sentences.ts'),
  `// Made by scripts/sentences.mjs from docs/protocol.md.

/** The numbered sentences of the specification. */
export const SENTENCES: Readonly<Record<string, string>> = {
${lines.join('\n')}
};
`,
);
