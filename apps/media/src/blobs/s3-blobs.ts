// Bytes in a bucket that speaks S3. Loaded only where one is configured: its client is large.
import type { Readable } from 'node:stream';
import { S3Store } from '@tus/s3-store';
import { type Blobs, KEEP_MS, thumbnailName } from './blobs.ts';

export interface S3Config {
  readonly endpoint?: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The upload store and the rest share one client. */
class Bucket extends S3Store {
  async readPart(key: string, range: string | undefined): Promise<Readable> {
    const { Body } = await this.client.getObject({ Bucket: this.bucket, Key: key, ...(range === undefined ? {} : { Range: range }) });
    if (Body === undefined) throw new Error('The object has no body.');
    return Body as Readable;
  }
  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.client.putObject({ Bucket: this.bucket, Key: key, Body: bytes, ContentLength: bytes.byteLength });
  }
  async drop(key: string): Promise<void> {
    await this.client.deleteObject({ Bucket: this.bucket, Key: key });
  }
}

export function createS3Blobs({ endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Config): Blobs {
  const store = new Bucket({
    expirationPeriodInMilliseconds: KEEP_MS,
    // Not every server of the protocol has tags.
    useTags: false,
    s3ClientConfig: {
      bucket,
      region,
      credentials: { accessKeyId, secretAccessKey },
      // Their own servers know buckets by path; so does Amazon's.
      forcePathStyle: true,
      // Only where the protocol asks for them: the newer ones are not known everywhere.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint === undefined ? {} : { endpoint }),
    },
  });
  return {
    uploads: store,
    read: (name, range) => store.readPart(name, range && `bytes=${range.from}-${range.to}`),
    write: (name, bytes) => store.put(name, bytes),
    async remove(id) {
      // Ends an upload in parts and takes its parts; a finished object is taken below.
      await store.remove(id).catch(() => {});
      for (const key of [thumbnailName(id), id, `${id}.part`, `${id}.info`]) await store.drop(key);
    },
    // What S3 has acknowledged, it keeps.
    settle: async () => {},
  };
}
