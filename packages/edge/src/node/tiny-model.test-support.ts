import { parseModel, readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

/**
 * x [batch,3,2,2] → BatchNormalization → GlobalAveragePool → Flatten → logits [batch,3]. Made with onnx.helper, opset
 * 17.
 */
export const TINY_MODEL = bytes(
  'CAgSC3Jlbm9ybS10ZXN0OrcCCkkKAXgKBXNjYWxlCgRiaWFzCgRtZWFuCgN2YXISAXkaAmJuIhJCYXRjaE5vcm1hbGl6YXRpb24qEQoHZXBzaWxvbhWsxSc3oAEBCh8KAXkSAWcaBHBvb2wiEUdsb2JhbEF2ZXJhZ2VQb29sChoKAWcSBmxvZ2l0cxoEZmxhdCIHRmxhdHRlbhIEdGlueSoZCAMQAUIFc2NhbGVKDAAAgD8AAIA/AACAPyoYCAMQAUIEYmlhc0oMAAAAAAAAAAAAAAAAKhgIAxABQgRtZWFuSgwAAAAAAAAAAAAAAAAqFwgDEAFCA3ZhckoMAACAPwAAgD8AAIA/WiAKAXgSGwoZCAESFQoHEgViYXRjaAoCCAMKAggCCgIIAmIdCgZsb2dpdHMSEwoRCAESDQoHEgViYXRjaAoCCANCBAoAEBE=',
);

/** The same without its BatchNormalization. */
export const MODEL_WITHOUT_NORMALIZATION = bytes(
  'CAgSC3Jlbm9ybS10ZXN0OoQBCh8KAXgSAWcaBHBvb2wiEUdsb2JhbEF2ZXJhZ2VQb29sChoKAWcSBmxvZ2l0cxoEZmxhdCIHRmxhdHRlbhIEdGlueVogCgF4EhsKGQgBEhUKBxIFYmF0Y2gKAggDCgIIAgoCCAJiHQoGbG9naXRzEhMKEQgBEg0KBxIFYmF0Y2gKAggDQgQKABAR',
);

/** The same with a node of an operator that no runtime knows. */
export const MODEL_WITH_STRANGE_OPERATOR = bytes(
  'CAgSC3Jlbm9ybS10ZXN0OtQCCkkKAXgKBXNjYWxlCgRiaWFzCgRtZWFuCgN2YXISAXkaAmJuIhJCYXRjaE5vcm1hbGl6YXRpb24qEQoHZXBzaWxvbhWsxSc3oAEBChsKAXkSAXoaA2JhZCIOTm9TdWNoT3BlcmF0b3IKHwoBehIBZxoEcG9vbCIRR2xvYmFsQXZlcmFnZVBvb2wKGgoBZxIGbG9naXRzGgRmbGF0IgdGbGF0dGVuEgR0aW55KhkIAxABQgVzY2FsZUoMAACAPwAAgD8AAIA/KhgIAxABQgRiaWFzSgwAAAAAAAAAAAAAAAAqGAgDEAFCBG1lYW5KDAAAAAAAAAAAAAAAACoXCAMQAUIDdmFySgwAAIA/AACAPwAAgD9aIAoBeBIbChkIARIVCgcSBWJhdGNoCgIIAwoCCAIKAggCYh0KBmxvZ2l0cxITChEIARINCgcSBWJhdGNoCgIIA0IECgAQEQ==',
);

export const TINY_SHAPE = [3, 2, 2];

/** The tiny model's parameters as exported: scales and variances 1, the rest 0. */
export const tinyParameters = (): ParameterSet => readParameters(parseModel(TINY_MODEL, 'tiny'));

/** Parameters under which an input of zeros has the logits [n, -n, 0]: a prediction shows which version made it. */
export function marked(n: number): ParameterSet {
  return new Map(
    [...tinyParameters()].map(([name, values]) => [name, name.endsWith('/beta') ? Float32Array.of(n, -n, 0) : values]),
  );
}

/** An input of zeros. */
export const ZEROS = new Float32Array(12);

/** Selection options that keep every sample. */
export const KEEP_ALL = {
  policy: 'cema',
  unreliableEntropy: 10,
  uninformativeEntropy: -1,
  redundancyMargin: 2,
} as const;

/** An input of this value ends the worker of dying-worker.test-support. */
export const DEADLY = 666;
