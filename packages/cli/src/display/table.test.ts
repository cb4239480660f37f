import { test } from 'tap';
import { columns } from './table.js';

test('cells line up, whatever their colours', async (t) => {
  const green = (text: string): string => `\u001b[32m${text}\u001b[39m`;
  t.same(
    columns(
      [
        ['name', 'n'],
        ['a', green('12')],
        ['bcdef', '3'],
      ],
      ['left', 'right'],
    ),
    ['name    n', `a      ${green('12')}`, 'bcdef   3'],
  );
});
