import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { Backend } from './worker-messages.js';

/** onnxruntime-web, as far as it is used, with what computes in it. */
export interface Runtime {
  readonly backend: 'webgpu' | 'wasm';
  create(model: Uint8Array): Promise<InferenceSession>;
  tensor(data: Float32Array, dims: readonly number[]): Tensor;
}

/** Threads beyond these bring little for the models of devices. */
const MOST_THREADS = 4;

/** `navigator.gpu`, which the types of the DOM do not have. */
interface Gpu {
  requestAdapter(): Promise<object | null>;
}

/**
 * Loads onnxruntime-web in the smallest build that does it: with WebGPU where there is a GPU, else WebAssembly alone.
 * Either is loaded when it is wanted, so that a bundler makes files of their own of them.
 */
export async function openRuntime(
  backend: Backend,
  threads: number | undefined,
  wasmPaths: string | undefined,
): Promise<Runtime> {
  const onGpu = backend === 'webgpu' || (backend === 'auto' && (await hasGpu()));
  const ort = onGpu ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  ort.env.logLevel = 'error';
  ort.env.wasm.numThreads = threads ?? defaultThreads();
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  return {
    backend: onGpu ? 'webgpu' : 'wasm',
    create: (model) =>
      ort.InferenceSession.create(model, {
        executionProviders: [onGpu ? 'webgpu' : 'wasm'],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      }),
    tensor: (data, dims) => new ort.Tensor('float32', data, dims),
  };
}

async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { readonly gpu?: Gpu };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  return adapter !== null && adapter !== undefined;
}

/** WebAssembly shares memory between threads only on pages that are isolated from others (COOP and COEP). */
function defaultThreads(): number {
  if (!crossOriginIsolated) return 1;
  return Math.min(MOST_THREADS, Math.ceil(navigator.hardwareConcurrency / 2));
}
