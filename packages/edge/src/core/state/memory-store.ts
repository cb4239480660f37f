import { RenormError } from '@renorm/protocol';
import type { DeviceStore, StoredRecord } from '../platform.js';

/** A store that lasts as long as the device: for those that are to leave nothing behind. */
export function memoryStore(): DeviceStore {
  const records = new Map<string, Uint8Array>();
  let isClosed = false;
  const check = (): void => {
    if (isClosed) throw new RenormError('CLOSED', 'the store of the device has been closed; open another.');
  };
  return {
    async get(key) {
      check();
      return records.get(key)?.slice();
    },
    async list(prefix) {
      check();
      return [...records]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]): StoredRecord => ({ key, value: value.slice() }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async write(changes) {
      check();
      for (const { key, value } of changes) {
        if (value === undefined) records.delete(key);
        else records.set(key, value.slice());
      }
    },
    async close() {
      isClosed = true;
    },
  };
}
