import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { test } from 'tap';

test('the decoder is under 10 kB minified, for browsers', async (t) => {
  const entry = (file: string): string => fileURLToPath(new URL(`./${file}`, import.meta.url));
  const contents = ['read-difference.js', 'parameter-grid.js'].map(
    (file) => `export * from ${JSON.stringify(entry(file))};`,
  );
  const { outputFiles } = await build({
    stdin: { contents: contents.join('\n'), resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', write: false },
  });
  const bytes = outputFiles[0]?.contents.length ?? Number.NaN;
  t.comment(`${bytes} bytes with the errors, the grid and the coder`);
  t.ok(bytes < 10_000, `${bytes} bytes`);
});
