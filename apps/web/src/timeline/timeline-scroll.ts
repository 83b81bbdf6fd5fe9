// Where the timeline stands: it opens where reading stopped, follows its end, stays put when older pages come, and is remembered per room.
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { RoomState } from '../model/shapes.ts';
import type { Row } from '../model/timeline-rows.ts';
import type { TimelineData } from './timeline-data.ts';

/** Still "at the end" when the last line is this near. */
const END_PX = 48;
/** Older pages are asked for when fewer rows than this are above. */
const OLDER_ROWS = 12;
const FLASH_MS = 2_400;
/** What stays visible above a row that was jumped to. */
const ABOVE_PX = 72;

interface Remembered {
  readonly sizes: VirtualItem[];
  readonly offset: number;
  /** The mark when it was left: read further elsewhere, the room opens where reading stopped. */
  readonly mark: number;
}
/** Rooms that were left while scrolled up. */
const remembered = new Map<string, Remembered>();

const guess = (row: Row | undefined): number => {
  if (row === undefined) return 24;
  const extra = (row.day === null ? 0 : 39) + (row.fresh ? 24 : 0);
  if (row.kind === 'start') return 200;
  if (row.kind === 'system') return 28 + extra;
  return extra + (row.head ? 54 : 24) + Math.floor((row.view.text?.length ?? 0) / 95) * 22 + (row.view.replyTo === null ? 0 : 23);
};

interface ScrollInput {
  readonly room: RoomState;
  readonly seq: number | null;
  readonly data: TimelineData;
  readonly onAtEnd: (atEnd: boolean) => void;
}

function useFlash() {
  const [flash, setFlash] = useState<string | null>(null);
  useEffect(() => {
    if (flash === null) return;
    const timer = setTimeout(() => setFlash(null), FLASH_MS);
    return () => clearTimeout(timer);
  }, [flash]);
  return { flash, setFlash };
}

/** Asks for more as one comes near an end of what is loaded. */
function useMorePages(data: TimelineData, settled: boolean, items: readonly VirtualItem[]): void {
  const count = data.rows.length;
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (count === 0 || !settled) return;
    if (first < OLDER_ROWS) data.loadOlder();
    if (last > count - OLDER_ROWS) data.loadNewer();
  });
}

/** Keeps where the room is left. The list is let go of before that runs, so `place` says what the last scroll said. */
function useRemembering(room: string, place: () => Remembered | null): void {
  const latest = useRef(place);
  latest.current = place;
  useEffect(
    () => () => {
      const left = latest.current();
      if (left === null) remembered.delete(room);
      else remembered.set(room, left);
    },
    [room],
  );
}

/** The window, the composer and the connection bar change the list's height: who was at the end stays there. */
function useStayingAtEnd(ref: RefObject<HTMLDivElement | null>, atEnd: RefObject<boolean>): void {
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref, atEnd]);
}

/** A jump goes to an index and corrects itself as rows are measured; pages that came meanwhile would move its target. */
const SETTLE_MS = 250;

