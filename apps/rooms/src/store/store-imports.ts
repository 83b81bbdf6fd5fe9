// Rows of imports: what the room will be, the parts as they were sent, and the saga that brings them in.
import { BeginImport, ImportPart, ParleyError } from '@parley/protocol';
import { createSqlSagaStore, insertSaga, type RunSql, type Saga, type SagaStore } from '@parley/runtime';
import { type Database, orUnavailable, type Transaction } from './store-database.ts';

export interface ImportRow {
  readonly id: string;
  readonly owner: string;
  readonly spec: BeginImport;
  /** Parts that are there. */
  readonly parts: number;
}

type NewSaga = Omit<Parameters<typeof insertSaga>[1], 'id' | 'data'>;

export interface ImportStore {
  /** One that is there stays as it is. Forgets those that were begun before `forgetBefore` and never run. */
  begin(id: string, owner: string, spec: BeginImport, now: number, forgetBefore: number): Promise<void>;
  /** The same n again replaces it. Throws not_found, and `invalid` once it was run. */
  putPart(id: string, n: number, part: ImportPart): Promise<void>;
  /** null: there is none, or it was brought in. */
  read(id: string): Promise<ImportRow | null>;
  readPart(id: string, n: number): Promise<ImportPart | null>;
  /** Makes the saga, once. Throws not_found, and `invalid` when a part is missing or there are more. */
  run(id: string, parts: number, saga: NewSaga): Promise<void>;
  saga(id: string): Promise<Saga | null>;
  /** The saga is to be undone; false: it has ended, or was never run. */
  cancel(id: string, reason: string): Promise<boolean>;
  /** What was sent is needed no more. */
  drop(id: string): Promise<void>;
  readonly sagas: SagaStore;
}

const sqlOf =
  (client: Database | Transaction): RunSql =>
  (sql, ...values) =>
    client.$queryRawUnsafe(sql, ...values);

const notFound = (): ParleyError => new ParleyError('not_found', 'There is no such import.');

export function createImportStore(db: Database): ImportStore {
  const store: ImportStore = {
    async begin(id, owner, spec, now, forgetBefore) {
      await db.$executeRaw`DELETE FROM imports i WHERE i.created_at < ${forgetBefore} AND NOT EXISTS (SELECT 1 FROM saga s WHERE s.id = i.id)`;
      await db.import.createMany({ data: [{ id, ownerId: owner, spec, createdAt: BigInt(now) }], skipDuplicates: true });
    },
    putPart: (id, n, part) =>
      db.$transaction(async (tx) => {
        await lockImport(tx, id);
        if (await tx.saga.findUnique({ where: { id }, select: { id: true } }))
          throw new ParleyError('invalid', 'The import was run: no part can come any more.');
        await tx.importPart.upsert({ where: { importId_n: { importId: id, n } }, create: { importId: id, n, part }, update: { part } });
      }),
    async read(id) {
      const row = await db.import.findUnique({ where: { id }, include: { _count: { select: { parts: true } } } });
      return row && { id, owner: row.ownerId, spec: BeginImport.parse(row.spec), parts: row._count.parts };
    },
    async readPart(id, n) {
      const row = await db.importPart.findUnique({ where: { importId_n: { importId: id, n } } });
      return row && ImportPart.parse(row.part);
    },
    run: (id, parts, saga) =>
      db.$transaction(async (tx) => {
        await lockImport(tx, id);
        const { _count: count, _max: max } = await tx.importPart.aggregate({ where: { importId: id }, _count: true, _max: { n: true } });
        if (count !== parts || max.n !== parts - 1) {
          throw new ParleyError('invalid', `${parts} parts were announced, ${count} are there.`, { details: { parts: count } });
        }
        await insertSaga(sqlOf(tx), { id, data: { parts, next: 0, messages: 0 }, ...saga });
      }),
    async saga(id) {
      const row = await db.saga.findUnique({ where: { id } });
      return row && ({ ...row, dueAt: Number(row.dueAt), deadlineAt: Number(row.deadlineAt), createdAt: Number(row.createdAt) } as unknown as Saga);
    },
    async cancel(id, reason) {
      const { count } = await db.saga.updateMany({
        where: { id, state: 'running' },
        data: { state: 'undoing', reason, attempts: 0, dueAt: 0, version: { increment: 1 } },
      });
      return count === 1;
    },
    async drop(id) {
      await db.import.deleteMany({ where: { id } });
    },
    sagas: createSqlSagaStore(sqlOf(db)),
  };
  const away =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      orUnavailable(() => work(...args));
  return {
    begin: away(store.begin),
    putPart: away(store.putPart),
    read: away(store.read),
    readPart: away(store.readPart),
    run: away(store.run),
    saga: away(store.saga),
    cancel: away(store.cancel),
    drop: away(store.drop),
    sagas: store.sagas,
  };
}

/** Parts and the run wait for each other. Throws not_found. */
async function lockImport(tx: Transaction, id: string): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT 1 FROM imports WHERE id = ${id}::uuid FOR UPDATE`;
  if (rows.length === 0) throw notFound();
}
