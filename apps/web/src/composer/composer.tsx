// Where one writes. The text stays whatever happens: drafts are kept per room, a refused message keeps its words in the timeline.
import { Pencil, Reply, SendHorizontal, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef } from 'react';
import { AttachButton, AttachTray, DropZone, takePasted } from '../files/attach-tray.tsx';
import { type AttachingList, useAttaching } from '../files/attaching.ts';
import { saidBy } from '../files/file-words.ts';
import { bytesLeft } from '../model/message-text.ts';
import { personName } from '../model/names.ts';
import type { RoomState } from '../model/shapes.ts';
import { useRoomName, type Writing } from '../room/room-pane.tsx';
import { useClient, useParley } from '../state/client.tsx';
import { useEnterSends } from '../state/preferences.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { EmojiButton } from './emoji-button.tsx';
import { PickerList } from './picker-list.tsx';
import { TypingLine } from './typing-line.tsx';
import { useDraft } from './use-draft.ts';
import { usePicker } from './use-picker.ts';

interface ComposerProps {
  readonly room: RoomState;
  readonly writing: Writing;
  readonly onWriting: (writing: Writing) => void;
}

const PLAIN: Writing = { replyTo: null, editing: null };

export function Composer(props: ComposerProps) {
  if (props.room.summary?.archived === true)
    return (
      <div className="composer">
        <p className="composer-note">This room is archived. Nobody can write in it until an owner restores it.</p>
      </div>
    );
  return <WritingBox {...props} />;
}

/** The room's last own message that can be edited. */
const lastOwn = (room: RoomState, me: string) => room.messages.findLast((message) => message.author === me && !message.deleted && message.text !== null);

/** Words, or files that are all there. A file that failed is taken out first: it must not be missing without a word. */
function maySend(words: string, left: number | null, { editing }: Writing, { files }: AttachingList): boolean {
  if (left !== null && left < 0) return false;
  if (editing !== null || files.length === 0) return words !== '';
  return files.every((file) => file.attachment !== null);
}

function useSubmit({ room, writing, onWriting }: ComposerProps, text: string, attaching: AttachingList, clear: () => void) {
  const parley = useParley();
  return (event: { preventDefault: () => void }) => {
    event.preventDefault();
    const words = text.trim();
    const left = bytesLeft(words);
    if (!maySend(words, left, writing, attaching)) return;
    const handle = parley.room(room.id);
    // A refusal shows at the message, from the outbox.
    const sent =
      writing.editing === null ? handle.send(words, { replyTo: writing.replyTo, attachments: attaching.take() }) : handle.edit(writing.editing, words);
    sent.catch(() => {});
    clear();
    onWriting(PLAIN);
  };
}

