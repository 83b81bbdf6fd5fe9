// Rows that are not messages: the day, the "new" line, system lines, the beginning of a room, what is still coming.
import { AtSign, Hash, UserPlus, Users } from 'lucide-react';
import { memo, useState } from 'react';
import { personName } from '../model/names.ts';
import type { RoomEvent, RoomState } from '../model/shapes.ts';
import { foldedLine, systemLine } from '../model/system-words.ts';
import { FOLD_FROM } from '../model/timeline-rows.ts';
import { clockTime, dayLabel } from '../model/times.ts';
import { useClient, useKnownPeople } from '../state/client.tsx';
import { go, pathTo } from '../state/router.ts';

export const DayLine = ({ time, now }: { time: number; now: number }) => <h2 className="day">{dayLabel(time, now)}</h2>;

export const FreshLine = () => (
  <div className="fresh" data-testid="new-line">
    New
  </div>
);

const usersOf = (events: readonly RoomEvent[]): string[] =>
  events.flatMap((event) => {
    const { user } = event.body as { user?: unknown };
    return typeof user === 'string' ? [user, event.author] : [event.author];
  });

export const SystemLines = memo(function SystemLines({ events }: { events: readonly RoomEvent[] }) {
  const people = useClient((state) => state.people);
  const [open, setOpen] = useState(false);
  useKnownPeople(usersOf(events));
  const nameOf = (id: string) => personName(people, id);
  const lines = events.flatMap((event) => {
    const words = systemLine(event, nameOf);
    return words === null ? [] : [{ seq: event.seq, words, time: event.time }];
  });
  if (lines.length > FOLD_FROM && !open)
    return (
      <p className="system">
        <button type="button" aria-expanded="false" onClick={() => setOpen(true)}>
          {foldedLine(events, nameOf)}
        </button>
      </p>
    );
  return (
    <div className="system">
      {lines.map((line) => (
        <p key={line.seq}>
          {line.words}
          <time className="numbers">{clockTime(line.time)}</time>
        </p>
      ))}
    </div>
  );
});

export function StartOfRoom({ room, name }: { room: RoomState; name: string }) {
  const kind = room.summary?.kind;
  const Icon = kind === 'direct' ? AtSign : kind === 'group' ? Users : Hash;
  const since = room.summary?.history === 'since_join' && (room.summary.floor ?? 0) > 0;
  return (
    <div className="start">
      <span className="emblem">
        <Icon size={24} aria-hidden="true" />
      </span>
      <h2>{kind === 'channel' ? `#${name}` : name}</h2>
      <p>
        {since && 'What was said before you joined is not shown. '}
        {kind === 'direct' && `This is the beginning of your messages with ${name}. Only the two of you can read them.`}
        {kind === 'group' && 'This is the beginning of the group.'}
        {kind === 'channel' && (room.summary?.topic === '' ? 'This is the beginning of the channel.' : room.summary?.topic)}
      </p>
      {kind !== 'direct' && (
        <div className="offers">
          <button type="button" className="button" onClick={() => go(pathTo.detail(room.id, 'people'))}>
            <UserPlus size={16} aria-hidden="true" /> Invite people
          </button>
        </div>
      )}
    </div>
  );
}

const WAITING = ['a', 'b', 'c', 'd', 'e'];

/** Shapes of messages, seen only when the room takes longer than 150 ms. */
export const WaitingRows = () => (
  <div className="waiting-rows" aria-hidden="true">
    {WAITING.map((key) => (
      <div className="waiting-row" key={key}>
        <span className="skeleton" />
        <span className="skeleton" />
        <span className="skeleton" />
      </div>
    ))}
  </div>
);
