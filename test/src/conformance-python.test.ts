import { spawnSync } from 'node:child_process';
import { test } from 'tap';
import { tryDevice } from './support/client-suite.js';
import { repositoryPath } from './support/cloud-process.js';
import { findPython } from './support/python.js';

const python = findPython();
const skip = 'missing' in python && python.missing;
const run = 'path' in python ? python.path : '';
const folder = repositoryPath('test/conformance/python');

test('Python decodes the golden vectors', { skip }, async (t) => {
  const { status, stdout, stderr } = spawnSync(run, [`${folder}/test_vectors.py`], { encoding: 'utf8' });
  t.equal(status, 0, stderr);
  t.match(stdout, /versions decoded to the bit/);
});

test('a device in Python passes the cases on versions, uploads and trust', { skip }, async (t) => {
  const groups = ['Versions', 'Uploads', 'Trust'];
  const { results, failed, report } = await tryDevice(groups, { command: `"${run}" "${folder}/device.py"` });
  t.ok(results.length >= 25);
  t.same(failed, [], report);
});
