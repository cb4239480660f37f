import { storeContract } from './contract.test-support.js';
import { MemoryStore } from './memory.js';

storeContract('memory', async (hooks) => {
  const store = new MemoryStore(hooks);
  return { store, other: store, reopen: async () => store, close: () => store.close() };
});
