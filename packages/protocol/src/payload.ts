import { create } from '@bufbuild/protobuf';
import { fromPlanes, toPlanes } from './byte-planes.js';
import { bytesToFloat32, float32ToBytes } from './bytes.js';
import { compress, inflateExactly } from './deflate.js';
import { fromFloat16 } from './float16.js';
import { ParameterEncoding, type ParameterPayload, ParameterPayloadSchema } from './gen/renorm/v1/adaptation_pb.js';

/** Values as float32, compressed. */
export function float32Payload(values: Float32Array): ParameterPayload {
  return payload(ParameterEncoding.FLOAT32, float32ToBytes(values), 4);
}

/** Binary16 patterns, compressed. */
export function float16Payload(patterns: Uint16Array): ParameterPayload {
  const bytes = new Uint8Array(patterns.length * 2);
  patterns.forEach((pattern, i) => {
    bytes[i * 2] = pattern & 0xff;
    bytes[i * 2 + 1] = pattern >> 8;
  });
  return payload(ParameterEncoding.FLOAT16, bytes, 2);
}

function payload(encoding: ParameterEncoding, bytes: Uint8Array, width: number): ParameterPayload {
  return create(ParameterPayloadSchema, {
    encoding,
    data: compress(toPlanes(bytes, width)),
    count: bytes.length / width,
  });
}

/**
 * The values of a payload of exactly `count` elements, or what is wrong with it. Memory is bounded by `count`; values may be
 * anything, infinity included.
 */
export function decodePayload({ encoding, data, count: sent }: ParameterPayload, count: number): Float32Array | string {
  if (sent !== count) return `it carries ${sent} values, the model has ${count}`;
  switch (encoding) {
    case ParameterEncoding.FLOAT32: {
      const planes = inflateExactly(data, count * 4);
      return typeof planes === 'string' ? planes : bytesToFloat32(fromPlanes(planes, 4));
    }
    case ParameterEncoding.FLOAT16: {
      const planes = inflateExactly(data, count * 2);
      return typeof planes === 'string'
        ? planes
        : Float32Array.from({ length: count }, (_, i) =>
            fromFloat16((planes[i] as number) | ((planes[count + i] as number) << 8)),
          );
    }
    default:
      return `its encoding ${encoding} is not known to this version`;
  }
}
