import { dirname, join } from 'node:path';
import { test } from 'tap';
import { circles } from './circles.js';
import { importsOf, sourcesOf } from './sources.js';
import { architecture } from './table.js';

test('no source imports itself, by way of others or not, types included', async (t) => {
  const sources = sourcesOf([...architecture().keys(), 'test']);
  const edges = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => join(dirname(path), specifier.replace(/\.js$/, '.ts'))),
    ]),
  );
  t.same(circles(edges), []);
});

test('a circle is found where there is one', async (t) => {
  const edges = (text: string) => new Map(text.split(' ').map((line) => [line.charAt(0), line.slice(1).split('')]));
  t.same(circles(edges('ab bc c')), []);
  t.same(circles(edges('ab ba')), [['a', 'b']]);
  t.same(circles(edges('aa b')), [['a']]);
  t.same(circles(edges('xa abc bd ca d')), [['a', 'c']], 'b and d are reached, and do not come back');
});

test('imports are seen in every form', async (t) => {
  const text = `import type { A } from './a.js';\nimport './b.js';\nexport * from './c.js';\nexport {\n  type D,\n} from './d.js';
let e: import('./e.js').E;\nconst late = await import('./late.js');\n`;
  t.same(importsOf(text).sort(), ['./a.js', './b.js', './c.js', './d.js', './e.js']);
});