function WritingBox(props: ComposerProps) {
  const { room, writing, onWriting } = props;
  const parley = useParley();
  const name = useRoomName(room.id);
  const me = useClient((state) => state.me?.user.id ?? '');
  const enterSends = useEnterSends();
  const box = useRef<HTMLTextAreaElement>(null);
  const pickerId = useId();
  const { text, setText, clear } = useDraft(room, writing);
  const picker = usePicker({ room, box, text, setText });
  const attaching = useAttaching(room.id);
  const submit = useSubmit(props, text, attaching, clear);
  const left = bytesLeft(text.trim());
  const plain = writing.editing === null;
  useGrowing(box, text);
  useFocus(box, writing);
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || picker.onKeyDown(event)) return;
    const sends = enterSends ? !event.shiftKey : event.shiftKey || event.ctrlKey || event.metaKey;
    if (event.key === 'Enter' && sends && !event.altKey) {
      submit(event);
    } else if (event.key === 'ArrowUp' && text === '' && writing.editing === null) {
      const last = lastOwn(room, me);
      if (last === undefined) return;
      event.preventDefault();
      onWriting({ replyTo: null, editing: last.seq });
    } else if (event.key === 'Escape' && (writing.editing !== null || writing.replyTo !== null)) {
      event.stopPropagation();
      onWriting(PLAIN);
    }
  };
  const change = (next: string) => {
    setText(next);
    if (writing.editing === null) parley.room(room.id).typing(next !== '');
  };
  return (
    <form className="composer" aria-label="Write a message" onSubmit={submit}>
      {picker.open !== null && <PickerList id={pickerId} picker={picker} />}
      <About room={room} writing={writing} onCancel={() => onWriting(PLAIN)} />
      {plain && <AttachTray list={attaching} />}
      {plain && <DropZone onFiles={attaching.add} />}
      <div className="box">
        {plain && <AttachButton onFiles={attaching.add} />}
        <EmojiButton onPick={picker.insert} />
        <textarea
          ref={box}
          rows={1}
          value={text}
          placeholder={writing.editing === null ? `Message ${room.summary?.kind === 'channel' ? '#' : ''}${name}` : 'Edit message'}
          aria-label={writing.editing === null ? 'Message' : 'Edit message'}
          aria-autocomplete="list"
          aria-controls={picker.open === null ? undefined : pickerId}
          aria-activedescendant={picker.open === null ? undefined : `${pickerId}-${picker.index}`}
          dir="auto"
          onChange={(event) => {
            change(event.target.value);
            picker.look(event.target);
          }}
          onSelect={(event) => picker.look(event.currentTarget)}
          onBlur={picker.close}
          onPaste={(event) => plain && takePasted(event, attaching.add)}
          onKeyDown={onKeyDown}
        />
        <IconButton
          type="submit"
          className="send"
          label={writing.editing === null ? 'Send' : 'Save edit'}
          icon={SendHorizontal}
          disabled={!maySend(text.trim(), left, writing, attaching)}
        />
      </div>
      <Under room={room} left={left} />
    </form>
  );
}

function Under({ room, left }: { room: RoomState; left: number | null }) {
  return (
    <div className="under">
      <TypingLine room={room} />
      {left !== null && <span className={`numbers${left < 0 ? ' over' : ''}`}>{left < 0 ? `${-left} bytes too long` : `${left} bytes left`}</span>}
    </div>
  );
}

/** The box is as high as its text; CSS stops it at a third of the window. */
function useGrowing(box: React.RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome's exhaustive rule is satisfied: the height depends on the text that is drawn.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || text.length < 0) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
    element.style.overflowY = element.scrollHeight > element.clientHeight + 2 ? 'auto' : 'hidden';
  }, [box, text]);
}

/** A keyboard goes on writing after choosing a room, a reply or an edit; on touch the keyboard would cover the room. */
function useFocus(box: React.RefObject<HTMLTextAreaElement | null>, writing: Writing): void {
  const first = useRef(true);
  useEffect(() => {
    const touch = matchMedia('(pointer: coarse)').matches;
    const chosen = writing.editing !== null || writing.replyTo !== null;
    if (first.current ? !touch : chosen) {
      const element = box.current;
      element?.focus({ preventScroll: true });
      element?.setSelectionRange(element.value.length, element.value.length);
    }
    first.current = false;
  }, [box, writing]);
}

/** What is being answered or edited. */
function About({ room, writing, onCancel }: { room: RoomState; writing: Writing; onCancel: () => void }) {
  const target = writing.editing ?? writing.replyTo;
  const message = room.messages.find((one) => one.seq === target);
  const author = useClient((state) => (message === undefined ? '' : personName(state.people, message.author)));
  if (target === null) return null;
  const Icon = writing.editing === null ? Reply : Pencil;
  return (
    <div className="context">
      <Icon size={16} aria-hidden="true" />
      <span className="truncate">
        {writing.editing === null ? (
          <>
            Reply to <b>{author}</b> {saidBy(message?.text ?? '', message?.attachments)}
          </>
        ) : (
          'Editing your message. Esc leaves it as it was.'
        )}
      </span>
      <IconButton label="Cancel" icon={X} onClick={onCancel} />
    </div>
  );
}
