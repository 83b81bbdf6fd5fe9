// What the timeline shows: the room's run, or the pages around a permalink until they reach the run. A hole is never skipped silently.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type MessageView, messageViews } from '../model/message-view.ts';
import { joinPages } from '../model/pages.ts';
import type { Page, RoomState } from '../model/shapes.ts';
import { type Row, timelineRows } from '../model/timeline-rows.ts';
import { useClient, useParley } from '../state/client.tsx';
import { sayProblem } from '../ui/toasts.tsx';

export interface TimelineData {
  readonly rows: readonly Row[];
  readonly bySeq: ReadonlyMap<number, MessageView>;
  /** Older pages stand alone: what is new is not below them. */
  readonly apart: boolean;
  readonly loadOlder: () => void;
  readonly loadNewer: () => void;
}

/** The pages around a permalink that is not in the run; null when the run is enough. */
function usePages(room: RoomState, seq: number | null) {
  const parley = useParley();
  const [page, setPage] = useState<Page | null>(null);
  const handle = useMemo(() => parley.room(room.id), [parley, room.id]);
  const outside = seq !== null && seq <= room.from && room.summary !== null;
  useEffect(() => {
    if (!outside || seq === null) return;
    let current = true;
    handle.around(seq).then((found) => current && setPage((known) => (known === null ? found : (joinPages(known, found) ?? found))), sayProblem);
    return () => {
      current = false;
    };
  }, [handle, outside, seq]);
  const more = useCallback(
    (from: number) => handle.around(from).then((found) => setPage((known) => (known === null ? known : (joinPages(known, found) ?? known)))),
    [handle],
  );
  // Pages are not kept up to date by the state: what changes one of their messages is read again.
  useEffect(
    () =>
      parley.on('event', (event) => {
        const { target } = event.body as { target?: unknown };
        if (event.room === room.id && typeof target === 'number' && page !== null && target > page.from && target <= page.to) more(target).catch(() => {});
      }),
    [parley, room.id, page, more],
  );
  return { page: seq === null ? null : page, more };
}

export function useTimelineData(room: RoomState, seq: number | null, readUpTo: number | null): TimelineData {
  const parley = useParley();
  const outbox = useClient((state) => state.outbox);
  const me = useClient((state) => state.me?.user.id ?? '');
  const { page, more } = usePages(room, seq);
  const loading = useRef(false);
  const apart = page !== null && page.to < room.from;
  const views = useMemo(() => {
    const before = page?.messages.filter((message) => apart || message.seq <= room.from) ?? [];
    return messageViews(apart ? before : [...before, ...room.messages], outbox, room.id, me).filter((view) => !apart || view.seq !== null);
  }, [page, apart, room.from, room.messages, room.id, outbox, me]);
  const rows = useMemo(() => {
    const before = page?.notices.filter((notice) => apart || notice.seq <= room.from) ?? [];
    const beginning = room.summary !== null && !(page?.moreBefore ?? room.more);
    return timelineRows({ views, notices: apart ? before : [...before, ...room.notices], readUpTo, me, beginning });
  }, [views, page, apart, room.from, room.notices, room.more, room.summary, readUpTo, me]);
  const bySeq = useMemo(() => new Map(views.flatMap((view): [number, MessageView][] => (view.seq === null ? [] : [[view.seq, view]]))), [views]);
  const once = (load: () => Promise<unknown>) => {
    if (loading.current) return;
    loading.current = true;
    load().then(
      () => {
        loading.current = false;
      },
      (problem) => {
        loading.current = false;
        sayProblem(problem);
      },
    );
  };
  const loadOlder = () => {
    if (page !== null) page.moreBefore && once(() => more(page.from));
    else if (room.more && room.sync !== 'loading') once(() => parley.room(room.id).loadOlder());
  };
  const loadNewer = () => {
    if (apart && page.moreAfter) once(() => more(page.to));
  };
  return { rows, bySeq, apart, loadOlder, loadNewer };
}
