/** What can be wrong with a model. Codes are stable; docs/errors.md says what to do about each. */
export type OnnxErrorCode =
  | 'ONNX_EXTERNAL_DATA'
  | 'ONNX_NOT_A_MODEL'
  | 'ONNX_NO_NORMALIZATION'
  | 'ONNX_OPERATOR_WITHOUT_RULE'
  | 'ONNX_PARAMETER_MISMATCH'
  | 'ONNX_UNSUPPORTED';

/** An error about a model. `message` leads with the code: `CODE: what thing, what is wrong, why; what to do.` */
export class OnnxError extends Error {
  readonly code: OnnxErrorCode;

  constructor(code: OnnxErrorCode, text: string, options?: { readonly cause?: unknown }) {
    super(`${code}: ${text}`, options);
    this.name = 'OnnxError';
    this.code = code;
  }
}
