import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { Play } from './scenario.test-support.js';
import { type Block, formatScenario, parseScenario } from './scenario-file.test-support.js';

// What the session does is written down in test/scenarios, one story a file. After a change that is meant,
// RENORM_REWRITE=1 writes the files anew; read the difference before you commit it.

const folder = fileURLToPath(new URL('../../../../test/scenarios', import.meta.url));

for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
  test(`scenario ${file}`, async (t) => {
    const path = join(folder, file);
    const play = new Play();
    const played: Block[] = [];
    for (const block of parseScenario(readFileSync(path, 'utf8'))) {
      const expected = block.command === '' ? '' : await play.run(block.command);
      if (process.env.RENORM_REWRITE === undefined) t.equal(expected, block.expected, block.command);
      played.push({ ...block, expected });
    }
    if (process.env.RENORM_REWRITE !== undefined) writeFileSync(path, formatScenario(played));
    t.pass('played');
  });
}
