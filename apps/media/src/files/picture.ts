// Draws thumbnails, and reads how large a picture is. Only formats of the allowlist are ever parsed, whatever is tried; the result is drawn
// anew, so nothing of the original (places, names, scripts behind the picture) gets into it.
import type { SharpConstructor, SharpOptions } from 'sharp';

/** The longer side of a thumbnail, px. */
export const THUMBNAIL_SIDE = 512;
/** Largest picture that is drawn: 64 megapixels take 256 MB while they are. */
const PIXELS = 64_000_000;
const DRAW_S = 15;

const OPTIONS: SharpOptions = { limitInputPixels: PIXELS, sequentialRead: true, animated: false, pages: 1 };

/** Loaded at the first picture: the library takes its time and its memory. */
const load = (() => {
  let loading: Promise<SharpConstructor> | null = null;
  return () => {
    loading ??= import('sharp').then(({ default: sharp }) => {
      sharp.cache(false);
      sharp.concurrency(1);
      sharp.block({ operation: ['VipsForeignLoad'] });
      sharp.unblock({ operation: ['VipsForeignLoadPng', 'VipsForeignLoadJpeg', 'VipsForeignLoadNsgif', 'VipsForeignLoadWebp'] });
      return sharp;
    });
    return loading;
  };
})();

/** Size as it is shown, turned the right way up; null when it cannot be read. `start`: the first part of the file is enough. */
export async function readSize(start: Uint8Array): Promise<{ readonly width: number; readonly height: number } | null> {
  try {
    const sharp = await load();
    const { autoOrient } = await sharp(start, { ...OPTIONS, failOn: 'none', limitInputPixels: false }).metadata();
    return autoOrient.width > 0 && autoOrient.height > 0 && Math.max(autoOrient.width, autoOrient.height) <= 1_000_000 ? autoOrient : null;
  } catch {
    return null;
  }
}

/** The first frame as WebP that fits the square, not enlarged. Throws for what is no picture, broken, too large or too slow. */
export async function drawThumbnail(bytes: Uint8Array): Promise<Buffer> {
  const sharp = await load();
  return sharp(bytes, { ...OPTIONS, failOn: 'error' })
    .autoOrient()
    .resize({ width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 80 })
    .timeout({ seconds: DRAW_S })
    .toBuffer();
}
