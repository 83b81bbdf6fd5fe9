// Files in Postgres: begun, finished, hung on messages, given up. It never touches bytes.
import { ParleyError } from '@parley/protocol';
import { type Database, orUnavailable } from './store-database.ts';

export type ThumbnailState = 'none' | 'waiting' | 'ready' | 'failed';

export interface FileRow {
  readonly id: string;
  readonly room: string;
  readonly owner: string;
  readonly state: 'uploading' | 'ready' | 'deleted';
  readonly name: string;
  readonly type: string | null;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly thumbnail: ThumbnailState;
  /** Seqs of the room's messages that it hangs on. */
  readonly places: readonly number[];
}

export interface NewFile {
  readonly id: string;
  readonly room: string;
  readonly owner: string;
  readonly name: string;
  readonly bytes: number;
  /** Ms since 1970. */
  readonly createdAt: number;
}

/** What the bytes are. */
export interface Facts {
  readonly type: string;
  readonly sha256: string;
  readonly width: number | null;
  readonly height: number | null;
}

export interface FileStore {
  /** Takes the place of a file to come. Throws quota_exceeded when the owner's files, those that are coming included, would be too many bytes. */
  begin(file: NewFile, quotaBytes: number): Promise<void>;
  read(id: string): Promise<FileRow | null>;
  /** The bytes are all here. False: it was finished or given up already. */
  finish(id: string, facts: Facts, thumbnail: ThumbnailState): Promise<boolean>;
  /** False: the file is gone. */
  setThumbnail(id: string, thumbnail: ThumbnailState): Promise<boolean>;
  /** Gives up an own file that hangs on no message. False: there is none. */
  discard(id: string, owner: string): Promise<boolean>;
  /** Gives up every file of the person. Answers how many rows there are still, their bytes not gone yet. */
  discardOwned(owner: string): Promise<number>;
  /** Gives up uploads begun before `before` that never ended and, when told to, finished files of that age that hang on no message. */
  expire(before: number, unattached: boolean): Promise<number>;
  /** Files whose bytes are to be removed. */
  discarded(limit: number): Promise<readonly string[]>;
  forget(ids: readonly string[]): Promise<void>;
  /** Files begun before `before` whose thumbnail has not come. */
  waiting(before: number, limit: number): Promise<readonly string[]>;
}

export const createFileStore = (db: Database): FileStore => orUnavailable({ ...createUploads(db), ...createEndings(db) });

const createUploads = (db: Database): Pick<FileStore, 'begin' | 'read' | 'finish' | 'setThumbnail' | 'waiting'> => ({
  async begin({ id, room, owner, name, bytes, createdAt }, quotaBytes) {
    await db.$transaction(async (tx) => {
      // One upload of a person at a time is counted: two at once must not both find room for themselves.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${owner}, 0))`;
      const [row] = await tx.$queryRaw<
        { used: bigint }[]
      >`SELECT coalesce(sum(bytes), 0)::bigint AS used FROM files WHERE owner = ${owner}::uuid AND state <> 'deleted'`;
      const used = Number(row?.used ?? 0);
      if (used + bytes > quotaBytes)
        throw new ParleyError('quota_exceeded', 'Your files take up all the space there is for them.', { details: { quotaBytes, used } });
      await tx.file.create({ data: { id, room, owner, name, bytes: BigInt(bytes), createdAt: BigInt(createdAt) } });
    });
  },
  async read(id) {
    const row = await db.file.findUnique({ where: { id }, include: { attachments: { where: { gone: false }, select: { seq: true } } } });
    if (row === null) return null;
    const { attachments, bytes, createdAt: _, ...rest } = row;
    return {
      ...rest,
      state: row.state as FileRow['state'],
      thumbnail: row.thumbnail as ThumbnailState,
      bytes: Number(bytes),
      places: attachments.map(({ seq }) => Number(seq)),
    };
  },
  async finish(id, facts, thumbnail) {
    const { count } = await db.file.updateMany({ where: { id, state: 'uploading' }, data: { ...facts, thumbnail, state: 'ready' } });
    return count === 1;
  },
  async setThumbnail(id, thumbnail) {
    const { count } = await db.file.updateMany({ where: { id, state: 'ready' }, data: { thumbnail } });
    return count === 1;
  },
  async waiting(before, limit) {
    const rows = await db.file.findMany({
      where: { thumbnail: 'waiting', state: 'ready', createdAt: { lt: BigInt(before) } },
      select: { id: true },
      take: limit,
      orderBy: { createdAt: 'asc' },
    });
    return rows.map(({ id }) => id);
  },
});

const createEndings = (db: Database): Pick<FileStore, 'discard' | 'discardOwned' | 'expire' | 'discarded' | 'forget'> => ({
  async discard(id, owner) {
    // Under the row's lock, so that it is not hung on a message in the same moment.
    return db.$transaction(async (tx) => {
      const rows = await tx.$queryRaw<{ id: string }[]>`
        SELECT id FROM files WHERE id = ${id}::uuid AND owner = ${owner}::uuid AND state <> 'deleted' FOR UPDATE`;
      if (rows.length === 0 || (await tx.attachment.count({ where: { fileId: id, gone: false } })) > 0) return false;
      await tx.file.update({ where: { id }, data: { state: 'deleted' } });
      return true;
    });
  },
  async discardOwned(owner) {
    await db.file.updateMany({ where: { owner, state: { not: 'deleted' } }, data: { state: 'deleted' } });
    return db.file.count({ where: { owner } });
  },
  async expire(before, unattached) {
    const uploads = await db.file.updateMany({ where: { state: 'uploading', createdAt: { lt: BigInt(before) } }, data: { state: 'deleted' } });
    if (!unattached) return uploads.count;
    return uploads.count + (await expireUnattached(db, before));
  },
  async discarded(limit) {
    const rows = await db.file.findMany({ where: { state: 'deleted' }, select: { id: true }, take: limit });
    return rows.map(({ id }) => id);
  },
  async forget(ids) {
    await db.file.deleteMany({ where: { id: { in: [...ids] }, state: 'deleted' } });
  },
});

/** Two statements on purpose: the second sees what was hung up while the first waited for the rows. */
const expireUnattached = (db: Database, before: number): Promise<number> =>
  db.$transaction(async (tx) => {
    const old = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM files f WHERE state = 'ready' AND created_at < ${BigInt(before)}
         AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.file_id = f.id AND NOT a.gone)
       ORDER BY id LIMIT 1000 FOR UPDATE`;
    const ids = JSON.stringify(old.map(({ id }) => id));
    return tx.$executeRaw`
      UPDATE files f SET state = 'deleted' WHERE f.id IN (SELECT x::uuid FROM jsonb_array_elements_text(${ids}::jsonb) AS x)
         AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.file_id = f.id AND NOT a.gone)`;
  });
