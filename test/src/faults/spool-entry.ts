// Keeps, numbers and lets go samples as a device does, as fast as the disk takes it, and says on stdout what the store
// has acknowledged; until it is killed.
import { openLevelStore, type RecordChange } from '@renorm/edge/node';
import { dataKey, dataOf, sampleKey } from './spool-records.js';

const [folder = '', from = '1', seed = '1'] = process.argv.slice(2);
const { store, lost } = await openLevelStore(folder);
if (lost !== undefined) process.stdout.write(`lost ${lost}\n`);
let ticket = Number(from);
let turn = Number(seed);
const waiting = (await store.list('sample/')).map(({ key }) => Number(key.slice(7)));
for (;;) {
  turn = (turn * 48_271) % 2_147_483_647;
  const kept = Array.from({ length: 1 + (turn % 7) }, () => ticket++);
  const gone = waiting.splice(0, turn % 13 === 0 ? 40 : 0);
  const changes: RecordChange[] = [
    ...kept.flatMap((each) => [
      { key: sampleKey(each), value: new TextEncoder().encode(String(each)) },
      { key: dataKey(each), value: dataOf(each) },
    ]),
    ...gone.flatMap((each) => [sampleKey(each), dataKey(each)].map((key) => ({ key, value: undefined }))),
  ];
  process.stdout.write(`asked ${gone.join(',')}\n`);
  await store.write(changes);
  waiting.push(...kept);
  process.stdout.write(`kept ${kept.join(',')} ${gone.join(',')}\n`);
}
