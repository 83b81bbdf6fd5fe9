// The twin in memory keeps what the suite says.
import { createMemoryStore } from '../src/memory/index.ts';
import { describeStore } from './store-suite.ts';

describeStore('memory', {
  make: async () => {
    const store = createMemoryStore();
    return { store, another: () => store, end: async () => {} };
  },
});
