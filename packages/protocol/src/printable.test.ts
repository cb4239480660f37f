import { test } from 'tap';
import { printable, printableLine } from './printable.js';

test('what a terminal would obey, and what turns or hides text, is written out', (t) => {
  const cases: Readonly<Record<string, string>> = {
    '\u001b[2J': '\\u001b[2J',
    '\u009b31m': '\\u009b31m',
    'invoice\u202egpj.exe': 'invoice\\u202egpj.exe',
    '\u2066a\u2069': '\\u2066a\\u2069',
    'a\u200bb\ufeff': 'a\\u200bb\\ufeff',
    'a\rb\0\u007f': 'a\\u000db\\u0000\\u007f',
    'one\u2028two': 'one\\u2028two',
    '\ud800x': '\\ud800x',
    '\u{e0041}': '\\udb40\\udc41',
  };
  for (const [raw, shown] of Object.entries(cases)) t.equal(printable(raw), shown);
  t.end();
});

test('letters of every language, symbols and line feeds stay', (t) => {
  for (const text of ['Zürich – 東京 · العربية · עברית', '✓ 😀 …', 'one\ntwo', '"\\u001b"'])
    t.equal(printable(text), text);
  t.equal(printableLine('one\n\ttwo'), 'one\\u000a\\u0009two');
  t.end();
});

test('in JSON it is another spelling of the same value', (t) => {
  const value = { name: 'a\u009b\u202e\u{e0041}' };
  t.same(JSON.parse(printable(JSON.stringify(value))), value);
  t.end();
});
