import type { InferenceSession } from 'onnxruntime-node';

/**
 * Options of every session that serves. `threads` compute one prediction; none of them spins while it waits for the
 * next. Quantized models are computed exactly on x86 processors without VNNI too: by default their products are added
 * in 16 bits there, and saturate.
 */
export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Errors alone: what the runtime has to say of a graph that was rewritten is of no use to who reads the terminal.
    logSeverityLevel: 3,
    extra: {
      session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' }, x64quantprecision: '1' },
    },
  };
}
