// The store on a real Postgres keeps what the suite says.
import { testDatabase } from '@parley/postgres/testing';
import { migrationsFolder } from '../src/index.ts';
import type { Store } from '../src/store/store.ts';
import { createSqlStore } from '../src/store/store-sql.ts';
import { describeErasure } from './erasure-suite.ts';
import { describeReads } from './reads-suite.ts';
import { describeStore, type StoreFactory } from './store-suite.ts';
import { describeToTell } from './to-tell-suite.ts';

const factory: StoreFactory = {
  make: async () => {
    const database = await testDatabase(migrationsFolder);
    const stores: Store[] = [];
    const another = (): Store => {
      const store = createSqlStore(database.connection, 4);
      stores.push(store);
      return store;
    };
    const end = async (): Promise<void> => {
      await Promise.all(stores.map((store) => store.close()));
      await database.drop();
    };
    return { store: another(), another, end };
  },
};

describeStore('Postgres', factory);
describeReads('Postgres', factory);
describeErasure('Postgres', factory);
describeToTell('Postgres', factory);
