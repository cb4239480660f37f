import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';

const script = (name: string, folder: string) =>
  spawnSync(process.execPath, [repositoryPath(`scripts/${name}.mjs`), folder], { encoding: 'utf8' });

test('a change of proto/ that breaks peers of the last release is refused, another one is not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-proto-'));
  for (const name of ['proto', 'buf.yaml']) cpSync(repositoryPath(name), join(folder, name), { recursive: true });
  t.match(script('check-proto', folder).stdout, /No release yet/);
  t.equal(script('release-proto', folder).status, 0);
  t.equal(script('check-proto', folder).status, 0, 'nothing has changed');

  const file = join(folder, 'proto/renorm/v1/adaptation.proto');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('float budget_left = 3;\n}', 'float budget_left = 3;\n  uint32 added = 99;\n}'));
  t.not(readFileSync(file, 'utf8'), text);
  t.equal(script('check-proto', folder).status, 0, 'a field more');

  writeFileSync(file, text.replace('  uint32 duplicates = 2;\n', ''));
  const broken = script('check-proto', folder);
  t.not(broken.status, 0, 'a field less');
  t.match(broken.stdout + broken.stderr, /Previously present field "2" with name "duplicates"/);
});
