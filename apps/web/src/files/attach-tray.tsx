// The button that takes files, and the files that go with the next message: how far each is, and a way to leave it out.
import { File as FileIcon, Paperclip, X } from 'lucide-react';
import { type ClipboardEvent, useEffect, useRef, useState } from 'react';
import { IconButton } from '../ui/icon-button.tsx';
import type { Attaching, AttachingList } from './attaching.ts';
import { fileSize } from './file-words.ts';

export function AttachButton({ onFiles }: { onFiles: (files: Iterable<File>) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label="Attach files" icon={Paperclip} size={20} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="file-input"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file may be chosen again.
          event.target.value = '';
        }}
      />
    </>
  );
}

export function AttachTray({ list }: { list: AttachingList }) {
  if (list.files.length === 0) return null;
  return (
    <ul className="attach-tray" aria-label="Attached files">
      {list.files.map((one) => (
        <AttachingFile key={one.key} file={one} onRemove={() => list.remove(one.key)} />
      ))}
    </ul>
  );
}

function AttachingFile({ file: { name, bytes, sent, attachment, problem }, onRemove }: { file: Attaching; onRemove: () => void }) {
  const percent = Math.round((100 * sent) / Math.max(1, bytes));
  return (
    <li className={problem === null ? '' : 'failed'} data-state={problem !== null ? 'failed' : attachment === null ? 'sending' : 'ready'}>
      <FileIcon size={16} aria-hidden="true" />
      <span className="attach-words">
        <span className="truncate" dir="auto">
          {name}
        </span>
        {problem !== null ? (
          <small role="alert">
            {problem.text} {problem.code !== null && <span className="code-small">{problem.code}</span>}
          </small>
        ) : attachment === null ? (
          <progress max={100} value={percent} aria-label={`Sending ${name}`} />
        ) : (
          <small className="numbers">{fileSize(bytes)}</small>
        )}
      </span>
      <IconButton label={`Remove ${name}`} icon={X} onClick={onRemove} />
    </li>
  );
}

/** Words that were copied with a picture of them stay words. */
export function takePasted(event: ClipboardEvent, onFiles: (files: Iterable<File>) => void): void {
  const { files, types } = event.clipboardData;
  if (files.length === 0 || types.includes('text/plain')) return;
  event.preventDefault();
  onFiles([...files]);
}

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** Files dropped anywhere on the page go into the open room's message; without this the browser would leave the page for them. */
export function DropZone({ onFiles }: { onFiles: (files: Iterable<File>) => void }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const onOver = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const onDrop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      onFiles([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [onFiles]);
  return over ? <div className="drop-zone">Drop files to attach them</div> : null;
}
