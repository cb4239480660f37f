import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { renorm } from './support/processes.js';

test('renorm state check says what is wrong, as text and as JSON, and ends with 1', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'renorm-state-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  await writeFile(join(data, 'renorm.json'), '');
  const text = await renorm('state', 'check', '--data', data);
  t.match(text, { code: 1, stdout: /is damaged:\n {2}renorm\.json is empty\n {2}the store is missing\n/ });
  const json = await renorm('state', 'check', '--data', data, '--json');
  t.equal(json.code, 1);
  t.match(JSON.parse(json.stdout), { isWhole: false, problems: ['renorm.json is empty', 'the store is missing'] });
  await writeFile(join(data, 'renorm.json'), JSON.stringify({ format: 2, edgeModel: 'aa', store: 'none' }));
  t.match(await renorm('state', 'check', '--data', data), { code: 0, stdout: /is whole: format 2/ });
});
