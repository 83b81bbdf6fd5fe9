// The middle pane of one room: its header, its timeline, its composer, and what is said aloud for screen readers.
import { useCallback, useEffect, useMemo, useState } from 'react';
import { Composer } from '../composer/composer.tsx';
import { saidBy } from '../files/file-words.ts';
import type { MessageView } from '../model/message-view.ts';
import { personName, roomName } from '../model/names.ts';
import type { Attachment } from '../model/shapes.ts';
import { useClient, useParley, useRoom } from '../state/client.tsx';
import { rememberRoom } from '../state/last-room.ts';
import type { Detail } from '../state/router.ts';
import { preloadMarkdown } from '../timeline/message-words.tsx';
import { Timeline } from '../timeline/timeline.tsx';
import { NotMine } from './not-mine.tsx';
import { RoomHeader } from './room-header.tsx';

interface RoomPaneProps {
  readonly room: string;
  readonly seq: number | null;
  readonly detail: Detail | null;
}

/** What the composer is about, beside a plain new message. */
export interface Writing {
  readonly replyTo: number | null;
  readonly editing: number | null;
}

export function RoomPane({ room: id, seq, detail }: RoomPaneProps) {
  const parley = useParley();
  const room = useRoom(id);
  const status = useClient((state) => state.status);
  const [writing, setWriting] = useState<Writing>(() => ({ replyTo: parley.state.rooms.get(id)?.draft.replyTo ?? null, editing: null }));
  const known = room !== undefined;
  useEffect(() => {
    if (!known) return;
    rememberRoom(id);
    // A failure shows as the connection bar; the SDK opens it again when it is back.
    parley
      .room(id)
      .open()
      .catch(() => {});
  }, [parley, id, known]);
  useEffect(preloadMarkdown, []);
  const reply = useCallback((view: MessageView) => setWriting({ replyTo: view.seq, editing: null }), []);
  const edit = useCallback((view: MessageView) => setWriting({ replyTo: null, editing: view.seq }), []);
  if (room === undefined) return <NotMine room={id} waiting={status === 'connecting'} />;
  return (
    <>
      <RoomHeader room={room} detail={detail} />
      <Timeline room={room} seq={seq} editing={writing.editing} onReply={reply} onEdit={edit} />
      <Composer room={room} writing={writing} onWriting={setWriting} />
      <Announcer room={id} />
    </>
  );
}

/** New messages of the open room, one at a time and politely. The list itself is silent: scrolling must not talk. */
function Announcer({ room }: { room: string }) {
  const parley = useParley();
  const [last, setLast] = useState<{ readonly author: string; readonly text: string } | null>(null);
  const name = useClient((state) => (last === null ? '' : personName(state.people, last.author)));
  useEffect(
    () =>
      parley.on('event', (event) => {
        if (event.room !== room || event.type !== 'message.posted' || event.author === parley.state.me?.user.id) return;
        const { text, attachments } = event.body as { text: string | null; attachments?: readonly Attachment[] };
        if (text !== null) setLast({ author: event.author, text: saidBy(text, attachments) });
      }),
    [parley, room],
  );
  return (
    <div className="only-heard" aria-live="polite" data-testid="announcer">
      {last !== null && name !== '…' && `${name}: ${last.text}`}
    </div>
  );
}

/** The room's name as the pages say it. */
export function useRoomName(id: string): string {
  const room = useRoom(id);
  const people = useClient((state) => state.people);
  const me = useClient((state) => state.me?.user.id ?? '');
  return useMemo(() => (room === undefined ? '…' : roomName(room, people, me)), [room, people, me]);
}
