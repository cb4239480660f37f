/** Something that reads bytes of a peer or of a file. */
export interface Target {
  readonly name: string;
  readonly about: string;
  /** Makes what decoding needs. Without randomness, so that an input means the same in every process. */
  prepare(): Promise<Prepared>;
}

export interface Prepared {
  /** Valid inputs, from which damaged ones are made. */
  readonly corpus: readonly Uint8Array[];
  /** Reads an input as the program does. Returns, or throws a refusal. */
  decode(bytes: Uint8Array): unknown;
}

/** Bytes that are no message at all: the gRPC transport turns them down before our code sees them. */
export class NoMessage extends Error {}

/** What the transport does with the bytes of a message. @throws NoMessage */
export function received<Message>(read: (bytes: Uint8Array) => Message, bytes: Uint8Array): Message {
  try {
    return read(bytes);
  } catch (cause) {
    throw new NoMessage('the bytes are no message', { cause });
  }
}
