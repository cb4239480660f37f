import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One exported file of one model. */
export interface Variant {
  /** Path below the zoo's folder. */
  readonly file: string;
  readonly model: string;
  readonly exporter: 'torchscript' | 'dynamo';
  readonly opset: number;
  /** Which normalizations the exporter folded into the convolution before them. */
  readonly folded: string;
  /** Which gradients of the reference are this file's. */
  readonly gradients: string;
  /** Number of samples that the file takes, or dynamic. */
  readonly batch: number | 'dynamic';
  /** Bytes. */
  readonly size: number;
  /** The reference's file. */
  readonly reference: string;
  /** By the name of a PyTorch convolution: the name of its node. */
  readonly convolutions: Readonly<Record<string, string>>;
}

/** A gradient of PyTorch's, in the order in which its layers run. */
export interface Entry {
  readonly layer: string;
  /** PyTorch's class: BatchNorm2d. */
  readonly kind: string;
  /**
   * Whether the layer was folded into the convolution `after`: then it is the gradient of a scale or shift behind that.
   */
  readonly folded: boolean;
  readonly after: string | null;
  readonly role: 'gamma' | 'beta';
  readonly values: Float64Array;
}

/** What PyTorch computes in float64. */
export interface Reference {
  readonly inputs: { readonly data: Float32Array | BigInt64Array; readonly dims: readonly number[] };
  readonly logits: Float64Array;
  readonly loss: number;
  readonly entries: readonly Entry[];
}

interface Place {
  readonly offset: number;
  readonly dtype: string;
  readonly shape: readonly number[];
}

interface ReferenceFile {
  readonly file: string;
  readonly inputs: Place;
  readonly logits: Place;
  readonly gradients: Readonly<
    Record<
      string,
      {
        readonly file: string;
        readonly loss: number;
        readonly entries: readonly (Omit<Entry, 'values'> & { readonly offset: number; readonly channels: number })[];
      }
    >
  >;
}

/** An export that failed in PyTorch. */
export interface Failure {
  readonly file: string;
  readonly message: string;
}

export interface Manifest {
  readonly torch: string;
  readonly variants: readonly Variant[];
  readonly failures: readonly Failure[];
}

/** The variants that models/zoo/make.py made. @throws where the folder has no manifest, with how to make it */
export async function readManifest(folder: string): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  } catch (cause) {
    throw new Error(`${folder} has no zoo in it; make one: python models/zoo/make.py --out ${folder}`, { cause });
  }
}

export async function readReference(folder: string, variant: Variant): Promise<Reference> {
  const header: ReferenceFile = JSON.parse(await readFile(join(folder, variant.reference), 'utf8'));
  const gradients = header.gradients[variant.gradients];
  if (gradients === undefined) throw new Error(`${variant.reference} has no gradients "${variant.gradients}"`);
  const base = join(folder, variant.model);
  const [data, values] = await Promise.all([readFile(join(base, header.file)), readFile(join(base, gradients.file))]);
  return {
    inputs: { data: inputData(data, header.inputs), dims: header.inputs.shape },
    logits: doubles(data, header.logits.offset, product(header.logits.shape)),
    loss: gradients.loss,
    entries: gradients.entries.map(({ layer, kind, folded, after, role, offset, channels }) => ({
      ...{ layer, kind, folded, after, role },
      values: doubles(values, offset, channels),
    })),
  };
}

const product = (shape: readonly number[]): number => shape.reduce((p, d) => p * d, 1);

/** A copy: the bytes of a file may start at any offset. */
const slice = (bytes: Uint8Array, offset: number, length: number): ArrayBuffer =>
  new Uint8Array(bytes.subarray(offset, offset + length)).buffer;

const doubles = (bytes: Uint8Array, offset: number, count: number): Float64Array =>
  new Float64Array(slice(bytes, offset, 8 * count));

function inputData(bytes: Uint8Array, { offset, dtype, shape }: Place): Float32Array | BigInt64Array {
  const count = product(shape);
  return dtype === 'int64'
    ? new BigInt64Array(slice(bytes, offset, 8 * count))
    : new Float32Array(slice(bytes, offset, 4 * count));
}
