import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { adaptationService, create, digestBytes, encodeSample, UploadRequestSchema } from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';
import { benchImages, benchModel } from './bench-models.js';
import { median, quantile } from './measure.js';

const ROUNDS = 5;
const UPLOADS = 80;
const SAMPLES = 8;
const PACE_MS = 40;

const { upload } = grpcDefinition(adaptationService);

/** Round trip of an upload over a real socket while the cloud trains, against a cloud that does not train, in turn. */
export async function runGatewayBench(): Promise<void> {
  const images = await benchImages(512);
  const modelDigest = digestBytes((await benchModel('edge')).bytes);
  const clouds = { training: await startCloudProcess('training'), idle: await startCloudProcess('idle') };
  const times: Record<keyof typeof clouds, number[]> = { training: [], idle: [] };
  let sequence = 1;
  const burst = async (name: keyof typeof clouds, keep: boolean): Promise<void> => {
    for (let i = 0; i < UPLOADS; i++) {
      const samples = Array.from({ length: SAMPLES }, (_, k) => ({
        ...encodeSample({ data: images[(sequence + k) % images.length] as Float32Array, shape: [1, 28, 28] }),
        sequence: BigInt(sequence + k),
        entropy: 0.5,
      }));
      sequence += SAMPLES;
      const device = { id: 'bench', cohort: 'bench', modelDigest };
      const request = create(UploadRequestSchema, { device, session: new Uint8Array(16), samples });
      const started = performance.now();
      await call(clouds[name].client, request);
      if (keep) times[name].push(performance.now() - started);
      await sleep(PACE_MS);
    }
  };
  await burst('idle', false);
  await burst('training', false);
  for (let round = 0; round < ROUNDS; round++) {
    // While the idle cloud is asked, the other must not train: it is stopped as Ctrl-Z stops a process.
    clouds.training.child.kill('SIGSTOP');
    await burst('idle', true);
    clouds.training.child.kill('SIGCONT');
    await burst('training', true);
  }
  for (const { client, child } of Object.values(clouds)) {
    client.close();
    child.disconnect();
  }
  const row = (name: string, values: readonly number[]): string =>
    `| ${name} | ${median(values).toFixed(2)} ms | ${quantile(values, 0.99).toFixed(2)} ms |`;
  console.log(
    `Round trip of an upload of ${SAMPLES} samples, ${ROUNDS} x ${UPLOADS} uploads each, in turn; every one is on disk when it is acknowledged.\n`,
  );
  console.log('| | median | 99th percentile |\n|---|---|---|');
  console.log(row('while training', times.training));
  console.log(row('idle', times.idle));
  const [busy, quiet] = [quantile(times.training, 0.99), quantile(times.idle, 0.99)];
  console.log(`\n99th percentile while training / idle: ${(busy / quiet).toFixed(2)}`);
}

function call(client: Client, request: Parameters<typeof upload.requestSerialize>[0]): Promise<void> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(upload.path, upload.requestSerialize, upload.responseDeserialize, request, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

async function startCloudProcess(kind: 'training' | 'idle'): Promise<{ child: ChildProcess; client: Client }> {
  const child = fork(fileURLToPath(new URL('./gateway-entry.js', import.meta.url)), [kind]);
  const [address] = (await once(child, 'message')) as [string];
  return { child, client: new Client(address, credentials.createInsecure()) };
}
