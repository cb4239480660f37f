import { workerData } from 'node:worker_threads';
import { type OnnxModel, parseModel, serializeModel, withParameters } from '@renorm/onnx';
import { encodeSample, type ParameterSet, reasonOf, type SampleForm, type Tensor } from '@renorm/protocol';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { POLL_MS } from './polling.js';
import { sessionOptions } from './session-options.js';
import { SketchSession } from './sketch-session.js';
import { Counter, type Slot, slotIndex, viewSlots } from './slots.js';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.js';

// The entry of a session's worker thread: bakes versions into the model, builds sessions, predicts what is in the
// slots.

const { model: exported, name, port, memory, threads, inputName, outputName, inputShape } = workerData as WorkerSetup;

// onnxruntime-node puts every run off by a setImmediate, so that the event loop of its caller gets a turn before it
// blocks. This thread has nothing else to do, and the turn would be part of every prediction's latency.
globalThis.setImmediate = ((callback: (...args: unknown[]) => void, ...args: unknown[]) =>
  callback(...args)) as typeof setImmediate;

const say = (message: FromWorker): void => port.postMessage(message);

const { counters, slots } = viewSlots(memory);
// The runtime takes no shared memory: one tensor of our own for the input, used again for every prediction.
const input = new Float32Array(memory.elements);
const feed = { [inputName]: new RuntimeTensor('float32', input, inputShape) };

let session: InferenceSession | undefined;
let parsed: OnnxModel | undefined;
let sketching: SketchSession | undefined;
let answered = 0;

// One message after the other: a session is not let go under a prediction.
let work = Promise.resolve();
port.on('message', (message: ToWorker) => {
  work = work.then(async () => {
    Atomics.store(counters, Counter.InRuntime, 1);
    await handle(message);
    Atomics.store(counters, Counter.InRuntime, 0);
    Atomics.notify(counters, Counter.InRuntime);
  });
});

function handle(message: ToWorker): Promise<void> | void {
  if (message === 0) return predictAll();
  switch (message.kind) {
    case 'load':
      return load(message.parameters);
    case 'release':
      return release();
    case 'end':
      return end();
    case 'encode':
      return encode(message.id, message.sample, message.form);
    case 'sketch':
      return sketch(message.id, message.images, message.count, message.parameters);
  }
}

const isEnding = (): boolean => Atomics.load(counters, Counter.Ending) === 1;

/** Predicts until nothing is asked for, and looks a little longer for the next if it may. */
async function predictAll(): Promise<void> {
  do {
    Atomics.store(counters, Counter.WorkerLooks, 1);
    do {
      while (isAsked()) await predict(answered);
    } while (poll());
    Atomics.store(counters, Counter.WorkerLooks, 0);
    // What was asked before the flag went down brought no message with it.
  } while (isAsked());
}

const isAsked = (): boolean => Atomics.load(counters, Counter.Asked) !== answered && !isEnding();

function poll(): boolean {
  if (Atomics.load(counters, Counter.WorkerMayPoll) === 0) return false;
  const until = performance.now() + POLL_MS;
  while (!isAsked()) if (performance.now() > until) return false;
  return true;
}

async function predict(n: number): Promise<void> {
  const index = slotIndex(n);
  const slot = slots[index] as Slot;
  let failed = 0;
  try {
    if (session === undefined) throw new Error('no session is loaded');
    input.set(slot.input);
    slot.output.set(await infer(session));
  } catch (error) {
    failed = 1;
    say({ kind: 'failed', n, reason: reasonOf(error) });
  }
  Atomics.store(counters, Counter.Failed + index, failed);
  answered = (answered + 1) | 0;
  Atomics.store(counters, Counter.Answered, answered);
  if (Atomics.load(counters, Counter.MainLooks) === 0) say(0);
}

/** The logits of what is in `input`. */
async function infer(of: InferenceSession): Promise<Float32Array> {
  const logits = (await of.run(feed, [outputName]))[outputName]?.data;
  if (!(logits instanceof Float32Array) || logits.length !== memory.classes) {
    throw new Error(`the output ${outputName} is not ${memory.classes} float32 values for a batch of 1`);
  }
  return logits;
}

async function load(parameters: ParameterSet | undefined): Promise<void> {
  try {
    if (isEnding()) throw new Error('the thread is ending');
    const fresh = await InferenceSession.create(
      parameters === undefined ? exported : bake(parameters),
      sessionOptions(threads),
    );
    // The first run allocates and packs; it must not be somebody's prediction. It also shows parameters that compute
    // nothing.
    input.fill(0);
    const logits = await infer(fresh);
    if (!logits.every(Number.isFinite)) throw new Error('it computes values that are not finite for an input of zeros');
    session = fresh;
    say({ kind: 'loaded' });
  } catch (error) {
    say({ kind: 'not-loaded', reason: reasonOf(error) });
  }
}

function bake(parameters: ParameterSet): Uint8Array {
  parsed ??= parseModel(exported, name);
  return serializeModel(withParameters(parsed, parameters));
}

async function sketch(
  id: number,
  images: Float32Array,
  count: number,
  parameters: ParameterSet | undefined,
): Promise<void> {
  try {
    if (isEnding()) throw new Error('the thread is ending');
    parsed ??= parseModel(exported, name);
    sketching ??= await SketchSession.open(parsed, inputShape.slice(1), threads);
    say({ kind: 'sketched', id, measured: await sketching.run(images, count, parameters) });
  } catch (error) {
    say({ kind: 'not-encoded', id, reason: reasonOf(error) });
  }
}

function encode(id: number, sample: Tensor, form: SampleForm): void {
  try {
    say({ kind: 'encoded', id, encoded: encodeSample(sample, form) });
  } catch (error) {
    say({ kind: 'not-encoded', id, reason: reasonOf(error) });
  }
}

async function release(): Promise<void> {
  const retired = session;
  session = undefined;
  await retired?.release();
}

/**
 * Ends the thread by leaving it nothing to wait for. To terminate it from outside while the runtime computes aborts the
 * process.
 */
async function end(): Promise<void> {
  await release();
  await sketching?.release();
  port.close();
}
