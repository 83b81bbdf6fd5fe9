// The files of a message. A picture's place is kept before it is there, so nothing moves when it comes; everything else is a line to save.
import { Dialog } from '@base-ui/react/dialog';
import { Download, File as FileIcon, ImageOff, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Attachment, FileUrls, Parley } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { sayProblem } from '../ui/toasts.tsx';
import { fileSize, isPicture, pictureBox } from './file-words.ts';

/** `tabIndex`: of the row; one Tab stop after another would lead through every picture of the room. */
export function MessageFiles({ files, tabIndex }: { files: readonly Attachment[]; tabIndex: 0 | -1 }) {
  const [open, setOpen] = useState<Attachment | null>(null);
  if (files.length === 0) return null;
  return (
    <div className="message-files">
      {files.map((file) =>
        isPicture(file) ? (
          <Picture key={file.id} file={file} tabIndex={tabIndex} onOpen={() => setOpen(file)} />
        ) : (
          <FileLine key={file.id} file={file} tabIndex={tabIndex} />
        ),
      )}
      {open !== null && <Viewer file={open} onClose={() => setOpen(null)} />}
    </div>
  );
}

/** Thumbnails are drawn behind the upload: asked for again while they are still to come, then the picture itself must do. Failures too. */
const ASK_AGAIN_MS = 2_500;
const ASKED_MOST = 4;

function useFileUrls(file: Attachment, small: boolean): { readonly urls: FileUrls | null; readonly gone: boolean } {
  const parley = useParley();
  const [urls, setUrls] = useState<FileUrls | null>(null);
  const [gone, setGone] = useState(false);
  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = (asked: number) =>
      parley.fileUrl(file.id).then(
        (found) => {
          if (!current) return;
          if (!small || found.thumbnail !== null || asked >= ASKED_MOST) setUrls(found);
          else timer = setTimeout(() => void ask(asked + 1), ASK_AGAIN_MS);
        },
        () => {
          if (!current) return;
          // Without a network now, perhaps: said to be gone only after some tries.
          if (asked >= ASKED_MOST) setGone(true);
          else timer = setTimeout(() => void ask(asked + 1), ASK_AGAIN_MS);
        },
      );
    void ask(1);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [parley, file.id, small]);
  return { urls, gone };
}

function Picture({ file, tabIndex, onOpen }: { file: Attachment; tabIndex: 0 | -1; onOpen: () => void }) {
  const { urls, gone } = useFileUrls(file, true);
  const [broken, setBroken] = useState(false);
  const box = pictureBox(file);
  return (
    <button
      type="button"
      tabIndex={tabIndex}
      className="picture"
      style={{ inlineSize: box.width, aspectRatio: `${box.width} / ${box.height}` }}
      aria-label={`Open ${file.name}`}
      onClick={onOpen}
    >
      {gone || broken ? (
        <ImageOff size={20} aria-label="The picture is not there" />
      ) : (
        urls !== null && <img src={urls.thumbnail ?? urls.url} width={box.width} height={box.height} alt="" draggable={false} onError={() => setBroken(true)} />
      )}
    </button>
  );
}

/** The server says that it is to be saved, so the page stays where it is. */
async function save(parley: Parley, file: Attachment): Promise<void> {
  const { url } = await parley.fileUrl(file.id);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
}

function FileLine({ file, tabIndex }: { file: Attachment; tabIndex: 0 | -1 }) {
  const parley = useParley();
  return (
    <button
      type="button"
      tabIndex={tabIndex}
      className="file-line"
      aria-label={`Download ${file.name}, ${fileSize(file.bytes)}`}
      onClick={() => save(parley, file).catch(sayProblem)}
    >
      <FileIcon size={20} aria-hidden="true" />
      <span className="attach-words">
        <span className="truncate" dir="auto">
          {file.name}
        </span>
        <small className="numbers">{fileSize(file.bytes)}</small>
      </span>
      <Download size={16} aria-hidden="true" />
    </button>
  );
}

function Viewer({ file, onClose }: { file: Attachment; onClose: () => void }) {
  const parley = useParley();
  const { urls, gone } = useFileUrls(file, false);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil popup-layer" />
        <Dialog.Popup className="viewer popup-layer">
          <div className="viewer-head">
            <Dialog.Title className="truncate" dir="auto">
              {file.name}
            </Dialog.Title>
            <small className="numbers">{fileSize(file.bytes)}</small>
            <IconButton label={`Download ${file.name}`} icon={Download} size={20} onClick={() => save(parley, file).catch(sayProblem)} />
            <Dialog.Close render={<IconButton label="Close" icon={X} size={20} />} />
          </div>
          <div className="viewer-body">
            {gone ? <p>The picture is not there any more.</p> : urls !== null && <img src={urls.url} width={file.width} height={file.height} alt={file.name} />}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