function useSettled(): { readonly settled: boolean; readonly unsettle: () => void } {
  const [jumps, setJumps] = useState(0);
  const [settledAt, setSettledAt] = useState(0);
  useEffect(() => {
    if (jumps === 0) return;
    const timer = setTimeout(() => setSettledAt(jumps), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [jumps]);
  const unsettle = useCallback(() => setJumps((count) => count + 1), []);
  return { settled: settledAt === jumps, unsettle };
}

interface AimInput {
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly rows: readonly Row[];
  readonly virtualizer: ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>;
  readonly flash: string | null;
}

/**
 * The row of the last jump, while it flashes. The list finds its way by index, over several frames: when older rows come before it
 * meanwhile, it would end at another message, so it is sent again. Whoever scrolls is let go.
 */
function useAim({ ref, rows, virtualizer, flash }: AimInput) {
  const aim = useRef<{ readonly key: string; readonly index: number } | null>(null);
  useLayoutEffect(() => {
    if (aim.current === null) return;
    const { key, index: before } = aim.current;
    const index = rows.findIndex((row) => row.key === key);
    if (index < 0 || index === before) return;
    aim.current = { key, index };
    virtualizer.scrollToIndex(index, { align: 'center' });
  }, [rows, virtualizer]);
  useEffect(() => {
    if (flash === null) aim.current = null;
  }, [flash]);
  useEffect(() => {
    const element = ref.current;
    const letGo = () => {
      aim.current = null;
    };
    const ways = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const;
    for (const way of ways) element?.addEventListener(way, letGo, { passive: true });
    return () => {
      for (const way of ways) element?.removeEventListener(way, letGo);
    };
  }, [ref]);
  return aim;
}

/** The row of a message, or of the first one after it. */
const indexOfSeq = (rows: readonly Row[], seq: number): number =>
  rows.findIndex((row) => row.kind === 'message' && row.view.seq !== null && row.view.seq >= seq);

export function useTimelineScroll({ room, seq, data, onAtEnd }: ScrollInput) {
  const { rows } = data;
  const ref = useRef<HTMLDivElement>(null);
  const [saved] = useState(() => {
    const left = seq === null ? remembered.get(room.id) : undefined;
    return left?.mark === room.read.seq ? left : undefined;
  });
  const { flash, setFlash } = useFlash();
  const { settled, unsettle } = useSettled();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => ref.current,
    estimateSize: (index) => guess(rows[index]),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 10,
    anchorTo: 'end',
    followOnAppend: seq === null,
    scrollEndThreshold: END_PX,
    paddingStart: 8,
    paddingEnd: 14,
    scrollPaddingStart: ABOVE_PX,
    ...(saved === undefined ? {} : { initialMeasurementsCache: saved.sizes, initialOffset: saved.offset }),
  });
  const mark = room.read.seq;
  const latest = useRef({ rows, virtualizer, mark });
  latest.current = { rows, virtualizer, mark };

  const atEnd = useRef(true);
  const offset = useRef(0);
  const look = useCallback(() => {
    const element = ref.current;
    if (element === null) return;
    offset.current = element.scrollTop;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < END_PX;
    onAtEnd(atEnd.current);
  }, [onAtEnd]);
  useStayingAtEnd(ref, atEnd);

  const aim = useAim({ ref, rows, virtualizer, flash });
  const jumpTo = useCallback(
    (to: number): boolean => {
      const { rows: now, virtualizer: list } = latest.current;
      const index = indexOfSeq(now, to);
      const row = now[index];
      if (row === undefined) return false;
      unsettle();
      aim.current = { key: row.key, index };
      list.scrollToIndex(index, { align: 'center' });
      setFlash(row.key);
      return true;
    },
    [setFlash, unsettle, aim],
  );

  usePlacing({ room, seq, data, saved: saved !== undefined, virtualizer, jumpTo, look, unsettle });
  useRemembering(room.id, () =>
    atEnd.current ? null : { sizes: latest.current.virtualizer.takeSnapshot(), offset: offset.current, mark: latest.current.mark },
  );

  const items = virtualizer.getVirtualItems();
  useMorePages(data, settled, items);
  return {
    ref,
    items,
    height: virtualizer.getTotalSize(),
    top: items[0]?.start ?? 0,
    firstVisible: virtualizer.range?.startIndex ?? 0,
    measure: virtualizer.measureElement,
    flash,
    jumpTo,
    onScroll: look,
    toEnd: () => virtualizer.scrollToEnd({ behavior: 'auto' }),
    toIndex: (index: number) => virtualizer.scrollToIndex(index, { align: 'auto' }),
  };
}

interface Placing extends Omit<ScrollInput, 'onAtEnd'> {
  readonly saved: boolean;
  readonly virtualizer: ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>;
  readonly jumpTo: (seq: number) => boolean;
  readonly look: () => void;
  readonly unsettle: () => void;
}

/** The first place when the rows are there, and the place of a permalink each time that it changes. */
function usePlacing({ room, seq, data, saved, virtualizer, jumpTo, look, unsettle }: Placing): void {
  const placed = useRef<number | 'end' | null>(saved ? 'end' : null);
  const { rows } = data;
  const own = rows.at(-1);
  const lastOwn = own?.kind === 'message' && own.view.pending?.what === 'post' ? own.key : null;
  useLayoutEffect(() => {
    if (rows.length === 0 || room.summary === null) return;
    if (seq !== null) {
      if (placed.current === seq || (seq <= room.from && !data.apart && data.bySeq.get(seq) === undefined)) return;
      if (jumpTo(seq)) placed.current = seq;
    } else if (placed.current !== 'end') {
      const fresh = placed.current === null ? rows.findIndex((row) => row.fresh) : -1;
      placed.current = 'end';
      unsettle();
      if (fresh >= 0) virtualizer.scrollToIndex(fresh, { align: 'start' });
      else virtualizer.scrollToEnd();
    }
    look();
  });
  // What I send is seen, wherever I was reading.
  const sent = useRef(lastOwn);
  useLayoutEffect(() => {
    if (lastOwn !== null && lastOwn !== sent.current) virtualizer.scrollToEnd();
    sent.current = lastOwn;
  }, [lastOwn, virtualizer]);
}
