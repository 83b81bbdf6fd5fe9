// The twin in memory keeps what the suite says.
import { createMemoryStore } from '../src/memory/index.ts';
import { describeErasure } from './erasure-suite.ts';
import { describeReads } from './reads-suite.ts';
import { describeStore, type StoreFactory } from './store-suite.ts';
import { describeToTell } from './to-tell-suite.ts';

const factory: StoreFactory = {
  make: async () => {
    const store = createMemoryStore();
    return { store, another: () => store, end: async () => {} };
  },
};

describeStore('memory', factory);
describeReads('memory', factory);
describeErasure('memory', factory);
describeToTell('memory', factory);
