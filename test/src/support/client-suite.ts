import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CLIENT_CASES, modelFacts, type Result, runClientSuite, textReport } from '@renorm/conformance';
import { repositoryPath } from './cloud-process.js';

const modelFile = repositoryPath('models/fashion-edge.onnx');
const device = fileURLToPath(new URL('./device-under-test.js', import.meta.url));

/** Every case has a cloud and a device process of its own, which mostly wait: for each other, and to try again. */
const JOBS = 3;

/**
 * From the start of a device to its announcement: on a machine that others use too, a process takes its time to start.
 */
const PATIENCE_MS = 120_000;

/** Tries our own device, or another one, with the cases of some groups. */
export async function tryDevice(
  groups: readonly string[],
  { command = `node ${JSON.stringify(device)}`, only }: { command?: string; only?: readonly string[] } = {},
): Promise<{ results: Result[]; failed: string[]; report: string }> {
  const ids = only ?? CLIENT_CASES.filter(({ group }) => groups.includes(group)).map(({ id }) => id);
  const model = modelFacts(await readFile(modelFile), 'fashion-edge.onnx');
  const results = await runClientSuite(
    { model, modelFile, port: 0, command, patienceMs: PATIENCE_MS },
    { only: ids, jobs: JOBS },
  );
  const bad = results.filter(({ outcome }) => outcome !== 'passed');
  return { results, failed: bad.map(({ id }) => id), report: textReport(bad) };
}

/** The device of these tests, with something set in its environment. */
export const deviceWith = (setting: string): string => `${setting} node ${JSON.stringify(device)}`;
