/** What can be wrong with a model. Codes are stable; docs/errors.md says what to do about each. */
export type OnnxErrorCode =
  | 'ONNX_EXTERNAL_DATA'
  | 'ONNX_NOT_A_MODEL'
  | 'ONNX_NO_NORMALIZATION'
  | 'ONNX_OPERATOR_WITHOUT_RULE'
  | 'ONNX_OUTPUT_UNCLEAR'
  | 'ONNX_PARAMETER_MISMATCH'
  | 'ONNX_RUNTIME'
  | 'ONNX_SIZES_OPEN'
  | 'ONNX_UNREADABLE'
  | 'ONNX_UNSUPPORTED';

/**
 * An error about a model. `text` is `what thing, what is wrong, why; what to do.`, and `message` the same behind
 * `CODE: `.
 */
export class OnnxError extends Error {
  readonly code: OnnxErrorCode;
  /** The message without its code, for a message about something larger. */
  readonly text: string;

  constructor(code: OnnxErrorCode, text: string, options?: { readonly cause?: unknown }) {
    super(`${code}: ${text}`, options);
    this.name = 'OnnxError';
    this.code = code;
    this.text = text;
  }
}
