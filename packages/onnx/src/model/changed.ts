import type { Message } from '@bufbuild/protobuf';

/**
 * A message with other values in some fields; the rest is shared. `create(Schema, { ...message, field })` is not that:
 * it hands back the object as it is, in which fields that are not set are undefined, where a message has their
 * defaults.
 */
export const changed = <T extends Message>(message: T, fields: Partial<T> = {}): T =>
  Object.assign(Object.create(Object.getPrototypeOf(message)), message, fields) as T;
