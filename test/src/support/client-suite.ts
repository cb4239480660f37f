import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CLIENT_CASES, modelFacts, type Result, runClientSuite, textReport } from '@renorm/conformance';
import { repositoryPath } from './cloud-process.js';

const modelFile = repositoryPath('models/fashion-edge.onnx');
const device = fileURLToPath(new URL('./device-under-test.js', import.meta.url));

/** Tries our own device, or another one, with the cases of some groups. */
export async function tryDevice(
  groups: readonly string[],
  { command = `node ${JSON.stringify(device)}`, only }: { command?: string; only?: readonly string[] } = {},
): Promise<{ results: Result[]; failed: string[]; report: string }> {
  const ids = only ?? CLIENT_CASES.filter(({ group }) => groups.includes(group)).map(({ id }) => id);
  const model = modelFacts(await readFile(modelFile), 'fashion-edge.onnx');
  const results = await runClientSuite({ model, modelFile, port: 0, command }, { only: ids });
  const bad = results.filter(({ outcome }) => outcome !== 'passed');
  return { results, failed: bad.map(({ id }) => id), report: textReport(bad) };
}

/** The device of these tests, with something set in its environment. */
export const deviceWith = (setting: string): string => `${setting} node ${JSON.stringify(device)}`;
