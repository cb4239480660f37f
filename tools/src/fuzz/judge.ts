import { OnnxError } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';
import { NoMessage, type Prepared } from './target.js';

/** What became of an input: `finding` is why it should not have. */
export interface Verdict {
  readonly accepted: boolean;
  readonly finding?: string;
}

/** Decodes an input. Right is a value or an error with a code; anything else is a finding. */
export async function judge({ decode }: Prepared, bytes: Uint8Array): Promise<Verdict> {
  try {
    await decode(bytes);
    return { accepted: true };
  } catch (error) {
    if (error instanceof RenormError || error instanceof OnnxError || error instanceof NoMessage)
      return { accepted: false };
    return { accepted: false, finding: error instanceof Error ? (error.stack ?? String(error)) : `threw ${error}` };
  }
}
